"""What Airflow's own OpenLineage provider tells of a try, with our facets in it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.openlineage.plugins.listener import OpenLineageListener
from lineageflow_airflow.openlineage import FUNCTION, run_facets

from lineageflow_core import Lake
from tests.integrations.airflow.releases import get_listener_manager
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import here, in_block, in_no_block, read, seed, succeeded, write


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that the provider tells all its events to, while it is enabled."""
    file = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(file), "append": True}
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "False")
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "True")
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS", FUNCTION)
    # It would fork this process of tests, with its threads.
    monkeypatch.setattr(OpenLineageListener, "_execute", lambda _, tell, *__, **___: tell())
    listener: Any = OpenLineageListener()  # type: ignore[no-untyped-call]
    manager: Any = get_listener_manager()
    manager.add_listener(listener)
    yield file
    manager.pm.unregister(listener)


def told(events: Path, kind: str) -> dict[str, Any]:
    """Returns the one event of a kind that the provider has told of a task."""
    (event,) = [
        event
        for event in map(json.loads, events.read_text().splitlines())
        if event["eventType"] == kind and event["job"]["name"] == "one.body"
    ]
    return event


def test_the_providers_one_complete_names_the_data_branch_the_commits_and_the_versions(
    lake: Lake, events: Path
) -> None:
    seed(lake, raw="1")

    def body() -> str:
        write("lf://sales/clean", read("lf://sales/raw"))
        return here().key.dag_run.lineage_id

    result = succeeded(run_dag(in_block(body), conf={"lineageflow_into": "next", "lineageflow_ref": "main"}))
    event = told(events, "COMPLETE")
    (said,) = event["run"]["facets"]["lineageflow_data_branch"]["repositories"]
    branch = f"run:{result.returned('body')}"
    assert ("sales", branch, "next", "main") == (
        said["repository"], said["branch"], said["into"], said["base"],
    )  # fmt: skip
    assert lake.refs.resolve("sales", branch).id == said["commits"][-1]
    (clean,) = event["outputs"]
    assert (
        clean["facets"]["version"]["datasetVersion"]
        == lake.objects.get_dataset("sales", branch, "clean").snapshot
    )


def test_a_try_that_fails_and_one_in_no_block_are_told_with_what_they_committed(
    lake: Lake, events: Path
) -> None:
    def body() -> None:
        write("lf://sales/clean", "1")
        raise ValueError("no")

    run_dag(in_no_block(body))
    (said,) = told(events, "FAIL")["run"]["facets"]["lineageflow_data_branch"]["repositories"]
    assert ("sales", "main", [lake.repository("sales").head().id]) == (
        said["repository"], said["branch"], said["commits"],
    )  # fmt: skip


@pytest.mark.usefixtures("lake")
def test_of_a_task_that_used_no_lake_the_provider_tells_nothing_of_ours(events: Path) -> None:
    def body() -> None: ...

    succeeded(run_dag(in_no_block(body)))
    assert "lineageflow_data_branch" not in told(events, "COMPLETE")["run"]["facets"]
    assert {} == run_facets(None, None)
