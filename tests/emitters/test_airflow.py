"""Airflow's own OpenLineage provider: a DAG of tasks that tell what they copied, of which one fails."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core.lake import Lake
from lineageflow_core.model.lineage import Direction, Evidence
from lineageflow_core.model.run import Run, RunState
from tests.emitters.programs import (
    pipelines,
    problems,
    reads,
    receiver,
    run_program,
    steps,
    traced,
    writes,
    written,
)
from tests.server.serving import TOKEN

DAGS = Path(__file__).parent / "airflow"
DATABASE = "postgres://db:5432"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("airflow")
    shutil.copytree(DAGS, folder / "dags")
    with receiver(folder / "lake") as (lake, address):
        transport = {"type": "http", "url": address, "auth": {"type": "api_key", "apiKey": TOKEN}}
        variables = {
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "shop",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        }
        run_program("python", "dags/shop.py", folder=folder, variables=variables)
        yield lake


@pytest.fixture(scope="module")
def run(lake: Lake) -> Run:
    (run,) = pipelines(lake)
    return run


@pytest.fixture(scope="module")
def tasks(lake: Lake, run: Run) -> dict[str, Run]:
    return steps(lake, run)


def test_all_of_it_is_understood(lake: Lake) -> None:
    assert [] == problems(lake)


def test_tasks_are_steps_of_the_dag_s_run(run: Run, tasks: dict[str, Run]) -> None:
    assert ("shop", "shop", RunState.FAILED) == (run.job.namespace, run.job.name, run.state)
    assert {
        "shop.load": RunState.COMPLETED,
        "shop.total": RunState.COMPLETED,
        "shop.publish": RunState.COMPLETED,
        "shop.broken": RunState.FAILED,
    } == {job: task.state for job, task in tasks.items()}
    assert ("boom", "task_failure") == (tasks["shop.broken"].error, run.error)
    assert {"airflow"} == {name for task in tasks.values() for name in task.environment}


def test_a_dag_whose_start_is_not_told_was_going_when_its_first_task_started(
    run: Run, tasks: dict[str, Run]
) -> None:
    assert tasks["shop.load"].started_at == run.started_at


def test_a_task_read_what_the_task_before_it_wrote(lake: Lake, tasks: dict[str, Run]) -> None:
    orders, revenue = (written(lake, tasks[f"shop.{task}"]) for task in ("load", "total"))
    assert (DATABASE, "public.orders", f"run:{tasks['shop.load'].id}") == (
        orders.namespace,
        orders.name,
        orders.version,
    )
    assert [(orders, Evidence.AS_OF)] == [
        (io.version, io.evidence) for io in reads(lake, tasks["shop.total"])
    ]
    assert [revenue] == [io.version for io in reads(lake, tasks["shop.broken"])]
    assert {(orders.name, orders.version)} == traced(lake, revenue, Direction.UPSTREAM)
    assert {(revenue.name, revenue.version)} == traced(lake, orders, Direction.DOWNSTREAM)


def test_a_task_that_failed_wrote_no_version(lake: Lake, tasks: dict[str, Run]) -> None:
    assert [("public.broken", None)] == [
        (io.version.name, io.version.version) for io in writes(lake, tasks["shop.broken"])
    ]


def test_inlets_and_outlets_are_read_and_written(lake: Lake, tasks: dict[str, Run]) -> None:
    report = written(lake, tasks["shop.publish"])
    assert ("file", "/lake/report.csv") == (report.namespace, report.name)
    assert [("file", "/lake/revenue", Evidence.UNKNOWN)] == [
        (io.version.namespace, io.version.name, io.evidence) for io in reads(lake, tasks["shop.publish"])
    ]
