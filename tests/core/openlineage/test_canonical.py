"""Equal events have one digest."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.openlineage.canonical import canonical_json, event_digest

FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.dictionaries(st.text(), FINITE, max_size=5)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(EVENTS)
def test_the_order_of_keys_does_not_matter(event: dict[str, Any]) -> None:
    assert canonical_json(event) == canonical_json(reordered(event))


@given(EVENTS)
def test_canonical_json_reads_back_as_the_event(event: dict[str, Any]) -> None:
    assert event == json.loads(canonical_json(event))


@given(EVENTS, EVENTS)
def test_different_events_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    same_text = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert same_text == (event_digest(canonical_json(one)) == event_digest(canonical_json(other)))


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert b'{"a":[null,null],"b":1.5}' == canonical_json({"b": 1.5, "a": [float("nan"), float("inf")]})


def test_a_digest_is_32_bytes() -> None:
    assert 32 == len(event_digest(canonical_json({})))
