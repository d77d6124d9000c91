"""Events as producers post them: taken whatever they are, and answered so that none is lost."""

import gzip
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from tests.core.openlineage.scenarios import RUN, event
from tests.core.wire.test_events import ANY_JSON, TEXT
from tests.server.serving import TOKEN, api_of

ONE, MANY = "/lineage", "/lineage/batch"
STATIC = {
    "eventTime": "2026-05-01T02:00:00Z",
    "producer": "https://example.org/producer",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}


@pytest.fixture
def lake() -> Catalog:
    return connect("memory:")


@pytest.fixture
def api(lake: Catalog) -> TestClient:
    return api_of(lake)


def bodies(lake: Catalog) -> list[Any]:
    """Returns all events of the log, in the order in which they came."""
    return [json.loads(each.body) for each in reversed(lake.events.list_events().items)]


def test_an_event_is_stored_and_its_receipt_given(api: TestClient, lake: Catalog) -> None:
    answers = [api.post(ONE, json=event("START")) for _ in range(2)]
    assert [201, 201] == [answer.status_code for answer in answers]
    assert [0, 1] == [answer.json()["duplicates"] for answer in answers]
    [receipt] = answers[0].json()["receipts"]
    assert RUN == lake.events.get_event(receipt["id"]).run_id


def test_events_about_datasets_and_jobs_are_stored_too(api: TestClient, lake: Catalog) -> None:
    named = {"namespace": "n", "name": "a"}
    for sent in ({**STATIC, "dataset": named}, {**STATIC, "job": named, "inputs": [named]}):
        assert () == tuple(api.post(ONE, json=sent).json()["problems"])
    assert [EventKind.JOB, EventKind.DATASET] == [each.kind for each in lake.events.list_events().items]


@pytest.mark.parametrize("wrap", [list, lambda events: {"events": events}], ids=["list", "events"])
def test_many_events_come_as_a_list_or_under_events(
    api: TestClient, lake: Catalog, wrap: Callable[[list[Any]], Any]
) -> None:
    events: list[Any] = [event("START"), event("COMPLETE", 1)]
    answer = api.post(MANY, json=wrap(events))
    summary = {"received": 2, "successful": 2, "failed": 0, "retriable": 0, "non_retriable": 0}
    assert (200, {"status": "success", "summary": summary, "failed_events": []}) == (
        answer.status_code,
        answer.json(),
    )
    assert events == bodies(lake)
    assert RunState.COMPLETED is lake.lineage.get_run(RUN).run.state


def test_of_a_batch_all_is_stored_and_what_has_a_problem_is_told_once(api: TestClient, lake: Catalog) -> None:
    events = [event("START"), {"odd": 1}, 7, event("COMPLETE", 1)]
    answer = api.post(MANY, json=events)
    assert (200, "partial_success", 4, 2) == (
        answer.status_code,
        answer.json()["status"],
        answer.json()["summary"]["received"],
        answer.json()["summary"]["non_retriable"],
    )
    assert [(1, False), (2, False)] == [
        (each["index"], each["retriable"]) for each in answer.json()["failed_events"]
    ]
    assert events == bodies(lake)


def test_an_empty_batch_is_no_error(api: TestClient) -> None:
    assert ("success", 0) == (
        api.post(MANY, json=[]).json()["status"],
        api.post(MANY, json={"events": []}).json()["summary"]["received"],
    )


@pytest.mark.parametrize("path", [ONE, MANY])
def test_a_body_may_be_gzip(api: TestClient, lake: Catalog, path: str) -> None:
    content = gzip.compress(json.dumps(event("START")).encode())
    assert api.post(path, content=content, headers={"Content-Encoding": "gzip"}).is_success
    assert [event("START")] == bodies(lake)


def test_a_body_may_be_gzip_in_several_streams(api: TestClient, lake: Catalog) -> None:
    text = json.dumps(event("START")).encode()
    content = gzip.compress(text[:50]) + gzip.compress(text[50:])
    headers = {"Content-Encoding": "gzip"}
    assert 201 == api.post(ONE, content=content, headers=headers).status_code
    assert [event("START")] == bodies(lake)
    for wrong in (content[:-9], content + b"x"):
        assert 422 == api.post(ONE, content=wrong, headers=headers).status_code


