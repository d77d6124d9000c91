"""An asset is materialized if its target has what the run wrote."""

from datetime import UTC, datetime

import dagster as dg
import pytest
from lineageflow_dagster import INTO_TAG, REF_TAG, LineageFlowResource
from lineageflow_dagster.landing import Landing
from lineageflow_dagster.provenance import snapshot_of
from lineageflow_dagster.reconciliation import reconcile

from lineageflow_core.model.change import put, replace
from lineageflow_core.model.merge import Side
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import commit, entries, new_run_id
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.lake import Lake
from tests.integrations.dagster.shop import shop_job

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ONTO_MAIN = {REF_TAG: "v1", INTO_TAG: "main"}


@pytest.fixture
def bad(shop: Shop) -> Shop:
    """Returns the shop whose tag `v1` has the right customers, and whose main has others by now."""
    assert shop.run(shop_job, select=["customers"]).success
    shop.repository.tag("v1")
    shop.repository.replace("customers", b"bad")
    return shop


def versions(shop: Shop, run_id: str) -> list[tuple[object, object]]:
    """Returns the snapshots at which a run materialized the customers, and the first digits of commits."""
    return [
        (snapshot_of(there), there.metadata["lineageflow/commit"].value)
        for record in shop.materializations("customers", run_id=run_id)
        if (there := record.asset_materialization) is not None
    ]


def test_a_replay_that_makes_again_what_its_ref_has_is_no_success_where_its_target_has_something_else(
    bad: Shop,
) -> None:
    tip = bad.repository.head()
    replay = bad.run(shop_job, select=["customers"], tags=ONTO_MAIN)
    assert not replay.success
    assert "MergeConflictError" in bad.failure(replay.run_id)
    assert ([], tip) == (versions(bad, replay.run_id), bad.repository.head())
    assert TransactionState.OPEN is bad.transaction(replay.run_id).state


@pytest.mark.parametrize("side", Side)
def test_whoever_decides_the_conflict_decides_what_is_materialized(bad: Shop, side: Side) -> None:
    replay = bad.run(shop_job, select=["customers"], tags=ONTO_MAIN)
    bad.catalog.merging.merge("shop", f"run:{replay.run_id}", into="main", author="ada", strategy=side)
    lake = LineageFlowResource(lake=bad.lake, repository="shop")
    (line,) = reconcile(bad.instance, lake, ended_after=LONG_AGO)
    assert "was merged into 'main'" in line
    right = (bad.datasets("v1")["customers"], bad.repository.head().id[:12])
    assert ([right] if side is Side.THEIRS else []) == versions(bad, replay.run_id)
    lost = "'customers' is not materialized: 'main' does not have what the run wrote"
    assert (side is Side.OURS) == (lost in bad.log(replay.run_id))
    assert [] == list(reconcile(bad.instance, lake, ended_after=LONG_AGO))


def test_what_is_made_again_as_it_is_there_is_materialized_by_the_commit_that_has_it(shop: Shop) -> None:
    first, again = (shop.run(shop_job, select=["customers"]) for _ in range(2))
    assert first.success
    assert again.success
    head = shop.repository.head()
    assert again.run_id == head.run_id
    assert [(shop.datasets("main")["customers"], head.id[:12])] == versions(shop, again.run_id)


@pytest.fixture
def repo(lake: Lake) -> Repository:
    lake.repository.put("d", {"x": b"0", "y": b"0"})
    return lake.repository


def run(repo: Repository, *, merged: bool = False) -> Transaction:
    """Returns a run that put a file of `d`, after others put another one."""
    transactions, run_id = repo.catalog.transactions, new_run_id()
    transactions.begin("shop", run_id)
    commit(repo, put("d/x", entries(repo, {"": b"run"})), branch=f"run:{run_id}")
    repo.put("d/y", b"others")
    if merged:
        repo.merge(f"run:{run_id}")
        repo.put("d/z", b"later")
    return transactions.publish("shop", run_id, author="ada")


def landed(repo: Repository, transaction: Transaction, *, partition: str | None = None) -> str | None:
    written = repo.catalog.objects.get_snapshot("shop", transaction.head or transaction.base, "d").snapshot
    landing = Landing(repo.catalog, "shop", transaction)
    return landing.version(dg.AssetKey("d"), partition, written)


@pytest.mark.parametrize("partition", [None, "mon"], ids=["a dataset", "its partition in Dagster alone"])
def test_what_was_merged_with_what_others_wrote_is_there_as_that(
    repo: Repository, partition: str | None
) -> None:
    transaction = run(repo)
    now = repo.catalog.objects.get_snapshot("shop", "main", "d").snapshot
    assert now == landed(repo, transaction, partition=partition)


def test_what_others_made_of_it_after_the_merge_is_not_what_the_run_wrote(repo: Repository) -> None:
    assert None is landed(repo, run(repo, merged=True))


def test_what_was_decided_against_the_run_is_not_there(repo: Repository) -> None:
    run_id = new_run_id()
    repo.catalog.transactions.begin("shop", run_id)
    commit(repo, replace("d", entries(repo, {"x": b"run"})), branch=f"run:{run_id}")
    repo.put("d/x", b"others")
    transaction = repo.catalog.transactions.publish("shop", run_id, author="ada", strategy=Side.OURS)
    assert None is landed(repo, transaction)


def test_a_run_that_wrote_nothing_new_has_what_its_target_has(repo: Repository) -> None:
    transaction = repo.catalog.transactions.begin("shop", new_run_id())
    closed = repo.catalog.transactions.publish("shop", transaction.run_id, author="ada")
    there = repo.catalog.objects.get_snapshot("shop", "main", "d").snapshot
    assert there == landed(repo, closed)
    repo.put("d/x", b"others")
    assert None is landed(repo, closed)
