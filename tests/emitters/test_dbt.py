"""openlineage-dbt with DuckDB: a project of seeds, models and tests, of which one of each goes wrong."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineageflow_core.lake import Lake
from lineageflow_core.model.lineage import Direction, Evidence
from lineageflow_core.model.quality import Outcome
from lineageflow_core.model.run import Run, RunState
from tests.emitters.programs import (
    by_http,
    by_outbox,
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

PROJECT = Path(__file__).parent / "dbt"
WAREHOUSE = "duckdb://shop.duckdb"
MODEL = "shop.main.shop"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a lake was told by dbt."""

    lake: Lake
    run: Run
    steps: dict[str, Run]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Told of `dbt-ol seed`, `run` and `test`, each at its end: what dbt-ol does by itself."""
    folder = _project(tmp_path_factory)
    with receiver(folder / "lake") as (lake, address):
        for command, fails in (("seed", False), ("run", True), ("test", True)):
            _dbt(folder, command, variables=by_http(address), fails=fails)
        yield lake


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Told of `dbt-ol build` while it runs, by our transport."""
    folder = _project(tmp_path_factory)
    with receiver(folder / "lake") as (lake, address):
        command = ("build", "--consume-structured-logs", "--exclude", "test_name:accepted_values")
        _dbt(folder, *command, variables=by_outbox(address, folder / "outbox"), fails=True)
        (run,) = pipelines(lake)
        yield Told(lake=lake, run=run, steps=steps(lake, run))


@pytest.fixture(scope="module")
def models(lake: Lake) -> Told:
    run = pipelines(lake)[1]
    return Told(lake=lake, run=run, steps=steps(lake, run))


def _project(made: pytest.TempPathFactory) -> Path:
    folder = made.mktemp("dbt") / "shop"
    shutil.copytree(PROJECT, folder)
    return folder


def _dbt(folder: Path, *command: str, variables: dict[str, str], fails: bool) -> None:
    run_program(
        "dbt-ol",
        *command,
        folder=folder,
        variables={**variables, "DBT_PROFILES_DIR": ".", "OPENLINEAGE_NAMESPACE": "warehouse"},
        fails=fails,
    )


def sources(told: Told, model: str) -> dict[str, tuple[str | None, Evidence]]:
    return {io.version.name: (io.version.version, io.evidence) for io in reads(told.lake, told.steps[model])}


def test_each_command_is_a_run_with_its_models_as_steps(lake: Lake, models: Told) -> None:
    seeds, run, tests = pipelines(lake)
    assert ["dbt-run-shop"] * 3 == [each.job.name for each in (seeds, run, tests)]
    assert [RunState.COMPLETED, RunState.FAILED, RunState.FAILED] == [
        each.state for each in (seeds, run, tests)
    ]
    assert {
        f"{MODEL}.orders": RunState.COMPLETED,
        f"{MODEL}.revenue": RunState.COMPLETED,
        f"{MODEL}.buyers": RunState.COMPLETED,
        f"{MODEL}.broken": RunState.FAILED,
    } == {job: step.state for job, step in models.steps.items()}
    assert {"dbt"} == set(models.steps[f"{MODEL}.orders"].environment)


def test_all_of_it_is_understood(lake: Lake, build: Told) -> None:
    assert [] == problems(lake) == problems(build.lake)


def test_a_model_is_a_version_that_is_called_after_its_run(models: Told) -> None:
    orders = models.steps[f"{MODEL}.orders"]
    version = written(models.lake, orders)
    assert (WAREHOUSE, "shop.main.orders", f"run:{orders.id}") == (
        version.namespace,
        version.name,
        version.version,
    )
    assert [None] == [io.version.version for io in writes(models.lake, models.steps[f"{MODEL}.broken"])]


def test_a_model_read_what_the_model_before_it_wrote(models: Told) -> None:
    orders = written(models.lake, models.steps[f"{MODEL}.orders"]).version
    assert {
        "shop.main.orders": (orders, Evidence.AS_OF),
        "shop.main.raw_customers": (None, Evidence.UNKNOWN),  # dbt-ol tells of no seeds here
    } == sources(models, f"{MODEL}.revenue")


def test_columns_come_from_where_the_sql_takes_them(models: Told) -> None:
    assert {
        ("customer_id", "shop.main.raw_customers", "id"),
        ("name", "shop.main.raw_customers", "name"),
        ("revenue", "shop.main.orders", "amount"),
    } == columns(models.lake, models.steps[f"{MODEL}.revenue"])


def test_what_only_filters_a_model_fed_it_too(models: Told) -> None:
    orders = written(models.lake, models.steps[f"{MODEL}.orders"])
    buyers = written(models.lake, models.steps[f"{MODEL}.buyers"])
    revenue = written(models.lake, models.steps[f"{MODEL}.revenue"])
    assert {(each.name, each.version) for each in (buyers, revenue)} == traced(
        models.lake, orders, Direction.DOWNSTREAM
    )
    assert (orders.name, orders.version) in traced(models.lake, buyers, Direction.UPSTREAM)


def test_tests_read_the_model_and_say_what_they_found(lake: Lake, models: Told) -> None:
    run = pipelines(lake)[2]
    (test,) = steps(lake, run).values()
    orders = written(lake, models.steps[f"{MODEL}.orders"])
    assert (f"{MODEL}.orders.test", RunState.FAILED) == (test.job.name, test.state)
    assert [orders] == [io.version for io in reads(lake, test)]
    assert [] == writes(lake, test)
    assert {
        "accepted_values": ("amount", Outcome.FAILED),
        "not_null": ("order_id", Outcome.PASSED),
        "unique": ("order_id", Outcome.PASSED),
    } == outcomes(lake, orders)
    assert is_tainted(lake, orders)
    assert is_tainted(lake, written(lake, models.steps[f"{MODEL}.revenue"]))


def test_while_it_runs_seeds_are_versions_too_and_what_was_skipped_is_aborted(build: Told) -> None:
    assert RunState.FAILED is build.run.state
    assert {
        "seed.shop.raw_orders": RunState.COMPLETED,
        "seed.shop.raw_customers": RunState.COMPLETED,
        "model.shop.orders": RunState.COMPLETED,
        "model.shop.revenue": RunState.COMPLETED,
        "model.shop.buyers": RunState.COMPLETED,
        "model.shop.broken": RunState.FAILED,
    } == {job: step.state for job, step in build.steps.items() if not job.startswith("test.")}
    raw, customers, orders = (
        written(build.lake, build.steps[job])
        for job in ("seed.shop.raw_orders", "seed.shop.raw_customers", "model.shop.orders")
    )
    revenue = written(build.lake, build.steps["model.shop.revenue"])
    assert {(each.name, each.version) for each in (raw, customers, orders)} == traced(
        build.lake, revenue, Direction.UPSTREAM
    )


def test_while_it_runs_each_statement_is_a_step_of_its_model(build: Told) -> None:
    statements = steps(build.lake, build.steps["model.shop.orders"])
    assert {"model.shop.orders"} == {job.rpartition(".sql.")[0] for job in statements}
    assert {RunState.COMPLETED} == {step.state for step in statements.values()}
