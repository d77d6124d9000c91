"""A Dagster run as a transaction, through real runs of a real instance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor
from lineageflow_dagster import INTO_TAG, REF_TAG, LineageFlowResource, transaction, with_lineageflow
from lineageflow_dagster.naming import step_run_id
from lineageflow_dagster.reconciliation import reconcile

from lineageflow_core import Repository, connect
from lineageflow_core.errors import ServerUnreachableError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState, Transaction, TransactionState
from tests.integrations.dagster.conftest import PROCESSES, Shop
from tests.integrations.dagster.shop import ALL_DAYS, shop_job
from tests.integrations.dagster.test_reconciliation import LONG_AGO
from tests.server.serving import TOKEN, served

EVERYTHING = {"customers", "orders", "summary", "totals"}


def test_a_run_that_succeeds_is_published_as_one_commit(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(shop_job, tags=ALL_DAYS)
    assert result.success
    head = shop.repository.head()
    assert head.parents[0] == before.id
    assert shop.datasets("main").keys() == EVERYTHING
    assert shop.transaction(result.run_id).state is TransactionState.PUBLISHED
    assert f"published to 'main' as commit {head.id[:8]}" in shop.log(result.run_id)


@pytest.mark.slow
def test_a_run_of_many_processes_is_published_as_one_commit(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(shop_job, tags=ALL_DAYS, execution=PROCESSES)
    assert result.success
    assert shop.repository.head().parents[0] == before.id
    assert shop.datasets("main").keys() == EVERYTHING
    pids = {
        event.engine_event_data.metadata["pid"].value
        for event in result.all_events
        if event.event_type is dg.DagsterEventType.STEP_WORKER_STARTED
    }
    assert len(pids) == 6


def test_a_run_whose_check_fails_publishes_nothing_and_keeps_its_branch(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(shop_job, ops={"orders": {"amount": -5}}, tags=ALL_DAYS)
    assert not result.success
    assert shop.repository.head() == before
    assert shop.transaction(result.run_id).state is TransactionState.DISCARDED
    assert {"orders", "totals"} <= shop.datasets(f"run:{result.run_id}").keys()
    assert "published nothing: steps failed: totals_totals_are_positive" in shop.log(result.run_id)


@pytest.mark.slow
def test_a_run_of_many_processes_with_a_failing_step_publishes_nothing(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(shop_job, ops={"summary": {"fails": "always"}}, tags=ALL_DAYS, execution=PROCESSES)
    assert not result.success
    assert shop.repository.head() == before
    assert shop.transaction(result.run_id).state is TransactionState.DISCARDED


def test_a_step_that_is_tried_again_is_two_runs_and_one_publication(shop: Shop, tmp_path: Path) -> None:
    trouble = {"fails": "once", "marker": str(tmp_path / "marker")}
    result = shop.run(shop_job, ops={"summary": trouble}, tags=ALL_DAYS)
    assert result.success
    first, second = (
        shop.catalog.lineage.get_run(step_run_id(result.run_id, "summary", attempt)).run for attempt in (0, 1)
    )
    assert (first.state, second.state) == (RunState.FAILED, RunState.COMPLETED)
    assert first.error == "ValueError: this fails once"


def test_a_change_of_the_same_dataset_meanwhile_fails_the_run_and_keeps_its_branch_open(shop: Shop) -> None:
    result = shop.run(shop_job, ops={"summary": {"rival": True}}, tags=ALL_DAYS)
    assert not result.success
    assert "MergeConflictError" in shop.failure(result.run_id)
    assert shop.datasets("main").keys() == {"customers"}
    assert shop.transaction(result.run_id).state is TransactionState.OPEN
    assert shop.datasets(f"run:{result.run_id}").keys() == EVERYTHING
    assert shop.catalog.lineage.get_run(RunId(result.run_id)).run.state is RunState.FAILED


def test_going_on_from_a_failure_reads_what_the_failed_run_had_written(shop: Shop, tmp_path: Path) -> None:
    again = shop.fail_and_go_on(tmp_path, ops={"orders": {"amount": 7}})
    assert again.success
    steps = {event.step_key for event in again.get_step_success_events()}
    assert steps == {"summary", "summary_summary_is_small"}
    assert shop.datasets("main").keys() == EVERYTHING
    assert shop.value("summary") == {"amount": 27, "customers": 2}


def test_a_whole_run_that_is_executed_again_starts_from_the_branch(shop: Shop) -> None:
    failed = shop.run(shop_job, ops={"orders": {"amount": -5}}, tags=ALL_DAYS)
    head = shop.repository.head()
    again = shop.run(shop_job, tags=ALL_DAYS, again=dg.ReexecutionOptions(parent_run_id=failed.run_id))
    assert again.success
    assert shop.transaction(again.run_id).base == head.id


def test_a_run_reads_and_publishes_where_its_tags_say(shop: Shop) -> None:
    shop.run(shop_job, ops={"orders": {"amount": 1}}, tags=ALL_DAYS)
    first = shop.repository.head()
    shop.run(shop_job, ops={"orders": {"amount": 2}}, tags=ALL_DAYS)
    second = shop.repository.head()
    shop.repository.branch("replay", base=first.id)
    result = shop.run(
        shop_job, ops={"orders": {"amount": 3}}, tags={**ALL_DAYS, REF_TAG: "main~1", INTO_TAG: "replay"}
    )
    assert result.success
    assert shop.transaction(result.run_id).base == first.id
    assert shop.repository.head("replay").parents[0] == first.id
    assert shop.repository.head() == second


def test_a_run_on_a_branch_publishes_to_that_branch(shop: Shop) -> None:
    shop.repository.branch("trial")
    before = shop.repository.head()
    assert shop.run(shop_job, tags={**ALL_DAYS, REF_TAG: "trial"}).success
    assert shop.datasets("trial").keys() == EVERYTHING
    assert shop.repository.head() == before


def test_a_run_on_a_commit_has_to_say_where_it_publishes(shop: Shop) -> None:
    result = shop.run(shop_job, tags={**ALL_DAYS, REF_TAG: shop.repository.head().id})
    assert not result.success
    assert INTO_TAG in shop.failure(result.run_id)


def test_each_step_is_in_the_lineage_with_what_it_read_and_wrote(shop: Shop) -> None:
    result = shop.run(shop_job, ops={"orders": {"amount": 7}}, tags=ALL_DAYS)
    details = shop.catalog.lineage.get_run(RunId(result.run_id))
    assert details.run.state is RunState.COMPLETED
    assert details.run.job.name == "shop"
    assert {step.job.name for step in details.steps} == {
        f"shop.{step}" for step in (*EVERYTHING, "totals_totals_are_positive", "summary_summary_is_small")
    }
    assert {step.state for step in details.steps} == {RunState.COMPLETED}
    orders = next(step for step in details.steps if step.job.name == "shop.orders")
    assert orders.params == {"amount": "7"}
    assert orders.code is None or orders.code.path == "tests/integrations/dagster/shop.py"
    summary = step_run_id(result.run_id, "summary", 0)
    read = {(io.version.name, io.version.partition) for io in details.reads if io.run_id == summary}
    assert read == {("customers", ""), ("totals", "mon"), ("totals", "tue"), ("totals", "wed%2Fthu")}
    check = step_run_id(result.run_id, "totals_totals_are_positive", 0)
    assert {io.version.name for io in details.reads if io.run_id == check} == {"totals"}
    written = {io.version.version for io in details.writes if io.run_id == summary}
    assert written == {shop.datasets("main")["summary"]}


def test_a_run_whose_executor_gives_up_says_that_it_published_nothing(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(giving_up_job)
    assert not result.success
    assert shop.repository.head() == before
    assert shop.transaction(result.run_id).state is TransactionState.DISCARDED
    assert "published nothing: RuntimeError: no machine is left" in shop.log(result.run_id)


def test_a_run_that_published_nothing_says_so_even_if_the_lake_cannot_be_told(shop: Shop) -> None:
    result = shop.run(giving_up_job, tags={"lake": "gone"})
    assert not result.success
    said = shop.log(result.run_id)
    assert "published nothing: RuntimeError: no machine is left. The lake could not be told: " in said
    assert "RuntimeError: no machine is left" in shop.failure(result.run_id)


def test_a_run_that_cannot_be_published_fails_and_says_what_is_kept_and_how_to_go_on(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", TOKEN)
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path / "outbox"))
    gone = tmp_path / "gone"
    with served(shop.catalog, around=lambda app: Vanishing(app, gone)) as address:
        away = Shop(shop.instance, address, shop.repository)
        result = away.run(giving_up_job, tags={"gone": str(gone)})
        assert not result.success
        said, why = shop.log(result.run_id), shop.failure(result.run_id)
        assert "LineageFlow: this run could not be published: " in said
        assert f"stays at run:{result.run_id} until " in said
        assert f"`lineageflow merge run:{result.run_id} --into main -R shop`" in said
        assert "ServerUnreachableError" in why
        assert {} == shop.datasets("main")
        gone.unlink()
        lake = LineageFlowResource(lake=address, repository="shop")
        assert [] == list(reconcile(shop.instance, lake, ended_after=LONG_AGO))  # it is a person's to decide
        shop.catalog.merging.merge("shop", f"run:{result.run_id}", into="main", author="a person")
        (line,) = reconcile(shop.instance, lake, ended_after=LONG_AGO)
    assert "was merged into 'main'" in line
    assert 1 == len(shop.materializations("one", run_id=result.run_id))


def test_a_run_that_was_published_but_did_not_hear_of_it_is_recorded_later(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> None:
        raise ServerUnreachableError("no whole answer from the lake")

    with monkeypatch.context() as patched:
        patched.setattr(transaction, "record_published", lost)
        result = shop.run(giving_up_job, tags={"gone": str(tmp_path / "gone")})
    assert not result.success
    assert "published to 'main', but Dagster could not be told of it: no whole answer" in shop.log(
        result.run_id
    )
    assert [] == shop.materializations("one")
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    (line,) = reconcile(shop.instance, lake, ended_after=LONG_AGO)
    assert "published to 'main' as commit" in line
    assert 1 == len(shop.materializations("one"))
    assert [] == list(reconcile(shop.instance, lake, ended_after=LONG_AGO))


@pytest.mark.parametrize("lost, told", [(["publish"], "COMPLETED"), (["publish", "begin"], "FAILED")])
def test_a_run_that_was_published_is_told_as_that_although_the_answer_was_lost(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: list[str], told: str
) -> None:
    def state() -> RunState:
        return shop.catalog.lineage.get_run(RunId(result.run_id)).run.state

    with monkeypatch.context() as patched:
        for name in lost:
            losing_its_answer(patched, type(shop.catalog.transactions), name)
        result = shop.run(giving_up_job, tags={"gone": str(tmp_path / "gone")})
    assert not result.success
    assert shop.transaction(result.run_id).state is TransactionState.PUBLISHED
    is_known = "published to 'main', but Dagster could not be told of it" in shop.log(result.run_id)
    assert is_known == ("begin" not in lost)  # or the lake cannot be asked either
    assert RunState[told] is state()
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    assert 1 == len(list(reconcile(shop.instance, lake, ended_after=LONG_AGO)))
    assert 1 == len(shop.materializations("one"))
    assert RunState.COMPLETED is state()


def losing_its_answer(patched: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Has a call do what it does, and then fail, of what is published."""
    does = getattr(owner, name)

    def lost(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer: Transaction = does(self, *args, **kwargs)
        if answer.state is not TransactionState.PUBLISHED:
            return answer
        raise ServerUnreachableError("no whole answer from the lake")

    patched.setattr(owner, name, lost)


class Vanishing:
    """A server that nobody can reach while there is a file."""

    def __init__(self, app: Any, gone: Path) -> None:
        self._app = app
        self._gone = gone

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._gone.exists():
            raise ConnectionError("the network is gone")
        await self._app(scope, receive, send)


class GivingUp(InProcessExecutor):
    """Executes all steps, and then has no machine any more; nor a lake, if the run has the tag `lake`.

    With the tag `gone` it ends well, and the file of that name is there.
    """

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        assert plan_context.executor is self  # executors of Celery ask it for their own settings
        yield from super().execute(plan_context, execution_plan)
        if "gone" in plan_context.dagster_run.tags:
            Path(plan_context.dagster_run.tags["gone"]).touch()
            return
        if "lake" in plan_context.dagster_run.tags:
            lake = plan_context.run_config["resources"]["lineageflow"]["config"]["lake"]
            Repository(connect(lake), "shop").catalog.repositories.delete_repository("shop", author="ada")
        raise RuntimeError("no machine is left")


@dg.executor(name="giving_up")
def giving_up(_context: dg.InitExecutorContext) -> dg.Executor:
    return GivingUp(RetryMode.DISABLED)


@dg.asset
def one() -> int:
    return 1


def giving_up_job() -> dg.JobDefinition:
    project = with_lineageflow(
        dg.Definitions(assets=[one], jobs=[dg.define_asset_job("giving_up_job")], executor=giving_up),
        LineageFlowResource.configure_at_launch(),
    )
    return project.resolve_job_def("giving_up_job")
