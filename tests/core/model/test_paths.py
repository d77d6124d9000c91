import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, check_path

NEARLY_PATHS = st.text("ab_@./\\ ~-\n\x7f\u00e9e\u0301", max_size=12)


@given(NEARLY_PATHS | st.text(max_size=12))
def test_a_path_is_taken_if_it_breaks_no_rule(text: str) -> None:
    segments = text.split("/")
    is_right = (
        not {"", ".", ".."} & set(segments)
        and not any(unicodedata.category(each) == "Cs" or each < " " or each in "\x7f\\" for each in text)
        and text[0] != "@"
    )
    try:
        taken = check_path(text)
    except InvalidInputError:
        assert not is_right
    else:
        assert is_right
        assert unicodedata.normalize("NFC", text) == taken


@pytest.mark.parametrize("length", [MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES + 1])
def test_a_segment_has_a_longest_length(length: int) -> None:
    path = f"a/{'b' * length}/c"
    if length > MAX_SEGMENT_BYTES:
        with pytest.raises(InvalidInputError, match="segment longer"):
            check_path(path)
    else:
        assert path == check_path(path)


def test_a_path_has_a_longest_length() -> None:
    longest = ("a" * 31 + "/") * (MAX_PATH_BYTES // 32 - 1) + "a" * 32
    assert longest == check_path(longest)
    with pytest.raises(InvalidInputError, match="longer than"):
        check_path("ab" + longest[1:])
