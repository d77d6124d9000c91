"""Pictures of lineage, search and events, as clients of Marquez get them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from lineageflow_core.connect import connect
from tests.core.openlineage.scenarios import dataset, event
from tests.server.marquez.scene import (
    AFTER_FIRST,
    FIRST,
    LAKE,
    REPORT,
    SECOND,
    ask,
    columns,
    comes_from,
    edges,
    events,
    segment,
)
from tests.server.serving import api_of

RAW, ORDERS, OUT = (f"dataset:{LAKE}:{name}" for name in ("raw", "mid/orders", "out"))
CLEAN, REPORTING = "job:nightly:dag.clean", "job:nightly:report"
WHOLE = {(RAW, CLEAN), (CLEAN, ORDERS), (ORDERS, REPORTING), (REPORTING, OUT)}


@pytest.fixture(scope="module")
def api() -> TestClient:
    catalog = connect("memory:")
    catalog.lineage.ingest(events())
    return api_of(catalog)


def ids(picture: Any) -> list[str]:
    return [node["id"] for node in picture["graph"]]


def field(dataset: str, name: str) -> str:
    return f"datasetField:{LAKE}:{dataset}:{name}"


def short(picture: Any) -> set[tuple[str, str]]:
    """Returns the edges without what tells versions and runs apart."""
    return {(origin.partition("#")[0], target.partition("#")[0]) for origin, target in edges(picture)}


def test_a_picture_has_datasets_and_jobs_with_edges_at_both_ends(api: TestClient) -> None:
    picture = ask(api, "/lineage", nodeId=ORDERS)
    assert (sorted([RAW, ORDERS, OUT, CLEAN, REPORTING]), WHOLE) == (ids(picture), edges(picture))
    nodes = {node["id"]: node for node in picture["graph"]}
    assert ("DATASET", "JOB") == (nodes[ORDERS]["type"], nodes[CLEAN]["type"])
    path = f"/namespaces/{segment(LAKE)}/datasets/{segment('mid/orders')}"
    assert ask(api, path) == nodes[ORDERS]["data"]
    [job] = [job for job in ask(api, "/jobs")["jobs"] if job["name"] == "report"]
    assert job == nodes[REPORTING]["data"]


def test_a_picture_goes_so_many_jobs_far(api: TestClient) -> None:
    assert {(RAW, CLEAN), (CLEAN, ORDERS)} == edges(ask(api, "/lineage", nodeId=RAW, depth=1))
    assert WHOLE == edges(ask(api, "/lineage", nodeId=RAW, depth=1_000_000))
    assert [RAW] == ids(ask(api, "/lineage", nodeId=RAW, depth=0))
    assert {(RAW, CLEAN), (CLEAN, ORDERS)} == edges(ask(api, "/lineage", nodeId=CLEAN, depth=0))
    assert 422 == api.get("/lineage", params={"nodeId": RAW, "depth": -1}).status_code


def test_a_picture_as_of_a_time_is_that_of_then(api: TestClient) -> None:
    then = ask(api, "/lineage", nodeId=ORDERS, at="2026-05-01T02:03:00Z")
    assert {(RAW, CLEAN), (CLEAN, ORDERS)} == edges(then)
    [orders] = [node["data"] for node in then["graph"] if node["id"] == ORDERS]
    assert ["y"] == [each["name"] for each in orders["fields"]]
    assert 404 == api.get("/lineage", params={"nodeId": OUT, "at": "2026-05-01T02:03:00Z"}).status_code


def test_a_picture_of_a_version_has_the_very_runs_and_versions(api: TestClient) -> None:
    first = ask(api, "/lineage", nodeId=ORDERS, version=f"run:{FIRST}")
    assert WHOLE == short(first)
    runs = {node["data"]["latestRun"]["id"] for node in first["graph"] if node["type"] == "JOB"}
    assert {FIRST, REPORT} == runs
    [version] = [
        node["data"]["currentVersion"] for node in first["graph"] if node["id"].startswith(f"{ORDERS}#")
    ]
    assert first == ask(api, "/lineage", nodeId=f"{ORDERS}#{version}")
    second = ask(api, "/lineage", nodeId=ORDERS, version=f"run:{SECOND}")
    assert not any(node["id"].startswith(OUT) for node in second["graph"])
    both = {"nodeId": ORDERS, "version": version, "at": AFTER_FIRST}
    assert 422 == api.get("/lineage", params=both).status_code
    assert 422 == api.get("/lineage", params={"nodeId": CLEAN, "version": version}).status_code
    assert 404 == api.get("/lineage", params={"nodeId": ORDERS, "version": "none"}).status_code


@pytest.mark.parametrize(
    "node", ["", "none", "dataset:", "dataset:a", "job::", "run:a:b", "datasetField:a:b"]
)
def test_what_is_no_node_is_refused(api: TestClient, node: str) -> None:
    for path in ("/lineage", "/column-lineage"):
        assert 422 == api.get(path, params={"nodeId": node}).status_code


def test_what_nobody_named_is_not_found(api: TestClient) -> None:
    for path in ("/lineage", "/column-lineage"):
        for node in ("dataset:a:b", "job:a:b", "datasetField:a:b:c"):
            assert 404 == api.get(path, params={"nodeId": node}).status_code


def test_names_may_hold_what_divides_a_node_into_parts() -> None:
    catalog = connect("memory:")
    odd = dataset("a:b#c", namespace="x://h:1")
    catalog.lineage.ingest([event("COMPLETE", outputs=[odd], job="j:k#1")])
    api = api_of(catalog)
    for node in ("dataset:x://h:1:a:b#c", "job:nightly:j:k#1"):
        assert {("job:nightly:j:k#1", "dataset:x://h:1:a:b#c")} == edges(ask(api, "/lineage", nodeId=node))


def test_column_lineage_goes_upstream_and_downstream_if_asked(api: TestClient) -> None:
    path, z, y, x = "/column-lineage", field("out", "z"), field("mid/orders", "y"), field("raw", "x")
    assert {(x, y), (y, z)} == edges(ask(api, path, nodeId=f"dataset:{LAKE}:out"))
    assert {(x, y), (y, z)} == edges(ask(api, path, nodeId=REPORTING))
    assert {(x, y)} == edges(ask(api, path, nodeId=y))
    assert {(x, y), (y, z)} == edges(ask(api, path, nodeId=y, withDownstream=True))
    assert {(y, z)} == edges(ask(api, path, nodeId=z, depth=1))
    assert [field("mid/orders", "y"), field("mid/orders", "y2"), x] == ids(ask(api, path, nodeId=ORDERS))
    [node] = [node for node in ask(api, path, nodeId=z)["graph"] if node["id"] == z]
    how = {"transformationDescription": "", "transformationType": "IDENTITY"}
    source = {"namespace": LAKE, "dataset": "mid/orders", "field": "y", **how}
    assert {
        "id": z,
        "type": "DATASET_FIELD",
        "data": {
            "namespace": LAKE,
            "dataset": "out",
            "field": "z",
            "fieldType": "int",
            "inputFields": [source],
            **how,
        },
        "inEdges": [{"origin": y, "destination": z}],
        "outEdges": [],
    } == node


def test_column_lineage_as_of_a_time_and_of_a_version() -> None:
    catalog = connect("memory:")
    runs = [f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2)]
    for minute, (run, source) in enumerate(zip(runs, ("x", "w"), strict=True), start=1):
        out = dataset("b", schema=columns("y"), columnLineage=comes_from("y", "a", source))
        catalog.lineage.ingest(
            [event("COMPLETE", minute, run=run, inputs=[dataset("a", "v1")], outputs=[out])]
        )
    api, y = api_of(catalog), field("b", "y")
    assert {(field("a", "w"), y)} == edges(ask(api, "/column-lineage", nodeId=y))
    assert {(field("a", "x"), y)} == edges(ask(api, "/column-lineage", nodeId=y, at="2026-05-01T02:01:30Z"))
    for query in ({"version": f"run:{runs[0]}"}, {"version": f"run:{runs[0]}", "withDownstream": True}):
        assert {(field("a", "x"), y)} == short(ask(api, "/column-lineage", nodeId=y, **query))


def test_search_finds_datasets_and_jobs_by_a_part_of_their_name(api: TestClient) -> None:
    found = ask(api, "/search", q="R")
    assert {
        "type": "JOB",
        "name": "report",
        "updatedAt": "2026-05-01T02:08:00Z",
        "namespace": "nightly",
        "nodeId": REPORTING,
    } == next(each for each in found["results"] if each["type"] == "JOB")
    assert (["mid/orders", "raw", "report"], 3) == (
        [each["name"] for each in found["results"]],
        found["totalCount"],
    )
    by_time = ask(api, "/search", q="r", sort="update_at")["results"]
    assert ["report", "mid/orders", "raw"] == [each["name"] for each in by_time]
    assert ["report"] == [each["name"] for each in ask(api, "/search", q="r", filter="JOB")["results"]]
    assert 2 == ask(api, "/search", q="r", filter="dataset")["totalCount"]
    assert 1 == len(ask(api, "/search", q="r", limit=1)["results"])
    assert 1 == ask(api, "/search", q="%", namespace=LAKE, after="2026-05-01T02:05:00Z")["totalCount"]
    assert 0 == ask(api, "/search", q="o.*")["totalCount"]
    for wrong in ({}, {"q": "r", "filter": "run"}, {"q": "r", "sort": "size"}):
        assert 422 == api.get("/search", params=wrong).status_code


def test_events_are_listed_by_time(api: TestClient) -> None:
    found = ask(api, "/events/lineage")
    assert (list(reversed(events())), 5) == (found["events"], found["totalCount"])
    assert events()[1:3] == ask(api, "/events/lineage", sortDirection="asc", limit=2, offset=1)["events"]
    some = ask(api, "/events/lineage", after="2026-05-01T02:02:00Z", before="2026-05-01T02:06:00.000+00:00")
    assert (["COMPLETE", "COMPLETE"], 2) == (
        [each["eventType"] for each in some["events"]],
        some["totalCount"],
    )
    for wrong in ({"sortDirection": "up"}, {"before": "x"}, {"kind": "no"}):
        assert 422 == api.get("/events/lineage", params=wrong).status_code


def test_events_about_no_run_are_listed_where_they_are_asked_for() -> None:
    catalog = connect("memory:")
    about_dataset = {"eventTime": "2026-05-01T00:00:00Z", "dataset": dataset("a")}
    catalog.lineage.ingest([about_dataset, event("START")])
    api = api_of(catalog)
    assert [1, 1, 2] == [
        ask(api, "/events/lineage", kind=kind)["totalCount"] for kind in ("run", "dataset", "all")
    ]
