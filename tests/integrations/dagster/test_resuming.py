"""Going on from a run that failed: what is read, where it is published, and what the tags of both say."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from lineageflow_dagster import INTO_TAG, PUBLISH_TAG, REF_TAG, PublishMode, PublishPolicy
from lineageflow_dagster.bounds import Bounds
from lineageflow_dagster.policy import BACKFILL_TAG
from lineageflow_dagster.transaction import RunTransaction

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Transaction
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.lake import Lake
from tests.integrations.dagster.shop import ALL_DAYS, shop_job

PARENT = "0198f2ab-0000-7000-8000-000000000001"
CHILD = "0198f2ab-0000-7000-8000-000000000002"
INTO_MENDED = {INTO_TAG: "mended"}


def resumed(lake: Lake, tags: Mapping[str, str], *, of: Mapping[str, str]) -> Bounds:
    """Returns the bounds of a run with `tags`; that `of` which it goes on from has written, and failed."""
    parent = dg.DagsterRun(job_name="shop", run_id=PARENT, tags=of)
    session = lake.resource.pipeline_session(parent)
    session.write("orders", {"data.json": b"1"})
    session.discard("a later step failed")
    return lake.resource.run_bounds(again(tags), resumes=of)


def again(tags: Mapping[str, str], run_id: str = CHILD) -> dg.DagsterRun:
    """Returns a run that executes some steps of the failed one again."""
    return dg.DagsterRun(job_name="shop", run_id=run_id, tags=tags, parent_run_id=PARENT, root_run_id=PARENT)


def left(lake: Lake) -> Transaction:
    return lake.repository.catalog.transactions.get_transaction("shop", RunId(PARENT))


@pytest.mark.parametrize("tags", [{}, {INTO_TAG: "trial"}, {INTO_TAG: "trial", REF_TAG: "trial"}])
@pytest.mark.parametrize("tags_are", ["copied", "forgotten"])
def test_it_reads_what_the_failed_run_left_and_publishes_where_that_would_have(
    lake: Lake, tags: dict[str, str], tags_are: str
) -> None:
    lake.repository.branch("trial")
    bounds = resumed(lake, tags if tags_are == "copied" else {}, of=tags)
    assert (left(lake).head, tags.get(INTO_TAG, "main")) == (bounds.base, bounds.into)


@pytest.mark.parametrize("before", [{}, {INTO_TAG: "trial"}])
def test_a_tag_of_its_own_says_where_it_publishes(lake: Lake, before: dict[str, str]) -> None:
    bounds = resumed(lake, INTO_MENDED, of=before)
    assert (left(lake).head, "mended") == (bounds.base, bounds.into)


def test_a_branch_that_it_is_the_first_to_name_shows_nothing_before_it_publishes(lake: Lake) -> None:
    lake.repository.replace("prices", {"data.json": b"10"})
    resumed(lake, INTO_MENDED, of={})
    assert lake.repository.head() == lake.repository.head("mended")


def test_that_is_so_where_the_branch_of_the_failed_run_is_gone(lake: Lake) -> None:
    resumed(lake, {}, of={INTO_TAG: "trial"})
    lake.repository.catalog.refs.delete_branch("shop", "trial", author="ada")
    other = again(INTO_MENDED, run_id="0198f2ab-0000-7000-8000-000000000003")
    assert "mended" == lake.resource.run_bounds(other, resumes={INTO_TAG: "trial"}).into
    assert lake.repository.head() == lake.repository.head("mended")


def test_a_tag_that_asks_for_another_state_to_be_read_is_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInputError, match=r"not what its tag 'lineageflow/ref' says \('main~1'\)"):
        resumed(lake, {REF_TAG: "main~1", INTO_TAG: "old"}, of={})


def test_a_run_of_a_backfill_that_is_published_as_a_whole_stays_with_it(lake: Lake) -> None:
    tags = {BACKFILL_TAG: "b1", INTO_TAG: "trial"}
    whole = PublishPolicy(mode=PublishMode.BACKFILL)
    with dg.DagsterInstance.ephemeral() as instance:
        parent = instance.add_run(dg.DagsterRun(job_name="shop", run_id=PARENT, tags=tags))
        first = RunTransaction(lake.resource, parent, instance=instance, policy=whole, resumes=False)
        first.begin()
        second = again(tags)
        line = RunTransaction(lake.resource, second, instance=instance, policy=whole, resumes=True).begin()
        assert "publishes to 'backfill-b1'" in line.message
        elsewhere = again({**tags, **INTO_MENDED}, run_id="0198f2ab-0000-7000-8000-000000000003")
        with pytest.raises(InvalidInputError, match=f"say so with the run tag '{PUBLISH_TAG}': 'run'"):
            RunTransaction(lake.resource, elsewhere, instance=instance, policy=whole, resumes=True)


def test_what_both_runs_wrote_is_published_to_the_branch_of_the_second(shop: Shop, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    trouble = {"summary": {"fails": "until", "marker": str(marker)}}
    failed = shop.run(shop_job, ops=trouble, tags=ALL_DAYS)
    marker.touch()
    from_failure = dg.ReexecutionOptions.from_failure(failed.run_id, shop.instance)
    result = shop.run(shop_job, ops=trouble, tags={**ALL_DAYS, **INTO_MENDED}, again=from_failure)
    assert result.success
    assert {"customers", "orders", "summary", "totals"} == shop.datasets("mended").keys()
    assert {} == shop.datasets("main")


@pytest.mark.parametrize("mode, branch", [("run", "main"), ("review", f"review-{CHILD}")])
def test_a_run_that_only_repeats_a_check_publishes_what_the_failed_run_left(
    lake: Lake, mode: str, branch: str
) -> None:
    policy = PublishPolicy(mode=PublishMode(mode))
    resumed(lake, {}, of={})
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(dg.DagsterRun(job_name="shop", run_id=PARENT))
        run = RunTransaction(lake.resource, again({}), instance=instance, policy=policy, resumes=True)
        run.begin()
        line = run.publish()
    assert b"1" == lake.repository.read_bytes("orders/data.json", ref=branch)
    assert ("published to" if mode == "run" else "waits for review on") in line.message


@pytest.mark.parametrize("mode", ["run", "review"])
def test_where_neither_run_wrote_anything_the_branch_that_they_read_is_not_published(
    lake: Lake, mode: str
) -> None:
    tags = {REF_TAG: "staging", INTO_TAG: "main"}
    policy = PublishPolicy(mode=PublishMode(mode))
    lake.repository.branch("staging")
    lake.repository.replace("prices", {"data.json": b"10"}, branch="staging")
    before = lake.repository.head()
    with dg.DagsterInstance.ephemeral() as instance:
        parent = instance.add_run(dg.DagsterRun(job_name="shop", run_id=PARENT, tags=tags))
        first = RunTransaction(lake.resource, parent, instance=instance, policy=policy, resumes=False)
        first.begin()
        first.discard("a step failed before it wrote")
        second = RunTransaction(lake.resource, again(tags), instance=instance, policy=policy, resumes=True)
        second.begin()
        line = second.publish()
    assert before == lake.repository.head()
    assert "nothing new was written to the lake" in line.message
