"""Events of others are read as leniently as JSON can be, and replied to as the specification has it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.wire.codec import encode
from lineageflow_core.wire.events import MAX_DEPTH, decode_event, decode_events, reply_to

TEXT = st.text(st.characters(exclude_categories=[])).map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
"""With surrogates that have no partner; those that have one are one character to JSON."""
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda below: st.lists(below) | st.dictionaries(TEXT, below),
)


@given(value=ANY_JSON)
def test_any_json_is_read_as_it_is(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert value == decode_event(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "content, expected",
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": 1}'.encode("utf-16"), {"a": 1}),
        (b'{"a": Infinity, "b": -Infinity}', {"a": float("inf"), "b": float("-inf")}),
        (b'"\\ud800"', "\ud800"),
        (b"1e400", float("inf")),
        (b"1" * 100, int("1" * 100)),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_some_writers_make_of_json_is_read_too(content: bytes, expected: object) -> None:
    assert expected == decode_event(content)


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"a": ', b"\xff\xfe\xff", b"1" * 5000, b"\x80"])
def test_what_is_no_json_to_anybody_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        decode_event(content)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 5000, 200_000])
def test_absurd_nesting_is_refused(levels: int) -> None:
    for begin, end in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(InvalidInputError, match="nested deeper than 200 levels"):
            decode_event(begin * levels + b"1" + end * levels)


def test_as_much_nesting_as_is_allowed_is_read() -> None:
    assert decode_event(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert [{}] * 1000 == decode_event(json.dumps([{}] * 1000).encode())


def test_events_of_a_batch_may_be_nested_as_deeply_as_one() -> None:
    deepest = b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)
    event = b'{"job":%s}' % deepest
    assert 3 == len(decode_events(b"[" + b",".join([event] * 3) + b"]"))
    with pytest.raises(InvalidInputError, match="nested deeper than 200 levels"):
        decode_events(b'[%s,{"job":[%s]}]' % (event, deepest))


def test_more_values_than_any_events_have_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="more than 4000000 values"):
        decode_event(b"[" + b"0," * 4_000_000 + b"0]")


@pytest.mark.parametrize(
    "sent, events",
    [
        ([{"run": {}}, 3], [{"run": {}}, 3]),
        ({"events": [{"run": {}}]}, [{"run": {}}]),
        ({"events": []}, []),
        ({"run": {}}, [{"run": {}}]),
        ({"run": {}, "events": [1]}, [{"run": {}, "events": [1]}]),
        ({"events": 1}, [{"events": 1}]),
        (3, [3]),
    ],
)
def test_a_body_has_one_event_or_many(sent: object, events: list[object]) -> None:
    assert events == decode_events(json.dumps(sent).encode())


def test_the_reply_to_a_batch_tells_what_failed_and_lets_nothing_be_sent_again() -> None:
    receipts = [
        EventReceipt(id="a", is_new=True),
        EventReceipt(id="b", is_new=True, problem="odd"),
        EventReceipt(id="a", is_new=False),
    ]
    reply = json.loads(encode(reply_to(receipts)))
    assert "partial_success" == reply["status"]
    assert {"received": 3, "successful": 2, "failed": 1, "retriable": 0, "non_retriable": 1} == reply[
        "summary"
    ]
    [failed] = reply["failed_events"]
    assert (1, False) == (failed["index"], failed["retriable"])
    assert failed["reason"].startswith("odd (it is kept as event b")


def test_the_reply_to_a_batch_of_good_events_is_success() -> None:
    reply = json.loads(encode(reply_to([EventReceipt(id="a", is_new=True)])))
    assert ("success", []) == (reply["status"], reply["failed_events"])
