"""A DAG run as a transaction, where tasks are processes that can be killed."""

from pathlib import Path

import pytest

from lineageflow_core import Lake
from tests.integrations.airflow.deployed.deployment import Airflow
from tests.integrations.waiting import until

pytestmark = pytest.mark.slow


def test_findings_4_7_and_8_a_killed_task_publishes_nothing_and_clearing_what_failed_goes_on(
    lake: Lake, airflow: Airflow, tmp_path: Path
) -> None:
    mill = lake.repository("mill").create()
    closed = tmp_path / "closed"
    closed.touch()
    run_id = airflow.trigger("mill", conf={"closed": str(closed)})
    until(lambda: closed.with_suffix(".written").exists() or None, "the task has written a half")
    airflow.kill("mill", run_id, "sift")
    assert "failed" == airflow.ended("mill", run_id)
    assert {"grind": "success", "sift": "failed", "publish_mill": "upstream_failed"} == airflow.states(
        "mill", run_id
    )
    assert (set(), []) == (on_main(lake), airflow.events("mill", run_id))
    closed.unlink()
    airflow.command("tasks", "clear", "--yes", "--only-failed", "mill")
    assert "success" == airflow.ended("mill", run_id)
    assert {"grind": 1, "sift": 2, "publish_mill": 1} == {
        name: task["try_number"] for name, task in airflow.tasks("mill", run_id).items()
    }
    assert {"flour/ground", "flour/sifted"} == on_main(lake)
    (event,) = airflow.events("mill", run_id)
    assert ("lf://mill/flour", mill.head().id) == (event.uri, event.extra["lineageflow"]["commit"])


def on_main(lake: Lake) -> set[str]:
    return {entry.path for entry in lake.objects.list_objects("mill", "main").items}
