"""What Dagster's catalog says of assets: what is published, at the versions that were really read."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from lineageflow_dagster import INTO_TAG, REF_TAG
from lineageflow_dagster.deferred import DEFERRED_KEY, events_put_off
from lineageflow_dagster.internals import notes_of

from tests.integrations.dagster.conftest import IN_PROCESS, PROCESSES, Shop
from tests.integrations.dagster.shop import ALL_DAYS, defs, shop_job

ASSETS = ("customers", "orders", "summary", "totals")
DAYS = ("mon", "tue", "wed/thu")


def tags_of(record: dg.EventLogRecord) -> dict[str, str]:
    assert record.asset_materialization is not None
    return dict(record.asset_materialization.tags or {})


def metadata_of(record: dg.EventLogRecord) -> dict[str, Any]:
    assert record.asset_materialization is not None
    return {name: value.value for name, value in record.asset_materialization.metadata.items()}


def order_of_events(shop: Shop, run_id: str) -> list[str]:
    """Returns the types of events that say how a run ended, in their order, each once."""
    types = [
        record.dagster_event.event_type_value
        for record in shop.instance.all_logs(run_id)
        if record.dagster_event is not None
    ]
    ends = {"STEP_SUCCESS", "ASSET_MATERIALIZATION", "RUN_SUCCESS", "PIPELINE_SUCCESS"}
    return list(dict.fromkeys(each for each in types if each in ends))


def stale(shop: Shop, asset: str, partition: str | None = None) -> StaleStatus:
    graph = defs.get_repository_def().asset_graph
    resolver = CachingStaleStatusResolver(shop.instance, graph, LoadingContextForTest(shop.instance))
    return resolver.get_status(dg.AssetKey(asset), partition)


@pytest.mark.parametrize(
    "execution", [IN_PROCESS, pytest.param(PROCESSES, marks=pytest.mark.slow)], ids=["one", "many"]
)
def test_what_a_run_materialized_is_recorded_when_it_is_published(
    shop: Shop, execution: dict[str, Any]
) -> None:
    result = shop.run(shop_job, tags=ALL_DAYS, execution=execution)
    assert result.success
    assert order_of_events(shop, result.run_id) == [
        "STEP_SUCCESS",
        "ASSET_MATERIALIZATION",
        "PIPELINE_SUCCESS",
    ]
    head = shop.repository.head()
    recorded = {asset: shop.materializations(asset, run_id=result.run_id) for asset in ASSETS}
    assert {asset: len(records) for asset, records in recorded.items()} == {
        "customers": 1,
        "orders": 3,
        "summary": 1,
        "totals": 3,
    }
    for records in recorded.values():
        for record in records:
            told = metadata_of(record)
            assert (told["lineageflow/commit"], told["lineageflow/branch"]) == (head.id[:12], "main")
            assert told["lineageflow/snapshot"] == tags_of(record)["dagster/data_version"][:12]

    # Each came from what the same run wrote.
    assert {tags_of(record)["dagster/input_event_pointer/orders"] for record in recorded["totals"]} == {
        str(max(record.storage_id for record in recorded["orders"]))
    }
    (summary,), (customers,) = recorded["summary"], recorded["customers"]
    assert tags_of(summary)["dagster/input_data_version/customers"] == shop.datasets("main")["customers"]
    assert tags_of(summary)["dagster/input_event_pointer/customers"] == str(customers.storage_id)
    assert {stale(shop, asset) for asset in ("customers", "summary")} == {StaleStatus.FRESH}
    assert {stale(shop, asset, day) for asset in ("orders", "totals") for day in DAYS} == {StaleStatus.FRESH}

    # What checks found is about that, too.
    key = dg.AssetCheckKey(dg.AssetKey("summary"), "summary_is_small")
    (check,) = shop.instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    assert check.evaluation is not None
    target = check.evaluation.target_materialization_data
    assert target is not None
    assert (target.storage_id, target.run_id) == (summary.storage_id, result.run_id)


@pytest.mark.parametrize(
    "execution", [IN_PROCESS, pytest.param(PROCESSES, marks=pytest.mark.slow)], ids=["one", "many"]
)
def test_a_run_that_is_discarded_materialized_nothing(shop: Shop, execution: dict[str, Any]) -> None:
    result = shop.run(shop_job, ops={"summary": {"fails": "always"}}, tags=ALL_DAYS, execution=execution)
    assert not result.success
    assert [asset for asset in ASSETS if shop.materializations(asset)] == []
    planned = shop.instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    assert len(planned) == 8  # Dagster knew what was in progress
    assert len(list(events_put_off(shop.instance, result.run_id))) == 7
    key = dg.AssetCheckKey(dg.AssetKey("totals"), "totals_are_positive")
    (check,) = shop.instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    assert check.evaluation is not None
    assert check.evaluation.passed


def test_what_is_told_of_an_asset_costs_a_run_no_event_of_its_own(shop: Shop) -> None:
    result = shop.run(shop_job, tags=ALL_DAYS)
    notes = [note for note in notes_of(shop.instance, result.run_id) if DEFERRED_KEY in note]
    assert [] == notes
    assert 8 == len(list(events_put_off(shop.instance, result.run_id)))


def test_a_failed_check_of_a_discarded_run_is_not_about_what_is_published(shop: Shop) -> None:
    assert shop.run(shop_job, tags=ALL_DAYS).success
    assert not shop.run(shop_job, ops={"orders": {"amount": -5}}, tags=ALL_DAYS).success
    key = dg.AssetCheckKey(dg.AssetKey("totals"), "totals_are_positive")
    failed, passed = shop.instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    published = {record.storage_id for record in shop.materializations("totals")}
    assert failed.evaluation is not None
    assert passed.evaluation is not None
    targets = [each.evaluation.target_materialization_data for each in (failed, passed) if each.evaluation]
    assert [target is not None and target.storage_id in published for target in targets] == [False, True]


def test_going_on_from_a_failure_records_what_the_failed_run_had_written(shop: Shop, tmp_path: Path) -> None:
    again = shop.fail_and_go_on(tmp_path)
    assert again.success
    assert {asset: len(shop.materializations(asset, run_id=again.run_id)) for asset in ASSETS} == {
        "customers": 1,
        "orders": 3,
        "summary": 1,
        "totals": 3,
    }
    assert {stale(shop, asset) for asset in ("customers", "summary")} == {StaleStatus.FRESH}
    assert {stale(shop, "totals", day) for day in DAYS} == {StaleStatus.FRESH}


def test_a_step_that_is_tried_again_materialized_its_asset_once(shop: Shop, tmp_path: Path) -> None:
    trouble = {"fails": "once", "marker": str(tmp_path / "marker")}
    assert shop.run(shop_job, ops={"summary": trouble}, tags=ALL_DAYS).success
    assert len(shop.materializations("summary")) == 1


def test_a_run_on_an_old_state_says_which_versions_it_read(shop: Shop) -> None:
    """Dagster alone would say that it read the latest ones."""
    before = shop.run(shop_job, ops={"orders": {"amount": 3}}, tags=ALL_DAYS)
    first = shop.repository.head().id
    totals = ["orders", "totals"]
    later = shop.run(shop_job, ops={"orders": {"amount": 7}}, tags=ALL_DAYS, select=totals)
    old, new = (
        {record.storage_id for record in shop.materializations("totals", run_id=run.run_id)}
        for run in (before, later)
    )
    result = shop.run(shop_job, select=["summary"], tags={REF_TAG: first, INTO_TAG: "main"})
    assert result.success
    (record,) = shop.materializations("summary", run_id=result.run_id)
    assert max(old) <= int(tags_of(record)["dagster/input_event_pointer/totals"]) < min(new)
    assert stale(shop, "summary") is StaleStatus.STALE


def test_what_a_run_publishes_to_another_branch_is_observed_and_not_current(shop: Shop) -> None:
    assert shop.run(shop_job, ops={"orders": {"amount": 3}}, tags=ALL_DAYS).success
    shop.repository.branch("trial")
    result = shop.run(shop_job, ops={"orders": {"amount": 7}}, tags={**ALL_DAYS, INTO_TAG: "trial"})
    assert result.success
    assert shop.materializations("summary", run_id=result.run_id) == []
    (observed,) = shop.instance.fetch_observations(dg.AssetKey("summary"), limit=9).records
    assert observed.asset_observation is not None
    told = {name: value.value for name, value in observed.asset_observation.metadata.items()}
    assert told["lineageflow/branch"] == "trial"
    assert told["lineageflow/snapshot"] == shop.datasets("trial")["summary"][:12]
    assert stale(shop, "summary") is StaleStatus.FRESH


def test_each_partition_of_a_step_has_a_data_version_of_its_own(shop: Shop) -> None:
    assert shop.run(shop_job, tags=ALL_DAYS).success
    assert shop.run(shop_job, ops={"orders": {"amount": 5}}, tags={"dagster/partition": "mon"}).success
    versions: dict[str | None, set[str]] = {}
    for record in shop.materializations("orders"):
        versions.setdefault(record.partition_key, set()).add(tags_of(record)["dagster/data_version"])
    assert {day: len(found) for day, found in versions.items()} == {"mon": 2, "tue": 1, "wed/thu": 1}


def test_an_asset_that_is_in_no_lake_is_materialized_at_once(shop: Shop) -> None:
    result = shop.run(elsewhere_job)
    assert not result.success
    assert len(shop.materializations("elsewhere")) == 1


@dg.asset
def elsewhere() -> None:
    """Did something that no lake takes back."""


@dg.asset(deps=[elsewhere])
def failing() -> None:
    raise ValueError("this fails")


def elsewhere_job() -> dg.JobDefinition:
    from lineageflow_dagster import LineageFlowResource, with_lineageflow

    project = with_lineageflow(
        dg.Definitions(assets=[elsewhere, failing], jobs=[dg.define_asset_job("elsewhere_job")]),
        LineageFlowResource.configure_at_launch(),
    )
    return project.resolve_job_def("elsewhere_job")
