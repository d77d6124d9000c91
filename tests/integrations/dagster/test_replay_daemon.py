"""Replays and rollbacks in Dagster's own daemon: requests are launched, and what it is told is stored."""

import warnings

import dagster as dg
import pytest
from lineageflow_dagster import (
    INTO_TAG,
    LineageFlowResource,
    build_rollback_replay,
    replay_requests,
    with_lineageflow,
)

from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.test_daemon import daemon, wait_until

pytestmark = pytest.mark.slow

warnings.filterwarnings("ignore", category=dg.BetaWarning)

WEEKS = dg.StaticPartitionsDefinition(["w1", "w2"])


@dg.asset(partitions_def=WEEKS, backfill_policy=dg.BackfillPolicy.single_run())
def sold(context: dg.AssetExecutionContext) -> dict[str, int]:
    """Of all weeks that are asked for, in one run."""
    return dict.fromkeys(context.partition_keys, 1)


@dg.sensor(job_name="weekly", minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def released(context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource) -> list[dg.RunRequest]:
    """Replays every tag of the lake."""
    tags = lineageflow.catalog.refs.list_tags(lineageflow.repository).items
    return [
        request
        for tag in tags
        for request in replay_requests(context, lineageflow, "weekly", ref=tag.ref.name, name=tag.ref.name)
    ]


defs = dg.Definitions.merge(
    with_lineageflow(
        dg.Definitions(
            assets=[sold],
            jobs=[dg.define_asset_job("weekly", selection=["sold"])],
            sensors=[released],
            executor=dg.in_process_executor,
        ),
        LineageFlowResource(lake=dg.EnvVar("LAKE_OF_TEST"), repository="shop"),
    ),
    build_rollback_replay(minimum_interval_seconds=1),
)


def weekly() -> dg.JobDefinition:
    """The job."""
    return defs.resolve_job_def("weekly")


def replay_rollback() -> dg.JobDefinition:
    """The job that says which rollback is to be replayed."""
    return defs.resolve_job_def("replay_rollback")


def test_the_daemon_launches_replays_and_stores_what_it_is_told_of_rollbacks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_OF_TEST", shop.lake)
    ends = {"dagster/asset_partition_range_start": "w1", "dagster/asset_partition_range_end": "w2"}
    with dg.execute_job(
        dg.reconstructable(weekly), instance=shop.instance, tags=ends, run_config={"execution": {}}
    ) as result:
        bad = result.run_id
    assert result.success
    shop.repository.tag("v1")
    plan = shop.catalog.plans.plan_rollback("shop", f"run:{bad}")
    shop.catalog.plans.apply_plan(plan.id, author="ada", message="it was bad")

    def latest(week: str) -> str:
        wanted = dg.AssetRecordsFilter(dg.AssetKey("sold"), asset_partitions=[week])
        (record,) = shop.instance.fetch_materializations(wanted, limit=1).records
        assert record.asset_materialization is not None
        return (record.asset_materialization.tags or {})["dagster/data_version"]

    def replays() -> list[dg.DagsterRun]:
        return list(shop.instance.get_runs(dg.RunsFilter(tags={INTO_TAG: "replay-v1"})))

    with daemon(shop, __name__):
        wait_until(lambda: [latest("w1"), latest("w2")] == ["removed", "removed"])
        wait_until(lambda: [run.is_finished for run in replays()] == [True])
    (run,) = replays()
    assert run.is_success
    assert ends.items() <= run.tags.items()
    assert len(shop.datasets("replay-v1")) == 1
