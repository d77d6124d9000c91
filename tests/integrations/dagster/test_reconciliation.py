"""What becomes of runs whose process did not live to say it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from lineageflow_dagster import (
    CHECKS_TAG,
    INTO_TAG,
    PUBLISH_TAG,
    LineageFlowResource,
    build_reconciliation_sensor,
    transaction,
    with_lineageflow,
)
from lineageflow_dagster.internals import write_note
from lineageflow_dagster.reconciliation import reconcile

from lineageflow_core import RunSession
from lineageflow_core.errors import ServerUnreachableError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Side
from lineageflow_core.model.run import RunState, TransactionState
from tests.integrations.dagster.conftest import IN_PROCESS, Shop, open_shop
from tests.integrations.dagster.shop import ALL_DAYS, shop_job

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SPAWNED: Mapping[str, Any] = {"multiprocess": {}}


def lake_of(shop: Shop) -> LineageFlowResource:
    return LineageFlowResource(lake=shop.lake, repository="shop")


def bring_in(shop: Shop, result: dg.JobExecutionResult) -> None:
    """Merges what a run wrote, whatever the branch has by now, as a person does."""
    shop.catalog.merging.merge(
        "shop", f"run:{result.run_id}", into="main", author="a person", strategy=Side.THEIRS
    )


def only_run(shop: Shop) -> dg.DagsterRun:
    (run,) = shop.instance.get_runs()
    return run


def wait_until(happened: Callable[[], bool], *, seconds: float = 120) -> None:
    for _ in range(int(seconds * 20)):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def killed(folder: Path, how: str, *, when: Callable[[], bool]) -> None:
    """Starts a run in a process of its own, and kills that, unless it does so itself."""
    process = subprocess.Popen([sys.executable, "-m", __name__, str(folder), how])
    try:
        wait_until(lambda: when() or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_a_step_that_outlives_its_run_writes_nothing_once_the_run_is_closed(
    shop: Shop, tmp_path: Path
) -> None:
    before = shop.repository.head()
    killed(tmp_path, "hangs", when=(tmp_path / "marker").exists)
    run = only_run(shop)
    assert list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)) == []
    shop.instance.report_run_failed(run)  # as Dagster's run monitoring does

    (line,) = reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)
    assert "the process of the run ended before it could publish" in line
    assert shop.transaction(run.run_id).state is TransactionState.DISCARDED
    assert shop.catalog.lineage.get_run(run.run_id).run.state is RunState.FAILED  # type: ignore[arg-type]
    written = shop.datasets(f"run:{run.run_id}")

    (tmp_path / "marker.go").touch()  # and the orphan goes on
    wait_until(lambda: "TransactionClosedError" in failures(shop, run.run_id))
    assert "is discarded" in failures(shop, run.run_id)
    assert shop.datasets(f"run:{run.run_id}") == written
    assert shop.repository.head() == before
    assert shop.materializations("orders") == shop.materializations("totals") == []
    assert list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)) == []


def failures(shop: Shop, run_id: str) -> str:
    """Returns why steps failed."""
    records = shop.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    errors = [record.dagster_event.step_failure_data.error for record in records if record.dagster_event]
    return "\n".join(error.to_string() for error in errors if error is not None)


@pytest.mark.slow
def test_a_run_that_died_right_after_it_was_published_is_published(shop: Shop, tmp_path: Path) -> None:
    killed(tmp_path, "dies published", when=lambda: False)
    run = only_run(shop)
    assert shop.transaction(run.run_id).state is TransactionState.PUBLISHED
    assert shop.materializations("orders") == []
    shop.instance.report_run_failed(run)

    (line,) = reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)
    assert f"published to 'main' as commit {shop.repository.head().id[:8]}" in line
    assert "That is final" in shop.log(run.run_id)
    assert len(shop.materializations("orders", run_id=run.run_id)) == 3
    assert list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)) == []
    assert len(shop.materializations("orders")) == 3


def test_a_conflict_that_a_person_resolved_is_recorded(shop: Shop) -> None:
    result = shop.run(shop_job, ops={"summary": {"rival": True}}, tags=ALL_DAYS)
    assert list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)) == []
    assert shop.transaction(result.run_id).state is TransactionState.OPEN
    bring_in(shop, result)
    (line,) = reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)
    assert "was merged into 'main'" in line
    assert shop.transaction(result.run_id).state is TransactionState.PUBLISHED
    assert len(shop.materializations("summary")) == 1


def test_so_is_one_of_a_run_that_only_repeated_a_check(shop: Shop) -> None:
    failed = shop.run(shop_job, ops={"orders": {"amount": 5000}}, tags={**ALL_DAYS, CHECKS_TAG: "all"})
    shop.repository.replace("customers", b"mine")
    only_check = dg.ReexecutionOptions(failed.run_id, step_selection=["summary_summary_is_small"])
    result = shop.run(shop_job, tags=ALL_DAYS, again=only_check)
    assert "MergeConflictError" in shop.failure(result.run_id)
    assert [] == list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO))
    bring_in(shop, result)
    (line,) = reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)
    assert "was merged into 'main'" in line
    assert 1 == len(shop.materializations("summary", run_id=result.run_id))


@pytest.mark.parametrize("into", ["main", "mended"])
def test_what_a_run_told_that_went_on_from_one_that_was_kept_is_not_told_again(shop: Shop, into: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunSession, "publish", unreachable)
        kept = shop.run(shop_job, tags=ALL_DAYS)
    assert shop.transaction(kept.run_id).state is TransactionState.OPEN
    only_summary = dg.ReexecutionOptions(kept.run_id, step_selection=["summary"])
    result = shop.run(shop_job, tags={**ALL_DAYS, INTO_TAG: into}, again=only_summary)
    assert result.success
    if into != "main":
        assert [] == list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO))
        shop.catalog.merging.merge("shop", f"run:{kept.run_id}", into="main", author="a person")
    (line,) = reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)
    assert f"run {kept.run_id}: was merged into 'main'" == line
    teller = result.run_id if into == "main" else kept.run_id
    for asset, times in {"orders": 3, "customers": 1, "summary": 1}.items():
        assert [teller] * times == [told.run_id for told in shop.materializations(asset)]


def test_of_two_reviews_the_one_that_went_on_from_the_other_tells_of_both(shop: Shop) -> None:
    tags = {**ALL_DAYS, PUBLISH_TAG: "review"}
    first = shop.run(shop_job, tags=tags)
    only_summary = dg.ReexecutionOptions(first.run_id, step_selection=["summary"])
    second = shop.run(shop_job, tags=tags, again=only_summary)
    shop.catalog.merging.merge("shop", f"review-{second.run_id}", into="main", author="a person")
    assert 2 == len(list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)))
    for result in (first, second):
        assert shop.transaction(result.run_id).state is TransactionState.PUBLISHED
    assert [second.run_id] == [told.run_id for told in shop.materializations("customers")]
    assert [second.run_id] == [told.run_id for told in shop.materializations("summary")]


def test_a_run_is_not_told_of_while_one_that_went_on_from_it_may_be_telling(shop: Shop) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunSession, "publish", unreachable)
        kept = shop.run(shop_job, tags=ALL_DAYS)
    going_on = shop.instance.add_run(
        dg.DagsterRun(
            job_name="shop",
            status=dg.DagsterRunStatus.STARTED,
            parent_run_id=kept.run_id,
            root_run_id=kept.run_id,
        )
    )
    transactions, going_on_id = shop.catalog.transactions, RunId(going_on.run_id)
    transactions.begin("shop", going_on_id, base=shop.transaction(kept.run_id).head)
    shop.catalog.merging.merge("shop", f"run:{kept.run_id}", into="main", author="a person")
    transactions.publish("shop", going_on_id, author="dagster")
    assert [] == list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO))
    shop.instance.report_run_failed(going_on)
    lines = list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO))
    assert f"run {kept.run_id}: was merged into 'main'" in lines
    assert 1 == len(shop.materializations("customers"))


def unreachable(*_: Any) -> None:
    raise ServerUnreachableError("the network is gone")


def test_nothing_is_said_of_a_run_that_was_kept_and_wrote_nothing(shop: Shop) -> None:
    run = shop.instance.add_run(dg.DagsterRun(job_name="shop", status=dg.DagsterRunStatus.FAILURE))
    shop.catalog.transactions.begin("shop", RunId(run.run_id))
    write_note(shop.instance, run, "kept", {transaction.OUTCOME_KEY: dg.MetadataValue.text("kept")})
    assert [] == list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO))


def test_runs_that_ended_as_they_should_are_left_alone(shop: Shop) -> None:
    shop.run(shop_job, tags=ALL_DAYS)
    shop.run(shop_job, ops={"summary": {"fails": "always"}}, tags=ALL_DAYS)
    assert list(reconcile(shop.instance, lake_of(shop), ended_after=LONG_AGO)) == []


def test_the_sensor_looks_and_remembers_when(shop: Shop) -> None:
    sensor = build_reconciliation_sensor()
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    context = dg.build_sensor_context(instance=shop.instance, resources={"lineageflow": lake_of(shop)})
    looked: Any = sensor(context)
    assert looked.skip_reason.skip_message == "every transaction is as its run is"
    assert datetime.fromisoformat(looked.cursor) > LONG_AGO


def test_a_whole_project_has_the_sensor(shop: Shop) -> None:
    defs = with_lineageflow(dg.Definitions(), lake_of(shop))
    assert "lineageflow_reconciliation" in [sensor.name for sensor in defs.sensors or []]


def run_here(folder: Path, how: str) -> None:
    """Runs the shop, in a process that will not live to the end."""
    trouble: dict[str, Any] = {}
    if how == "hangs":
        trouble = {"totals": {"fails": "hangs", "marker": str(folder / "marker")}}
    else:
        transaction.record_published = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[attr-defined]
    execution = SPAWNED if how == "hangs" else IN_PROCESS
    open_shop(folder).run(shop_job, ops=trouble, tags=ALL_DAYS, execution=execution)


if __name__ == "__main__":
    run_here(Path(sys.argv[1]), sys.argv[2])
