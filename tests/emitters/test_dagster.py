"""dagster-openlineage, in its two ways: around the storage of Dagster's events, and as a sensor."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lineageflow_core.lake import Lake
from lineageflow_core.model.lineage import Direction, Evidence
from lineageflow_core.model.quality import Outcome
from lineageflow_core.model.run import Run, RunState
from tests.emitters.programs import (
    by_http,
    columns,
    is_tainted,
    outcomes,
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

DEFINITIONS = Path(__file__).parent / "dagster"
ASSETS = ("orders", "marts/revenue", "broken")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Told of a job that fails, twice, and of one day, by the storage."""
    folder = tmp_path_factory.mktemp("dagster")
    config = {"base_dir": str(folder / "history")}
    wrapped = {
        "module": "dagster._core.storage.event_log",
        "class": "SqliteEventLogStorage",
        "config": config,
    }
    storage = {
        "module": "dagster_openlineage",
        "class": "OpenLineageEventLogStorage",
        "config": {"wrapped": wrapped, "namespace": "shop", "timeout": 60.0},
    }
    with receiver(folder / "lake") as (lake, address):
        variables = _home(folder, storage) | by_http(address)
        run_program("python", "tell.py", folder=folder, variables=variables)
        yield lake


@pytest.fixture(scope="module")
def sensed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Told of the same by the sensor."""
    folder = tmp_path_factory.mktemp("dagster")
    storage = {
        "module": "dagster._core.storage.event_log",
        "class": "ConsolidatedSqliteEventLogStorage",  # the sensor cannot read Dagster's default
        "config": {"base_dir": str(folder / "history")},
    }
    with receiver(folder / "lake") as (lake, address):
        variables = _home(folder, storage) | by_http(address) | {"OPENLINEAGE_NAMESPACE": "shop"}
        run_program("python", "tell.py", "sensor", folder=folder, variables=variables)
        yield lake


def _home(folder: Path, storage: Mapping[str, object]) -> dict[str, str]:
    shutil.copytree(DEFINITIONS, folder, dirs_exist_ok=True)
    instance = {"telemetry": {"enabled": False}, "event_log_storage": storage}
    (folder / "dagster.yaml").write_text(json.dumps(instance))  # JSON is YAML
    return {"DAGSTER_HOME": str(folder)}


def asset(lake: Lake, run: Run, name: str) -> Run:
    """Returns the run of an asset: by its job, which is the asset's key with dots in place of slashes."""
    return steps(lake, run)[name]


def test_all_of_it_is_understood(lake: Lake, sensed: Lake) -> None:
    assert [] == problems(lake) == problems(sensed)


def test_each_asset_and_its_checks_are_steps_of_the_dagster_run(lake: Lake) -> None:
    first, second, one_day = pipelines(lake)
    expected = {
        "orders": RunState.COMPLETED,
        "marts/revenue": RunState.COMPLETED,
        "orders__checks": RunState.COMPLETED,
        "broken": RunState.FAILED,
    }
    for run in (first, second):
        assert expected == {job: step.state for job, step in steps(lake, run).items()}
    assert {"daily": RunState.COMPLETED} == {job: step.state for job, step in steps(lake, one_day).items()}


def test_the_storage_says_nothing_of_the_dagster_run_itself(lake: Lake) -> None:
    assert {("shop", "dagster", RunState.RUNNING)} == {
        (run.job.namespace, run.job.name, run.state) for run in pipelines(lake)
    }


def test_an_asset_that_was_materialized_is_a_version_and_one_that_failed_is_none(lake: Lake) -> None:
    run = pipelines(lake)[0]
    orders = asset(lake, run, "orders")
    version = written(lake, orders)
    assert ("shop", "orders", f"run:{orders.id}") == (version.namespace, version.name, version.version)
    assert [None] == [io.version.version for io in writes(lake, asset(lake, run, "broken"))]


def test_an_asset_read_what_its_own_dagster_run_had_made(lake: Lake) -> None:
    for run in pipelines(lake)[:2]:
        orders = written(lake, asset(lake, run, "orders"))
        revenue, checks = asset(lake, run, "marts/revenue"), asset(lake, run, "orders__checks")
        for reader in (revenue, checks):
            assert [(orders, Evidence.AS_OF)] == [(io.version, io.evidence) for io in reads(lake, reader)]
        assert {("total", "orders", "amount")} == columns(lake, revenue)
        made = written(lake, revenue)
        assert {(orders.name, orders.version)} == traced(lake, made, Direction.UPSTREAM)
        assert {(made.name, made.version)} == traced(lake, orders, Direction.DOWNSTREAM)


def test_a_check_that_failed_taints_the_asset_and_what_came_of_it(lake: Lake) -> None:
    run = pipelines(lake)[0]
    orders = written(lake, asset(lake, run, "orders"))
    assert {"no_refunds": (None, Outcome.FAILED)} == outcomes(lake, orders)
    assert is_tainted(lake, orders)
    assert is_tainted(lake, written(lake, asset(lake, run, "marts/revenue")))


def test_an_asset_has_the_columns_that_it_says(lake: Lake) -> None:
    versions = lake.datasets.list_dataset_versions("shop", "orders").items
    assert [["id", "amount"]] * 2 == [[column.name for column in each.columns or ()] for each in versions]


def test_a_dependency_without_columns_is_not_told(lake: Lake) -> None:
    daily = asset(lake, pipelines(lake)[2], "daily")
    assert [] == reads(lake, daily)
    assert "" == written(lake, daily).partition


def test_the_sensor_tells_of_the_dagster_run_and_of_its_steps_beside_the_assets(sensed: Lake) -> None:
    run, _, one_day = pipelines(sensed)
    assert ("everything", RunState.FAILED) == (run.job.name, run.state)
    assert ("one_day", RunState.COMPLETED) == (one_day.job.name, one_day.state)
    assert run.started_at is not None
    assert run.ended_at is not None
    assert {
        "orders": RunState.COMPLETED,
        "everything.orders": RunState.COMPLETED,
        "marts/revenue": RunState.COMPLETED,
        "everything.marts__revenue": RunState.COMPLETED,
        "orders__checks": RunState.COMPLETED,
        "everything.orders_no_refunds": RunState.COMPLETED,
        "broken": RunState.FAILED,
        "everything.broken": RunState.FAILED,
    } == {job: step.state for job, step in steps(sensed, run).items()}
    orders = written(sensed, asset(sensed, run, "orders"))
    assert [orders] == [io.version for io in reads(sensed, asset(sensed, run, "marts/revenue"))]
