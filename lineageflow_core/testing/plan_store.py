"""What every `PlanStore` promises."""

from dataclasses import replace
from datetime import datetime

import pytest

from lineageflow_core.errors import AlreadyExistsError, PlanNotFoundError
from lineageflow_core.model.ids import PlanId, SnapshotId
from lineageflow_core.model.plan import (
    PlanAction,
    PlanItem,
    PlanReason,
    PlanState,
    RollbackPlan,
    RollbackScope,
)
from lineageflow_core.store.ports import PlanStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import NOON, later, new_commit, new_repository, run_id

HEAD = new_commit("head")


def new_plan(name: str, *, created_at: datetime = NOON) -> RollbackPlan:
    """Returns a plan with one item."""
    item = PlanItem(
        dataset="clean/flights",
        partition="2013-07",
        action=PlanAction.RESTORE,
        reason=PlanReason.DERIVED,
        degree=1,
        produced_by=run_id(1),
        job="flights.clean",
        bad=SnapshotId("ab" * 32),
        good=SnapshotId("cd" * 32),
        good_commit=HEAD.id,
    )
    return RollbackPlan(
        id=PlanId(name),
        repository="flights",
        branch="main",
        target=f"run:{run_id(1)}",
        scope=RollbackScope.DESCENDANTS,
        head=HEAD.id,
        items=(item, replace(item, partition="", produced_by=None, job=None, bad=None, good=None)),
        created_at=created_at,
    )


class PlanStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(PlanStore, stores.plans)

    def test_a_plan_is_kept_exactly(self, stores: Stores) -> None:
        stores.plans.add(new_repository(), new_plan("p"))
        assert new_plan("p") == stores.plans.get(PlanId("p"))

    def test_a_plan_that_nobody_made_is_none(self, stores: Stores) -> None:
        assert stores.plans.get(PlanId("p")) is None

    def test_adding_a_plan_again_changes_nothing(self, stores: Stores) -> None:
        repository = new_repository()
        stores.plans.add(repository, new_plan("p"))
        stores.plans.add(repository, new_plan("p"))
        assert (new_plan("p"),) == stores.plans.list(repository, after=None, limit=9).items

    def test_another_plan_does_not_take_a_plans_place(self, stores: Stores) -> None:
        repository = new_repository()
        stores.plans.add(repository, new_plan("p"))
        with pytest.raises(AlreadyExistsError):
            stores.plans.add(repository, new_plan("p", created_at=later(1)))
        assert new_plan("p") == stores.plans.get(PlanId("p"))

    def test_a_plan_changes_its_state(self, stores: Stores) -> None:
        applied = replace(new_plan("p"), state=PlanState.APPLIED, commit=HEAD.id)
        stores.plans.add(new_repository(), new_plan("p"))
        stores.plans.replace(applied)
        assert applied == stores.plans.get(PlanId("p"))

    def test_only_a_stored_plan_changes_its_state(self, stores: Stores) -> None:
        with pytest.raises(PlanNotFoundError):
            stores.plans.replace(new_plan("p"))
        assert stores.plans.get(PlanId("p")) is None

    def test_plans_are_listed_newest_first_in_pages(self, stores: Stores) -> None:
        repository = new_repository()
        for name, minute in {"a": 5, "b": 9, "c": 5, "d": 0}.items():
            stores.plans.add(repository, new_plan(name, created_at=later(minute)))
        stores.plans.add(new_repository(), new_plan("elsewhere"))
        first = stores.plans.list(repository, after=None, limit=2)
        second = stores.plans.list(repository, after=first.next, limit=2)
        assert ["b", "c", "a", "d"] == [plan.id for plan in first.items + second.items]
        assert second.next is None
