"""How a run is published: as its definitions say, or its tags."""

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from lineageflow_dagster import (
    CHECKS_TAG,
    PUBLISH_TAG,
    LineageFlowResource,
    PublishMode,
    PublishPolicy,
    RequiredChecks,
)
from lineageflow_dagster.reconciliation import reconcile

from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.run import TransactionState
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.shop import ALL_DAYS, shop_job
from tests.integrations.dagster.test_reconciliation import LONG_AGO

NEGATIVE = {"orders": {"amount": -5}}
LARGE = {"orders": {"amount": 5000}}
CHECK = "totals.totals_are_positive"


def run_of(**tags: str) -> dg.DagsterRun:
    return dg.DagsterRun(job_name="shop", tags={key.replace("__", "/"): value for key, value in tags.items()})


def branches(shop: Shop) -> set[str]:
    listed: tuple[BranchStatus, ...] = shop.catalog.refs.list_branches("shop").items
    return {branch.ref.name for branch in listed}


def test_tags_of_a_run_go_before_its_definitions() -> None:
    policy = PublishPolicy(mode=PublishMode.ASSET)
    assert policy.for_run(run_of()) == policy
    tagged = policy.for_run(run_of(lineageflow__publish="review", lineageflow__checks="all"))
    assert tagged == PublishPolicy(mode=PublishMode.REVIEW, checks=RequiredChecks.ALL)


def test_a_run_of_no_backfill_is_published_by_itself() -> None:
    policy = PublishPolicy(mode=PublishMode.BACKFILL)
    assert policy.for_run(run_of()).mode is PublishMode.RUN
    assert policy.for_run(run_of(dagster__backfill="b1")).mode is PublishMode.BACKFILL


def test_a_tag_that_says_nothing_known_fails_the_run_and_says_what_is(shop: Shop) -> None:
    result = shop.run(shop_job, tags={**ALL_DAYS, PUBLISH_TAG: "sometimes"})
    assert not result.success
    assert "it is one of 'run', 'asset', 'backfill', 'review'" in shop.failure(result.run_id)


def test_per_asset_what_was_written_before_a_failure_is_published_and_recorded(shop: Shop) -> None:
    result = shop.run(shop_job, ops={"summary": {"fails": "always"}}, tags={**ALL_DAYS, PUBLISH_TAG: "asset"})
    assert not result.success
    assert shop.datasets("main").keys() == {"customers", "orders", "totals"}
    assert len(shop.materializations("totals")) == 3
    assert "Outputs that were written before are published" in shop.log(result.run_id)
    assert shop.run(shop_job, tags={**ALL_DAYS, PUBLISH_TAG: "asset"}).success


def test_a_check_that_blocks_nothing_keeps_a_run_from_being_published_if_all_are_required(
    shop: Shop,
) -> None:
    before = shop.repository.head()
    refused = shop.run(shop_job, ops=LARGE, tags={**ALL_DAYS, CHECKS_TAG: "all"})
    assert not refused.success
    assert shop.repository.head() == before
    assert shop.transaction(refused.run_id).state is TransactionState.DISCARDED
    assert "published nothing: checks failed: summary.summary_is_small" in shop.failure(refused.run_id)
    assert shop.materializations("summary") == []
    assert shop.run(shop_job, ops=LARGE, tags=ALL_DAYS).success


def test_if_no_checks_are_required_a_failed_one_does_not_keep_anything_back(shop: Shop) -> None:
    result = shop.run(shop_job, ops=NEGATIVE, tags={**ALL_DAYS, CHECKS_TAG: "none"})
    assert not result.success
    assert shop.datasets("main").keys() == {"customers", "orders", "totals"}
    assert len(shop.materializations("totals")) == 3


def test_a_branch_can_require_checks_of_dagster(shop: Shop) -> None:
    required = RepositorySettings(branch_rules=(BranchRule(pattern="main", checks=(CHECK,)),))
    shop.catalog.settings.update_settings("shop", required, author="owner")
    result = shop.run(shop_job, tags=ALL_DAYS)
    assert result.success
    found = {check.name: check.state for check in shop.catalog.checks.list_checks("shop", "main")}
    assert found[CHECK] is CheckState.PASSED
    without = shop.run(shop_job, ops={"orders": {"amount": 9}}, select=["orders"], tags=ALL_DAYS)
    assert not without.success
    assert CHECK in shop.failure(without.run_id)
    assert f"lineageflow merge run:{without.run_id} --into main" in shop.log(without.run_id)


