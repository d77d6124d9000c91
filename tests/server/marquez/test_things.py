"""What clients of Marquez get about datasets, jobs and runs: shapes written by hand from its interface."""

from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.lineage import DatasetName
from tests.server.marquez.scene import (
    AFTER_FIRST,
    FIRST,
    GOING,
    LAKE,
    REPORT,
    SECOND,
    ask,
    columns,
    events,
    segment,
)
from tests.server.serving import api_of

ORDERS = f"/namespaces/{segment(LAKE)}/datasets/{segment('mid/orders')}"
CLEAN = "/namespaces/nightly/jobs/dag.clean"
ORDERS_ID = {"namespace": LAKE, "name": "mid/orders"}
FIELD_Y = {"name": "y", "type": "int", "tags": ["pii"], "description": None}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    catalog = connect("memory:")
    catalog.lineage.ingest(events())
    return catalog


@pytest.fixture(scope="module")
def api(catalog: Catalog) -> TestClient:
    return api_of(catalog)


def without(found: Any, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in keys}


def test_namespaces(api: TestClient) -> None:
    assert ["nightly", LAKE] == [each["name"] for each in ask(api, "/namespaces")["namespaces"]]
    assert {
        "name": LAKE,
        "createdAt": "1970-01-01T00:00:00Z",
        "updatedAt": "1970-01-01T00:00:00Z",
        "ownerName": "anonymous",
        "description": None,
        "isHidden": False,
    } == ask(api, f"/namespaces/{segment(LAKE)}")
    assert [LAKE] == [each["name"] for each in ask(api, "/namespaces", limit=1, offset=1)["namespaces"]]


def test_a_dataset(api: TestClient) -> None:
    found = ask(api, ORDERS)
    assert {
        "id": ORDERS_ID,
        "type": "DB_TABLE",
        "name": "mid/orders",
        "physicalName": "mid/orders",
        "createdAt": "2026-05-01T02:02:00Z",
        "updatedAt": "2026-05-01T02:06:00Z",
        "namespace": LAKE,
        "sourceName": LAKE,
        "fields": [FIELD_Y, {"name": "y2", "type": "int", "tags": [], "description": None}],
        "tags": ["tier:gold"],
        "lastModifiedAt": "2026-05-01T02:06:00Z",
        "lastLifecycleState": None,
        "description": "Orders.",
        "columnLineage": [
            {
                "name": "y",
                "inputFields": [
                    {
                        "namespace": LAKE,
                        "dataset": "raw",
                        "field": "x",
                        "transformationDescription": None,
                        "transformationType": None,
                    }
                ],
                "transformationDescription": None,
                "transformationType": None,
            }
        ],
        "deleted": False,
    } == without(found, "facets", "currentVersion")
    assert columns("y", "y2") == found["facets"]["schema"]
    assert str(UUID(found["currentVersion"])) == found["currentVersion"]


def test_a_dataset_says_what_our_own_operation_says(api: TestClient, catalog: Catalog) -> None:
    [card] = catalog.overview.get_dataset_cards([DatasetName(**ORDERS_ID)])
    assert card.facets == ask(api, ORDERS)["facets"]


def test_a_dataset_as_of_a_time_and_in_a_version(api: TestClient) -> None:
    then, now = ask(api, ORDERS, at=AFTER_FIRST), ask(api, ORDERS)
    assert ([FIELD_Y], "2026-05-01T02:02:00Z") == (then["fields"], then["updatedAt"])
    assert then == ask(api, ORDERS, version=then["currentVersion"])
    assert then == ask(api, ORDERS, version=f"run:{FIRST}")
    assert now["currentVersion"] == ask(api, ORDERS, version=now["currentVersion"])["currentVersion"]
    assert 404 == api.get(ORDERS, params={"at": "2026-05-01T02:01:00Z"}).status_code
    assert 404 == api.get(ORDERS, params={"version": "none"}).status_code
    assert 422 == api.get(ORDERS, params={"version": "none", "at": AFTER_FIRST}).status_code
    assert 422 == api.get(ORDERS, params={"at": "yesterday"}).status_code


