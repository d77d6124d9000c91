"""Refs as people write them."""

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.refs import parse_revision


@pytest.mark.parametrize(
    "text, advice", [("HEAD", "name the branch"), ("HEAD~1", "name the branch"), ("main^", "'main~1'")]
)
def test_words_of_git_are_answered_with_ours(text: str, advice: str) -> None:
    with pytest.raises(InvalidInputError, match=advice):
        parse_revision(text)
