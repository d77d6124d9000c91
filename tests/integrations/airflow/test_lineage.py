"""What lineage tools are told of a task: what it read and wrote, at exact versions, and what it declares."""

import json
import os
from typing import Any

import pandas as pd
import pytest
from airflow.providers.openlineage.utils.utils import translate_airflow_asset
from airflow.sdk import DAG, Asset, ObjectStoragePath, task
from lineageflow_airflow.listener import before_stopping, on_task_instance_success
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet

import lineageflow_core.run.telling
from lineageflow_core import Lake
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from tests.integrations.airflow.releases import AirflowSkipException
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import (
    here,
    in_block,
    in_no_block,
    read,
    seed,
    snapshot,
    succeeded,
    told,
    write,
)

RAW = Asset("lf://sales/raw")
CLEAN = Asset("lf://sales/clean")
FILE = Asset(uri="file:///mail/box", name="file")
MAIL = Asset(uri="s3://mail/box", name="mail")


def reported(collected: Any) -> dict[str, Any]:
    """What was reported by us, and what it says of the version, by URI."""
    return {
        each.asset.uri: each.asset.extra.get("lineageflow")
        for each in collected
        if not isinstance(each.context, ObjectStoragePath)
    }


def by_read_text() -> None:
    ObjectStoragePath("lf://sales/raw").read_text()


def by_lines() -> None:
    with ObjectStoragePath("lf://sales/raw").open("rb") as file:  # type: ignore[no-untyped-call]
        for _ in file:
            pass


def by_pandas() -> None:
    pd.read_csv("lf://sales/raw")


@pytest.mark.parametrize("way", [by_read_text, by_lines, by_pandas])
def test_finding_2_reads_and_writes_are_reported_however_the_file_was_opened(way: Any, lake: Lake) -> None:
    commit = seed(lake, raw="1").head().id

    def body() -> None:
        way()
        ObjectStoragePath("lf://sales/clean").write_text("2")

    collected = succeeded(run_dag(in_no_block(body))).lineage["body"]
    read_at = {"repository": "sales", "commit": commit, "ref": None, "snapshot": snapshot(lake, "raw")["raw"]}
    wrote = {
        "repository": "sales",
        "commit": lake.repository("sales").head().id,
        "ref": "main",
        "snapshot": snapshot(lake, "clean")["clean"],
    }
    assert {"lf://sales/raw": read_at} == reported(collected.inputs)
    assert {"lf://sales/clean": wrote} == reported(collected.outputs)


def test_finding_5_the_version_of_an_outlet_is_in_its_event_when_a_hook_after_the_task_says_it(
    lake: Lake,
) -> None:
    commit = seed(lake, clean="1").head().id
    version = {"repository": "sales", "branch": "main", "commit": commit}

    def tell(context: Any, _result: Any = None) -> None:
        context["outlet_events"][CLEAN].extra = {"lineageflow": version}

    with DAG("tells", schedule=None) as dag:

        @task(outlets=[CLEAN], post_execute=tell)
        def body() -> None: ...

        body()
    result = succeeded(run_dag(dag))
    assert [("lf://sales/clean", {"lineageflow": version})] == [
        (event.uri, event.extra) for event in result.events
    ]
    assert {"lf://sales/clean": version} == reported(result.lineage["body"].outputs)


def test_finding_6_what_is_reported_is_the_commit_that_the_task_saw_and_not_the_one_there_is_afterwards(
    lake: Lake,
) -> None:
    commit = seed(lake, raw="1").head().id

    def body() -> None:
        read("lf://sales/raw")
        seed(lake, raw="2")

    collected = succeeded(run_dag(in_no_block(body))).lineage["body"]
    assert [commit] == [told["commit"] for told in reported(collected.inputs).values()]


