"""What takes an applied plan back, branch by branch.

Invariants: work done since stays unless people decide otherwise; and what another rollback that still stands
calls bad is not brought back unasked.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import every
from lineageflow_core.model.plan import PlanDecision, PlanItem, PlanPart, PlanReason, RollbackPlan
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.later_work import later_work, with_later_work
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.plan_application import items_of, undone_by
from lineageflow_core.service.plan_decisions import decided
from lineageflow_core.service.taint import derive
from lineageflow_core.tree.root import RootTree


def undoing_items(lake: Lake, plan: RollbackPlan) -> Iterator[PlanItem]:
    """Yields what takes back what an applied plan did."""
    others = _bad_to_others(lake, plan)
    for part in plan.parts:
        for item in _reversed(lake, plan, part):
            version = Version(
                namespace=dataset_namespace(item.repository),
                name=item.dataset,
                partition=item.partition,
                version=item.good,
            )
            is_bad = item.changes and version in others
            yield replace(decided(item, PlanDecision.SKIP), reason=PlanReason.DERIVED) if is_bad else item


def _reversed(lake: Lake, plan: RollbackPlan, part: PlanPart) -> Iterator[PlanItem]:
    opened = lake.repository(part.repository)
    done = items_of(plan, part)
    if part.commit is None or not done:
        return
    before = opened.commit(opened.commit(part.commit).parents[0])
    tip = opened.ref(opened.current_branch(part.branch))
    tree = RootTree(opened.nodes, tip.root)
    for item in done:
        current = tree.digest_at(item.path)
        back = replace(
            item,
            reason=PlanReason.UNDONE,
            bad=item.result,
            good=item.current or item.bad,
            good_commit=before.id,
            current=SnapshotId(current) if current else None,
            later=(),
            merged=None,
            bad_commit=None,
            choices=(PlanDecision.RESTORE, PlanDecision.SKIP),
        )
        if current == item.result:
            yield decided(back, PlanDecision.RESTORE)
        elif later := later_work(opened, tip, item.path, {item.result}):
            changed = with_later_work(opened, tip, back, later)
            if changed is not None:
                yield changed
        elif current != back.good:
            # It was replaced since: that stays, unless somebody wants it otherwise.
            yield decided(back, PlanDecision.SKIP)


def _bad_to_others(lake: Lake, plan: RollbackPlan) -> Collection[Version]:
    """Returns what other rollbacks quarantined, and what is tainted by that.

    What only a person quarantined may come back: it stays quarantined.
    """
    own = {plan.id, *(each.id for each in undone_by(lake, plan))}
    bad = {
        version
        for name in {part.repository for part in plan.parts}
        for version in _quarantined(lake.repository(name), own)
    }
    return {found.version for found in derive(lake.lineage, bad_versions=bad) if found.tainted}


def _quarantined(opened: OpenRepository, own: Collection[str]) -> Iterator[Version]:
    """Yields what rollbacks other than one's own quarantined."""
    store = opened.stores.quarantines
    for held in every(lambda after, limit: store.list(opened.info.id, path="", after=after, limit=limit)):
        if held.plan is not None and held.plan not in own:
            yield Version(
                namespace=dataset_namespace(opened.info.name),
                name=held.dataset,
                partition=held.partition,
                version=held.snapshot,
            )
