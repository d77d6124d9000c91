"""Events on their way in: what is said about those that are not as the specification has them."""

import json
from datetime import UTC, datetime
from sys import getrefcount
from typing import Any

import pytest

from lineageflow_core.model.event import EventKind
from lineageflow_core.openlineage.received import receive, receive_again
from tests.core.openlineage.scenarios import dataset, event, parent_facet

NOW = datetime(2026, 5, 1, tzinfo=UTC)
STATIC = {
    "eventTime": "2026-05-01T02:00:00Z",
    "producer": "https://example.org/producer",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}


def said(raw: object) -> tuple[str | None, str | None]:
    """Returns the problem and the warning of an event."""
    stored = receive(raw, at=NOW).stored
    return stored.problem, stored.warning


@pytest.mark.parametrize(
    "good",
    [
        event("START", inputs=[dataset("a")], run_facets=parent_facet()),
        {**STATIC, "dataset": dataset("a")},
        {**STATIC, "job": {"namespace": "n", "name": "a"}, "inputs": [dataset("a")]},
    ],
)
def test_nothing_is_said_of_an_event_as_it_should_be(good: dict[str, Any]) -> None:
    assert (None, None) == said(good)


@pytest.mark.parametrize(
    "odd, warning",
    [
        (event("START", time="2026-05-01T02:00:00"), "no time zone"),
        (event("START", time="2026-05-01T02:00:00.123456789Z"), "finer than a microsecond"),
        (event("START", run="run_id"), "'run_id' is no UUID"),
        (event(None), "eventType is missing"),
        (event("start"), "not in capitals"),
        ({**event("START"), "schemaURL": None}, "schemaURL is missing"),
        ({**event("START"), "producer": "me"}, "producer is no URI"),
        ({**STATIC, "dataset": dataset("a"), "job": {"namespace": "n", "name": "a"}}, "names no job"),
    ],
)
def test_what_producers_do_and_may_not_is_understood_with_a_warning(odd: Any, warning: str) -> None:
    problem, warned = said(odd)
    assert problem is None
    assert warning in (warned or "")


@pytest.mark.parametrize(
    "odd, problem",
    [
        ([], "not list"),
        (None, "not NoneType"),
        ({}, "run.runId is missing"),
        ({**STATIC, "dataset": {}}, "dataset[0] has no namespace and name"),
        ({**STATIC, "dataset": 7}, "dataset[0] has no namespace and name"),
        ({**STATIC, "job": {"namespace": "n", "name": ""}}, "job.name are missing"),
        ({**STATIC, "eventTime": None, "dataset": dataset("a")}, "eventTime 'None' is not a time"),
        (event("START", time="yesterday"), "is not a time"),
        ({**event("START"), "inputs": [{}] * 10_000}, "inputs[0] has no namespace and name"),
        ({**event("START"), "inputs": {"\ud800": 1}}, "inputs is not a list"),
    ],
)
def test_what_cannot_be_understood_is_told_in_a_text_that_can_be_stored(odd: Any, problem: str) -> None:
    told, _ = said(odd)
    assert problem in (told or "")
    assert len((told or "").encode()) < 3000


@pytest.mark.parametrize(
    "raw, kind",
    [
        (event("START"), EventKind.RUN),
        ({"dataset": {}, "job": {}}, EventKind.DATASET),
        ({"job": {}}, EventKind.JOB),
        ({"jobs": {}}, EventKind.UNKNOWN),
        (["run"], EventKind.UNKNOWN),
        ("run", EventKind.UNKNOWN),
    ],
)
def test_an_event_is_of_one_kind(raw: object, kind: EventKind) -> None:
    assert kind is receive(raw, at=NOW).stored.kind


def test_an_event_that_was_read_is_not_read_again() -> None:
    once = receive(event("START"), at=NOW)
    assert once is receive(once, at=NOW)


def test_what_an_event_was_read_from_is_not_kept_as_thousands_may_wait() -> None:
    raw = event("START", inputs=[dataset("a")], run_facets=parent_facet())
    parts = (raw, raw["run"], raw["run"]["facets"], raw["inputs"][0])
    before = [getrefcount(part) for part in parts]
    once = receive(raw, at=NOW)
    assert before == [getrefcount(part) for part in parts]
    assert raw == json.loads(once.stored.body)


@pytest.mark.parametrize("raw", [event("START", run_facets=parent_facet()), {"a": {1}}, ["\ud800"], {}])
def test_a_stored_event_read_again_is_what_it_was(raw: object) -> None:
    once = receive(raw, at=NOW)
    again = receive_again(once.stored)
    assert (once.stored.digest, once.stored.body, once.said) == (
        again.stored.digest,
        again.stored.body,
        again.said,
    )
