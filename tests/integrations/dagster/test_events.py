"""What the integration tells of Dagster's runs, as events."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from lineageflow_dagster import LineageFlowIOManager, LineageFlowResource, PublishPolicy
from lineageflow_dagster.naming import step_run_id
from lineageflow_dagster.transaction import RunTransaction

from lineageflow_core import Repository, connect
from lineageflow_core.errors import RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.emitted import assert_all_are_valid
from tests.integrations.dagster.conftest import IN_PROCESS, PROCESSES, Shop
from tests.integrations.dagster.inspected import inspected_job, named_job, observed_job
from tests.integrations.dagster.lake import QUIET
from tests.integrations.dagster.shop import ALL_DAYS, shop_job
from tests.server.serving import TOKEN, served

EXECUTIONS = [
    pytest.param(IN_PROCESS, id="in process"),
    pytest.param(PROCESSES, id="processes", marks=pytest.mark.slow),
]


def run_facets(shop: Shop, run_id: str) -> dict[str, Any]:
    return dict(shop.catalog.jobs.get_run_facets(RunId(run_id)).facets)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_every_event_of_runs_that_succeed_and_fail_is_valid(shop: Shop, execution: dict[str, Any]) -> None:
    assert shop.run(shop_job, tags=ALL_DAYS, execution=execution).success
    failing = {"summary": {"fails": "always"}}
    assert not shop.run(shop_job, tags=ALL_DAYS, ops=failing, execution=execution).success
    assert shop.run(inspected_job, execution=execution).success
    assert shop.run(named_job, tags={"dagster/partition": "mon"}, execution=execution).success
    assert {EventType.START, EventType.COMPLETE, EventType.FAIL} <= assert_all_are_valid(shop.catalog)


def test_each_attempt_at_a_step_is_a_run_with_its_own_end(shop: Shop, tmp_path: Path) -> None:
    trouble = {"fails": "once", "marker": str(tmp_path / "marker")}
    result = shop.run(shop_job, ops={"summary": trouble}, tags=ALL_DAYS)
    first, second = (step_run_id(result.run_id, "summary", attempt) for attempt in (0, 1))
    states = [shop.catalog.lineage.get_run(each).run.state for each in (first, second)]
    assert [RunState.FAILED, RunState.COMPLETED] == states
    assert "this fails once" in run_facets(shop, first)["errorMessage"]["message"]
    assert "errorMessage" not in run_facets(shop, second)
    for each in (first, second):
        parent = run_facets(shop, each)["parent"]
        assert (result.run_id, "shop") == (parent["run"]["runId"], parent["job"]["name"])
        assert result.run_id == parent["root"]["run"]["runId"]


def test_a_run_that_repeats_another_comes_after_it(shop: Shop) -> None:
    failed = shop.run(inspected_job, ops={"orders": {"amounts": [-1]}})
    again = shop.run(
        inspected_job,
        ops={"orders": {"amounts": [-1]}},
        again=dg.ReexecutionOptions.from_failure(failed.run_id, shop.instance),
    )
    (before,) = run_facets(shop, again.run_id)["jobDependencies"]["upstream"]
    assert (failed.run_id, "inspected") == (before["run"]["runId"], before["job"]["name"])
    told = shop.catalog.lineage.get_run(RunId(again.run_id)).run
    assert told.parent is None
    assert failed.run_id == told.params["dagster/root_run_id"]


def test_a_run_of_a_backfill_says_of_which(shop: Shop) -> None:
    tags = {"dagster/backfill": "qwerty", "dagster/partition": "mon"}
    result = shop.run(named_job, tags=tags)
    params = shop.catalog.lineage.get_run(RunId(result.run_id)).run.params
    assert tags.items() <= params.items()


def test_partitions_are_told_as_subsets(shop: Shop) -> None:
    result = shop.run(named_job, tags={"dagster/partition": "mon"})
    said = shop.catalog.jobs.get_run_facets(step_run_id(result.run_id, "names", 0))
    (written,) = said.writes
    condition = written.facets["subset"]["outputCondition"]
    assert ["mon"] == [each["identifier"] for each in condition["partitions"]]


def test_what_an_observation_looked_at_is_lineage_at_its_exact_version(shop: Shop) -> None:
    shop.repository.write("weather", pd.DataFrame({"rain": [1]}))
    result = shop.run(observed_job)
    assert result.success
    (read,) = shop.catalog.lineage.get_run(RunId(result.run_id)).reads
    assert ("weather", shop.datasets("main")["weather"]) == (read.version.name, read.version.version)


@pytest.mark.parametrize("outbox_is", ["a folder", "a file"])
def test_a_step_succeeds_where_nobody_can_be_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbox_is: str
) -> None:
    outbox = tmp_path / "outbox"
    if outbox_is == "a file":
        outbox.write_text("a file, where a folder should be")
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(outbox))
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", TOKEN)

    @dg.asset
    def orders() -> int:
        return 1

    def deaf(app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if "/lineage" in scope.get("path", "") and scope.get("method") == "POST":
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            await app(scope, receive, send)

        return answer

    lake = connect(str(tmp_path / "lake"))
    with dg.DagsterInstance.ephemeral() as instance, served(lake, around=deaf) as address:
        resource = LineageFlowResource(lake=address, repository="shop")
        result = dg.materialize(
            [orders],
            resources={
                "io_manager": LineageFlowIOManager(lineageflow=resource),
                "lineageflow": resource,
            },
            instance=instance,
            run_config=QUIET,
        )
        messages = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert result.success
    assert b"1\n" == Repository(lake, "shop").read_bytes("orders/data.json")
    if outbox_is == "a folder":
        assert any(files for _, _, files in os.walk(outbox))
    else:
        assert any("lineage of run" in message and "is lost" in message for message in messages)


def test_lineage_shows_what_a_run_did_not_get_made(shop: Shop) -> None:
    failed = shop.run(shop_job, ops={"summary": {"fails": "always"}}, tags=ALL_DAYS)
    stopped = shop.run(shop_job, ops={"orders": {"amount": -5}}, tags=ALL_DAYS)
    for result, attempt, state in ((failed, 1, RunState.FAILED), (stopped, 0, RunState.ABORTED)):
        step = shop.catalog.lineage.get_run(step_run_id(result.run_id, "summary", attempt))
        assert state is step.run.state
        (planned,) = step.writes
        assert ("summary", None) == (planned.version.name, planned.version.version)
    assert "it was not begun" == step.run.error
    assert_all_are_valid(shop.catalog)


def test_what_was_planned_is_known_by_partition_and_only_if_it_is_kept_in_the_lake(shop: Shop) -> None:
    def planned(key: str, partition: str | None) -> None:
        data = AssetMaterializationPlannedData(dg.AssetKey(key), partition=partition)
        event = DagsterEvent.build_asset_materialization_planned_event("shop", key, data)
        shop.instance.report_dagster_event(event, run.run_id)

    run = shop.instance.add_run(dg.DagsterRun(job_name="shop"))
    planned("orders", "mon")
    planned("orders", "wed/thu")
    planned("elsewhere", None)
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    transaction = RunTransaction(
        lake,
        run,
        instance=shop.instance,
        policy=PublishPolicy(),
        resumes=False,
        kept={dg.AssetKey("orders")},
    )
    transaction.begin()
    transaction.discard("the machine is gone")
    said = shop.catalog.jobs.get_run_facets(step_run_id(run.run_id, "orders", 0))
    (orders,) = said.writes
    partitions = orders.facets["subset"]["outputCondition"]["partitions"]
    assert ["mon", "wed%2Fthu"] == [each["identifier"] for each in partitions]
    with pytest.raises(RunNotFoundError):
        shop.catalog.lineage.get_run(step_run_id(run.run_id, "elsewhere", 0))
