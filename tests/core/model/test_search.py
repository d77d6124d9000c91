"""The grammar of searches."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.search import parse_search


@given(st.text("ab*?", min_size=1, max_size=8), st.text("ab", max_size=8))
def test_a_pattern_is_like_what_the_shell_says(pattern: str, value: str) -> None:
    [condition] = parse_search(pattern)
    assert fnmatchcase(value, pattern) == condition.text.matches(value)


def test_many_stars_are_not_tried_in_all_combinations() -> None:
    [condition] = parse_search("*a" * 100 + "z")
    assert not condition.text.matches("a" * 200)  # or this would not end


@pytest.mark.parametrize(
    "text, found", [(r'"a\\"', "a\\"), (r'"say \"hi\""', 'say "hi"'), (r'C:\"a b"', r"c:\a b")]
)
def test_a_quote_ends_where_no_backslash_stands_before_it(text: str, found: str) -> None:
    [condition] = parse_search(f"name:{text}")
    assert found == condition.text.exact


@pytest.mark.parametrize("text", ['"', 'a"b', '"a" "', r'"a\"'])
def test_a_quote_that_is_not_closed_is_told(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not closed"):
        parse_search(text)
