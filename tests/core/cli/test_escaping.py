import json

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.cli.escaping import visible, visible_json
from lineageflow_core.wire.codec import encode


def test_what_steers_a_terminal_is_shown_as_its_escape() -> None:
    assert r"a\x1b[31mb\x9bc\u202ed\te\nf\x7f" == visible("a\x1b[31mb\x9bc\u202ed\te\nf\x7f")


def test_other_text_stays_as_it_is() -> None:
    assert "Größe/数据 🙂 'x' \\" == visible("Größe/数据 🙂 'x' \\")


@given(st.text())
def test_shown_text_is_one_printable_line(text: str) -> None:
    shown = visible(text)
    assert [shown] == (shown.splitlines() or [""])
    assert "\x1b" not in shown


@given(st.dictionaries(st.text(), st.text() | st.none()))
def test_a_document_means_the_same_and_steers_nothing(document: dict[str, str | None]) -> None:
    shown = visible_json(encode(document).decode())
    assert document == json.loads(shown)
    assert visible(shown) == shown