def test_finding_9_what_a_task_declares_is_reported_with_what_it_did(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> None:
        read("lf://sales/raw")
        write("lf://sales/other", "2")

    collected = succeeded(run_dag(in_no_block(body, inlets=[RAW, MAIL], outlets=[CLEAN, MAIL]))).lineage[
        "body"
    ]
    assert ["lf://sales/raw", "s3://mail/box"] == list(reported(collected.inputs))
    assert {"lf://sales/other", "lf://sales/clean", "s3://mail/box"} == set(reported(collected.outputs))


def test_a_task_that_does_nothing_with_a_lake_is_left_to_what_it_declares() -> None:
    collected = succeeded(run_dag(in_no_block(lambda: None, task_id="body", outlets=[CLEAN]))).lineage["body"]
    assert [] == collected.outputs


@pytest.mark.usefixtures("lake")
def test_finding_10_datasets_are_reported_and_not_their_files() -> None:
    def body() -> None:
        for day in range(110):
            path = ObjectStoragePath(f"lf://sales/days/day={day}/part-0")
            with path.open("w") as file:  # type: ignore[no-untyped-call]
                file.write(str(day))

    collected = succeeded(run_dag(in_block(body))).lineage["body"]
    assert ["lf://sales/days"] == list(reported(collected.outputs))


def test_events_of_the_openlineage_provider_and_ours_name_the_same_version(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> str:
        read("lf://sales/raw")
        return here().key.lineage_id

    result = succeeded(run_dag(in_no_block(body)))
    (collected,) = result.lineage["body"].inputs
    dataset = translate_airflow_asset(collected.asset, collected.context)
    assert dataset is not None
    assert dataset.facets is not None
    facet = dataset.facets["version"]
    assert isinstance(facet, DatasetVersionDatasetFacet)
    (io,) = lake.lineage.get_run(result.returned("body")).reads
    assert (io.version.namespace, io.version.name) == (dataset.namespace, dataset.name)
    assert io.version.version == facet.datasetVersion


def states(lake: Lake) -> dict[str, RunState]:
    return {run.job.name: run.state for run in lake.lineage.list_runs().items} | {
        run.job.name: run.state
        for pipeline in lake.lineage.list_runs().items
        for run in lake.lineage.list_runs(parent=pipeline.id).items
    }


def test_without_the_openlineage_provider_we_tell_how_a_try_ends(lake: Lake) -> None:
    seed(lake, raw="1")

    def good() -> None:
        read("lf://sales/raw")

    def bad() -> None:
        read("lf://sales/raw")
        raise ValueError("no")

    def skipped() -> None:
        read("lf://sales/raw")
        raise AirflowSkipException

    for body in (good, bad, skipped):
        run_dag(in_block(body))
    assert {
        "one": RunState.RUNNING,
        "one.good": RunState.COMPLETED,
        "one.bad": RunState.FAILED,
        "one.skipped": RunState.ABORTED,
    } == states(lake)


@pytest.mark.usefixtures("without_haste")
def test_a_commit_that_others_see_is_told_at_once(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> list[str]:
        write("lf://sales/clean", read("lf://sales/raw"))
        run_id = here().key.lineage_id
        return [run_id, *told(lake, run_id)[1]]

    run_id, *written = succeeded(run_dag(in_no_block(body))).returned("body")
    assert ["clean"] == written
    assert ["COMPLETE", "RUNNING", "START"] == types_of_events(lake, run_id)


@pytest.mark.usefixtures("without_haste")
def test_what_a_try_has_read_is_told_before_it_is_published(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> list[str]:
        write("lf://sales/clean", read("lf://sales/raw"))
        here().publish()
        return types_of_events(lake, here().key.lineage_id)

    assert ["RUNNING", "START"] == succeeded(run_dag(in_block(body))).returned("body")


@pytest.fixture
def without_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets events wait for as long as a busy machine may take to come to the end of a try."""
    monkeypatch.setattr(lineageflow_core.run.telling, "LONGEST_SECONDS", 600)


def types_of_events(lake: Lake, run_id: str) -> list[str]:
    events = lake.events.list_events(run_id=RunId(run_id)).items
    return sorted(json.loads(event.body)["eventType"] for event in events)


def test_where_the_openlineage_provider_tells_the_lake_we_never_tell_a_second_end(
    served_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(served_lake, raw="1")
    point_the_provider_at_the_lake(monkeypatch)

    def body() -> str:
        write("lf://sales/clean", read("lf://sales/raw"))
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_block(body))).returned("body")
    assert RunState.RUNNING is served_lake.lineage.get_run(run_id).run.state
    assert {"RUNNING"} == set(types_of_events(served_lake, run_id))


def test_with_the_openlineage_provider_a_try_has_one_end_and_its_versions_in_the_same_run(
    served_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.openlineage.plugins.listener import OpenLineageListener

    listener = pytest.importorskip("airflow.sdk.listener")  # Airflow 3.1 has another one

    seed(served_lake, raw="1")
    point_the_provider_at_the_lake(monkeypatch)
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "True")
    provider, manager = OpenLineageListener(), listener.get_listener_manager()  # type: ignore[no-untyped-call]

    def body() -> str:
        write("lf://sales/clean", read("lf://sales/raw"))
        return here().key.lineage_id

    manager.add_listener(provider)
    try:
        run_id = succeeded(run_dag(in_no_block(body, inlets=[FILE]))).returned("body")
    finally:
        manager.pm.unregister(provider)
    events = [json.loads(event.body) for event in served_lake.events.list_events(run_id=run_id).items]
    (end,) = (event for event in events if event["eventType"] == "COMPLETE")
    assert "OpenLineage" in end["producer"] or "airflow" in end["producer"]
    assert {("lf://sales", "raw"), ("file", "/mail/box")} == {
        (each["namespace"], each["name"]) for each in end["inputs"]
    }
    (clean,) = end["outputs"]
    assert snapshot(served_lake, "clean") == {clean["name"]: clean["facets"]["version"]["datasetVersion"]}
    reads, writes = told(served_lake, run_id)
    assert snapshot(served_lake, "clean") == writes
    assert snapshot(served_lake, "raw")["raw"] == reads["raw"]
    assert RunState.COMPLETED is served_lake.lineage.get_run(run_id).run.state


def point_the_provider_at_the_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.loads(os.environ["AIRFLOW_CONN_LINEAGEFLOW_DEFAULT"])
    auth = {"type": "api_key", "apiKey": said["password"]}
    transport = {"type": "http", "url": said["host"], "auth": auth}
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "False")
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))


def test_a_row_of_the_database_whose_state_a_person_sets_is_none_of_our_business() -> None:
    class Row:
        id = "1"

    on_task_instance_success(Row())


def test_what_a_try_did_before_it_goes_on_in_another_process_is_told(lake: Lake) -> None:
    seed(lake, raw="1")

    class TaskRunnerMarker: ...

    def body() -> str:
        read("lf://sales/raw")
        before_stopping(TaskRunnerMarker())
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_no_block(body))).returned("body")
    assert snapshot(lake, "raw") == told(lake, run_id)[0]