def test_a_bomb_of_gzip_is_refused(lake: Catalog) -> None:
    api = api_of(lake, Settings(token=TOKEN, max_body=1000))
    bomb = gzip.compress(b"[" + b"0," * 10_000 + b"0]")
    streams = gzip.compress(b"[" + b" " * 800) * 9
    for packed in (bomb, streams):
        assert 413 == api.post(MANY, content=packed, headers={"Content-Encoding": "gzip"}).status_code
    assert 413 == api.post(ONE, content=b"[" + b"0," * 10_000 + b"0]").status_code
    assert [] == bodies(lake)


def test_a_batch_of_too_many_events_is_refused_with_how_many_may_come(lake: Catalog) -> None:
    api = api_of(lake, Settings(token=TOKEN, max_batch=2))
    refused = api.post(MANY, json=[{}, {}, {}])
    assert (413, "these are 3 events; a request may bring 2: send them in parts") == (
        refused.status_code,
        refused.json()["detail"],
    )
    assert 200 == api.post(MANY, json=[{}, {"a": 1}]).status_code


@pytest.mark.parametrize("content", [b"", b"event", b"[" * 100_000, b'{"a":' * 250 + b"1" + b"}" * 250])
@pytest.mark.parametrize("path", [ONE, MANY])
def test_what_is_no_json_or_absurd_is_refused(
    api: TestClient, lake: Catalog, path: str, content: bytes
) -> None:
    answer = api.post(path, content=content)
    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "this " in answer.json()["detail"]
    assert [] == bodies(lake)


@pytest.fixture(scope="module")
def shared() -> tuple[Catalog, TestClient]:
    """One lake for all examples: they are told apart by their receipts."""
    lake = connect("memory:")
    return lake, api_of(lake)


def kept(shared: tuple[Catalog, TestClient], value: Any) -> Any:
    """Posts an event, and returns it as it is in the log."""
    lake, api = shared
    answer = api.post(ONE, content=json.dumps([value]).encode())
    assert 201 == answer.status_code
    [receipt] = answer.json()["receipts"]
    return json.loads(lake.events.get_event(receipt["id"]).body)


@given(
    value=ANY_JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "eventType": ANY_JSON,
            "eventTime": ANY_JSON,
            "run": ANY_JSON,
            "job": ANY_JSON,
            "dataset": ANY_JSON,
            "inputs": st.lists(ANY_JSON) | ANY_JSON,
            "producer": ANY_JSON,
        },
    )
)
def test_any_json_is_stored_word_for_word(shared: tuple[Catalog, TestClient], value: Any) -> None:
    assert value == kept(shared, value)


@given(facets=st.dictionaries(TEXT, ANY_JSON), datasets=st.lists(ANY_JSON))
def test_any_facets_of_a_run_are_stored_word_for_word(
    shared: tuple[Catalog, TestClient], facets: dict[str, Any], datasets: list[Any]
) -> None:
    run_id = str(uuid4())
    odd = event("START", run=run_id, run_facets=facets, job_facets=facets, inputs=datasets)
    assert odd == kept(shared, odd)
    assert RunState.RUNNING is shared[0].lineage.get_run(RunId(run_id)).run.state


def test_numbers_that_json_does_not_have_count_as_null(api: TestClient, lake: Catalog) -> None:
    odd = event("START", run_facets={"statistics": {"mean": float("nan"), "max": float("inf")}})
    assert 201 == api.post(ONE, content=json.dumps(odd).encode()).status_code
    [stored] = bodies(lake)
    assert {"mean": None, "max": None} == stored["run"]["facets"]["statistics"]


def test_what_our_clients_hand_in_goes_the_same_way(api: TestClient, lake: Catalog) -> None:
    events: list[Any] = [event("START"), {"odd": str(uuid4())}]
    answer = api.post("/lineage/events", json={"events": events})
    assert (2, 1) == (answer.json()["received"], len(answer.json()["problems"]))
    assert events == bodies(lake)


def test_events_are_not_taken_from_who_is_not_known(lake: Catalog) -> None:
    api = api_of(lake)
    api.headers["Authorization"] = "Bearer another token"
    assert [401, 401] == [api.post(path, json=[]).status_code for path in (ONE, MANY)]


def test_the_log_is_listed_over_http(api: TestClient) -> None:
    api.post(MANY, json=[event("START"), {"odd": 1}])
    listed: httpx2.Response = api.get("/lineage/events", params={"with_problems": "true"})
    [odd] = listed.json()["items"]
    assert {"odd": 1} == json.loads(odd["body"])