def test_a_time_with_a_zone_that_nobody_escaped_is_understood(api: TestClient) -> None:
    assert ask(api, ORDERS, at=AFTER_FIRST) == ask(api, f"{ORDERS}?at=2026-05-01T04:05:00+02:00")


def test_datasets_are_listed_by_position(api: TestClient) -> None:
    path = f"/namespaces/{segment(LAKE)}/datasets"
    found = ask(api, path)
    assert (["mid/orders", "out", "raw"], 3) == (
        [each["name"] for each in found["datasets"]],
        found["totalCount"],
    )
    page = ask(api, path, limit=1, offset=1)
    assert (found["datasets"][1:2], 3) == (page["datasets"], page["totalCount"])
    assert found == ask(api, path, limit=1_000_000)
    assert 2 == ask(api, path, at="2026-05-01T02:02:00Z")["totalCount"]
    assert 404 == api.get("/namespaces/none/datasets").status_code
    assert {"datasets": [], "totalCount": 0} == ask(api, "/namespaces/nightly/datasets")
    for wrong in ({"limit": 0}, {"offset": -1}, {"limit": "x"}, {"offset": 1 << 40}):
        assert 422 == api.get(path, params=wrong).status_code


def test_versions_of_a_dataset(api: TestClient) -> None:
    found = ask(api, f"{ORDERS}/versions")
    assert ([SECOND, FIRST], 2) == (
        [each["createdByRun"]["id"] for each in found["versions"]],
        found["totalCount"],
    )
    old = found["versions"][1]
    version = old["version"]
    assert {
        "id": {**ORDERS_ID, "version": version},
        "type": "DB_TABLE",
        "name": "mid/orders",
        "physicalName": "mid/orders",
        "createdAt": "2026-05-01T02:02:00Z",
        "version": version,
        "namespace": LAKE,
        "sourceName": LAKE,
        "fields": [FIELD_Y],
        "tags": ["tier:gold"],
        "lifecycleState": None,
        "description": "Orders.",
    } == without(old, "facets", "createdByRun")
    assert old == ask(api, f"{ORDERS}/versions/{version}")
    assert old == ask(api, f"{ORDERS}/versions/{segment(f'run:{FIRST}')}")
    assert old["createdByRun"] == ask(api, f"/jobs/runs/{FIRST}")
    assert [old] == ask(api, f"{ORDERS}/versions", limit=1, offset=1)["versions"]
    assert [version] == [
        each["version"] for each in ask(api, f"{ORDERS}/versions", at=AFTER_FIRST)["versions"]
    ]
    assert 404 == api.get(f"{ORDERS}/versions/{UUID(int=0)}").status_code


def test_a_job(api: TestClient) -> None:
    found = ask(api, CLEAN)
    assert {
        "id": {"namespace": "nightly", "name": "dag.clean"},
        "type": "BATCH",
        "name": "dag.clean",
        "simpleName": "dag.clean",
        "parentJobName": None,
        "parentJobUuid": None,
        "createdAt": "2026-05-01T02:01:00Z",
        "updatedAt": "2026-05-01T02:06:00Z",
        "namespace": "nightly",
        "inputs": [{"namespace": LAKE, "name": "raw"}],
        "outputs": [ORDERS_ID],
        "location": "https://git.example/x",
        "description": "Cleans.",
        "labels": [],
        "tags": [],
    } == without(found, "facets", "latestRun", "latestRuns", "currentVersion")
    assert (SECOND, [SECOND, FIRST]) == (found["latestRun"]["id"], [run["id"] for run in found["latestRuns"]])
    assert found["latestRun"]["jobVersion"]["version"] == found["currentVersion"]


def test_a_job_as_of_a_time(api: TestClient) -> None:
    then = ask(api, CLEAN, at="2026-05-01T02:01:30Z")
    assert ("RUNNING", None, []) == (
        then["latestRun"]["state"],
        then["latestRun"]["endedAt"],
        then["outputs"],
    )
    assert 404 == api.get(CLEAN, params={"at": "2026-05-01T02:00:00Z"}).status_code