def test_for_review_a_run_leaves_a_branch_and_is_recorded_once_a_person_merged_it(shop: Shop) -> None:
    before = shop.repository.head()
    result = shop.run(shop_job, tags={**ALL_DAYS, PUBLISH_TAG: "review"})
    assert result.success
    branch = f"review-{result.run_id}"
    assert shop.repository.head() == before
    assert shop.datasets(branch).keys() == {"customers", "orders", "summary", "totals"}
    assert f"lineageflow merge {branch} --into main -R shop" in shop.log(result.run_id)
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    assert list(reconcile(shop.instance, lake, ended_after=LONG_AGO)) == []
    assert shop.materializations("summary") == []

    shop.catalog.merging.merge("shop", branch, into="main", author="a person")
    assert list(reconcile(shop.instance, lake, ended_after=LONG_AGO)) == [
        f"run {result.run_id}: was merged into 'main'"
    ]
    assert shop.transaction(result.run_id).state is TransactionState.PUBLISHED
    assert len(shop.materializations("summary", run_id=result.run_id)) == 1
    assert branches(shop) == {"main"}
    assert list(reconcile(shop.instance, lake, ended_after=LONG_AGO)) == []


def test_a_review_is_turned_down_by_deleting_its_branch(shop: Shop) -> None:
    result = shop.run(shop_job, tags={**ALL_DAYS, PUBLISH_TAG: "review"})
    shop.catalog.refs.delete_branch("shop", f"review-{result.run_id}", author="a person")
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    assert len(list(reconcile(shop.instance, lake, ended_after=LONG_AGO))) == 1
    assert shop.transaction(result.run_id).state is TransactionState.DISCARDED
    assert shop.materializations("summary") == []


@pytest.mark.parametrize("answer", ["merged", "turned down"])
def test_a_run_that_only_repeats_a_check_for_review_is_settled_as_any_other(shop: Shop, answer: str) -> None:
    tags = {**ALL_DAYS, PUBLISH_TAG: "review"}
    failed = shop.run(shop_job, ops=LARGE, tags={**tags, CHECKS_TAG: "all"})
    only_check = dg.ReexecutionOptions(failed.run_id, step_selection=["summary_summary_is_small"])
    result = shop.run(shop_job, ops=LARGE, tags=tags, again=only_check)
    branch = f"review-{result.run_id}"
    assert "summary" in shop.datasets(branch)
    assert shop.transaction(result.run_id).head is None
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    assert [] == list(reconcile(shop.instance, lake, ended_after=LONG_AGO))

    if answer == "merged":
        shop.catalog.merging.merge("shop", branch, into="main", author="a person")
    else:
        shop.catalog.refs.delete_branch("shop", branch, author="a person")
    (line,) = reconcile(shop.instance, lake, ended_after=LONG_AGO)
    assert answer in line
    assert {"main"} == branches(shop)
    assert (answer == "merged") == len(shop.materializations("summary", run_id=result.run_id))
    assert [] == list(reconcile(shop.instance, lake, ended_after=LONG_AGO))


def test_a_backfill_is_published_once_it_has_succeeded(shop: Shop) -> None:
    backfill = PartitionBackfill(
        backfill_id="b1",
        status=BulkActionStatus.REQUESTED,
        from_failure=False,
        tags={},
        backfill_timestamp=0.0,
    )
    shop.instance.add_backfill(backfill)
    before = shop.repository.head()
    lake = LineageFlowResource(lake=shop.lake, repository="shop")
    tags = {PUBLISH_TAG: "backfill", "dagster/backfill": "b1"}
    for day in ("mon", "tue"):
        steps = ["orders", "totals"]
        assert shop.run(shop_job, select=steps, tags={**tags, "dagster/partition": day}).success
    # A run sees what the others did, and nobody else does.
    assert shop.run(shop_job, select=["customers", "summary"], tags=tags).success
    assert shop.value("summary", ref="backfill-b1") == {"amount": 6, "customers": 2}
    assert shop.repository.head() == before
    assert len(shop.materializations("totals")) == 2  # or Dagster would not go on with the backfill
    assert list(reconcile(shop.instance, lake, ended_after=LONG_AGO)) == []

    succeeded = backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS)  # type: ignore[no-untyped-call]
    shop.instance.update_backfill(succeeded)
    (line,) = reconcile(shop.instance, lake, ended_after=LONG_AGO)
    assert "backfill b1 is published to 'main'" in line
    assert shop.repository.head().parents[0] == before.id
    assert shop.value("summary") == {"amount": 6, "customers": 2}
    assert branches(shop) == {"main"}
    assert list(reconcile(shop.instance, lake, ended_after=LONG_AGO)) == []