def test_jobs_are_listed_with_their_latest_runs(api: TestClient) -> None:
    found = ask(api, "/jobs")
    assert [("dag.clean", SECOND), ("report", GOING)] == [
        (job["name"], job["latestRun"]["id"]) for job in found["jobs"]
    ]
    assert found == ask(api, "/namespaces/nightly/jobs")
    running = ask(api, "/jobs?lastRunStates=RUNNING&lastRunStates=FAILED")
    assert (["report"], 1) == ([job["name"] for job in running["jobs"]], running["totalCount"])
    assert [GOING] == [run["id"] for run in running["jobs"][0]["latestRuns"]]
    assert ["report"] == [job["name"] for job in ask(api, "/jobs", limit=1, offset=1)["jobs"]]
    assert 422 == api.get("/jobs?lastRunStates=SLEEPING").status_code


def test_a_run(api: TestClient) -> None:
    found = ask(api, f"/jobs/runs/{FIRST}")
    [written] = found["outputDatasetVersions"]
    assert {
        "id": FIRST,
        "createdAt": "2026-05-01T02:01:00Z",
        "updatedAt": "2026-05-01T02:02:00Z",
        "nominalStartTime": "2026-05-01T00:00:00Z",
        "nominalEndTime": None,
        "state": "COMPLETED",
        "startedAt": "2026-05-01T02:01:00Z",
        "endedAt": "2026-05-01T02:02:00Z",
        "durationMs": 60000,
        "args": {},
        "inputVersions": [],
        "inputDatasetVersions": [],
        "outputVersions": [written["datasetVersionId"]],
        "context": {},
    } == without(found, "facets", "jobVersion", "outputDatasetVersions")
    assert columns("y") == written["facets"]["schema"]
    assert {"namespace": "nightly", "name": "dag.clean"} == without(found["jobVersion"], "version")
    assert 404 == api.get(f"/jobs/runs/{UUID(int=99)}").status_code
    assert 422 == api.get("/jobs/runs/none").status_code


def test_a_run_names_the_very_versions_that_it_read(api: TestClient) -> None:
    read = {run: ask(api, f"/jobs/runs/{run}")["inputVersions"] for run in (REPORT, GOING)}
    versions = [each["id"] for each in ask(api, f"{ORDERS}/versions")["versions"]]
    assert {REPORT: versions[1:], GOING: versions[:1]} == read


def test_facets_of_a_run_and_of_its_job(api: TestClient) -> None:
    of_run, of_job = (ask(api, f"/jobs/runs/{FIRST}/facets", type=kind) for kind in ("run", "job"))
    assert (FIRST, {"nominalTime"}) == (of_run["runId"], set(of_run["facets"]))
    assert {"sourceCodeLocation", "documentation"} == set(of_job["facets"])
    assert 422 == api.get(f"/jobs/runs/{FIRST}/facets?type=dataset").status_code


def test_runs_of_a_job(api: TestClient) -> None:
    path = "/namespaces/nightly/jobs/report/runs"
    found = ask(api, path)
    assert ([GOING, REPORT], 2) == ([run["id"] for run in found["runs"]], found["totalCount"])
    assert found["runs"][1:] == ask(api, path, offset=1)["runs"]
    assert 404 == api.get("/namespaces/nightly/jobs/none/runs").status_code


def test_versions_of_a_job(api: TestClient) -> None:
    found = ask(api, f"{CLEAN}/versions")
    assert [SECOND, FIRST] == [each["latestRun"]["id"] for each in found["versions"]]
    old = found["versions"][1]
    assert old == ask(api, f"{CLEAN}/versions/{old['version']}") == ask(api, CLEAN, version=old["version"])
    assert [{"namespace": LAKE, "name": "raw"}] == old["inputs"]
    assert 404 == api.get(f"{CLEAN}/versions/none").status_code


def test_sources_and_tags(api: TestClient) -> None:
    [source] = ask(api, "/sources")["sources"]
    assert ("S3", LAKE, LAKE) == (source["type"], source["name"], source["connectionUrl"])
    assert source == ask(api, f"/sources/{segment(LAKE)}")
    assert 404 == api.get("/sources/none").status_code
    tags = [{"name": "pii", "description": None}, {"name": "tier:gold", "description": None}]
    assert tags == ask(api, "/tags")["tags"]
    assert tags[1:] == ask(api, "/tags", limit=5, offset=1)["tags"]
