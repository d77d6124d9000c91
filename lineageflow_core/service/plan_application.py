"""Carrying a plan out: one commit on each branch, resumable between any two.

Invariants: what a plan takes back is quarantined, or freed if it undoes another plan, in the very publication
that has the commit. A branch's commit is made once, under a key of the plan's own, and says what it left out;
so a plan that was interrupted is read from the branches, and finished.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lineageflow_core.errors import PlanOutdatedError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.names import is_under
from lineageflow_core.model.page import every
from lineageflow_core.model.plan import (
    PlanAction,
    PlanEvent,
    PlanItem,
    PlanPart,
    PlanReason,
    PlanState,
    RollbackPlan,
)
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.later_work import kept_later
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.quarantine import lifted, quarantined
from lineageflow_core.service.restoring import Restoration, restore_paths
from lineageflow_core.service.writing import Beside, move_branch
from lineageflow_core.tree.root import RootTree
from lineageflow_core.tree.source import NodeBuffer

_LEFT = "left_changed"
"""Metadata of a plan's commit: what it left out, because that had changed meanwhile."""


def apply(lake: Lake, plan: RollbackPlan, *, author: str, message: str | None) -> RollbackPlan:
    """Carries out what is left to do of a plan, and returns it applied. Raises PlanOutdatedError."""
    if plan.state is not PlanState.APPLYING:
        _check_current(lake, plan, author)
        plan = in_state(lake, plan, PlanState.APPLYING, author)
    for part in plan.parts:
        if part.commit is None:
            plan = _apply_part(lake, plan, part, author, message or _message(plan))
            lake.stores.plans.replace(plan)
    _settle_undone(lake, plan, author)
    return in_state(lake, replace(plan, commit=plan.parts[0].commit), PlanState.APPLIED, author)


def _settle_undone(lake: Lake, plan: RollbackPlan, author: str) -> None:
    """Tells the plans below this one: what it undoes is undone, what that had undone is applied again, ...

    It comes before the plan itself is applied, so that whoever resumes it comes here, too.
    """
    by, state = plan, PlanState.UNDONE
    for undone in undone_by(lake, plan):
        if undone.state is not state:
            is_undone = state is PlanState.UNDONE
            in_state(lake, replace(undone, undone_by=by.id if is_undone else None), state, author)
        by, state = undone, PlanState.APPLIED if state is PlanState.UNDONE else PlanState.UNDONE


def undone_by(lake: Lake, plan: RollbackPlan) -> Iterator[RollbackPlan]:
    """Yields the plan that a plan undoes, the one that that undoes, and so on to the rollback itself."""
    while plan.undoes is not None:
        found = lake.stores.plans.get(plan.undoes)
        assert found is not None  # plans are kept
        yield found
        plan = found


def in_state(lake: Lake, plan: RollbackPlan, state: PlanState, author: str) -> RollbackPlan:
    """Stores a plan in a new state, and returns it."""
    event = PlanEvent(state=state, at=lake.clock(), author=author)
    moved = replace(plan, state=state, history=(*plan.history, event))
    lake.stores.plans.replace(moved)
    return moved


def _check_current(lake: Lake, plan: RollbackPlan, author: str) -> None:
    changed: list[PlanItem] = []
    for part in plan.parts:
        opened = lake.repository(part.repository)
        tip = opened.ref(opened.current_branch(part.branch))
        changed += _changed(opened, tip, items_of(plan, part))
    if changed:
        if plan.state is not PlanState.OUTDATED:
            in_state(lake, plan, PlanState.OUTDATED, author)
        raise _outdated(plan, changed)


def _changed(opened: OpenRepository, tip: Commit, items: Iterable[PlanItem]) -> list[PlanItem]:
    tree = RootTree(opened.nodes, tip.root)
    return [item for item in items if tree.digest_at(item.path) != _expected(item)]


def _expected(item: PlanItem) -> str | None:
    # A plan of an earlier version knows only what is bad, which was current then.
    return item.current if item.choices else item.bad


def _outdated(plan: RollbackPlan, changed: Sequence[PlanItem]) -> PlanOutdatedError:
    first = changed[0]
    more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
    return PlanOutdatedError(
        f"{first.path!r}{more} has changed on {first.branch!r} since plan {plan.id} was made; make a new "
        "plan, or skip what changed (`--decide PATH=skip`)",
        plan=plan.id,
        path=first.path,
        paths=[item.path for item in changed],
    )


def _apply_part(lake: Lake, plan: RollbackPlan, part: PlanPart, author: str, message: str) -> RollbackPlan:
    opened = lake.repository(part.repository)
    items = items_of(plan, part)
    is_first = all(other.commit is None for other in plan.parts)
    done: list[PlanItem] = []

    def build(tip: Commit, nodes: NodeBuffer) -> Commit:
        changed = _changed(opened, tip, items)
        if changed and is_first:
            raise _outdated(plan, changed)
        done[:] = [item for item in items if item not in changed]
        metadata = {"rollback": plan.target, "plan": plan.id}
        if changed:
            metadata[_LEFT] = "\n".join(item.path for item in changed)
        return _commit(opened, nodes, tip, done, author=author, message=message, metadata=metadata)

    def settle(_commit: Commit, _nodes: NodeBuffer) -> Beside:
        return Beside(quarantines=tuple(_quarantines(lake, opened, plan, done, author)))

    try:
        commit = move_branch(
            opened,
            opened.current_branch(part.branch),
            "rollback",
            actor=author,
            key=_key(plan, part),
            build=build,
            settle=settle,
        )
    except PlanOutdatedError:
        in_state(lake, plan, PlanState.OUTDATED, author)
        raise
    left = _left(plan, items, commit)
    return replace(
        plan,
        items=tuple(
            replace(item, action=PlanAction.KEEP, reason=PlanReason.CHANGED)
            if item in items and item.path in left
            else item
            for item in plan.items
        ),
        parts=tuple(replace(each, commit=commit.id) if each == part else each for each in plan.parts),
    )


def _key(plan: RollbackPlan, part: PlanPart) -> str:
    is_home = part is plan.parts[0] or part == plan.parts[0]
    return f"plan:{plan.id}" if is_home else f"plan:{plan.id}:{part.branch}"


def _left(plan: RollbackPlan, items: Sequence[PlanItem], commit: Commit) -> set[str]:
    """Returns the paths that a plan's commit left out; all, if nothing was left to commit."""
    if commit.metadata.get("plan") != plan.id:
        return {item.path for item in items}
    return set(commit.metadata.get(_LEFT, "").split("\n")) - {""}


def _commit(
    opened: OpenRepository,
    nodes: NodeBuffer,
    tip: Commit,
    items: Sequence[PlanItem],
    *,
    author: str,
    message: str,
    metadata: dict[str, str],
) -> Commit:
    if not items:
        return tip
    root = tip.root
    for item in items:
        if item.action is PlanAction.MERGE:
            root = kept_later(opened, nodes, root, item)
    merged = make_commit(parents=[tip], root=root, author=author, message=message, created_at=opened.clock())
    restorations: list[Restoration] = []
    # Outer paths first: a partition may go back further than its dataset.
    for item in sorted(items, key=lambda item: item.path):
        outer = next((each for each in restorations if is_under(item.path, each.path)), None)
        if outer is not None and _holds(nodes, outer.source, item):
            continue
        restorations.append(Restoration(path=item.path, source=_source(opened, item, merged)))
    return restore_paths(
        opened, nodes, restorations, tip=tip, author=author, message=message, metadata=metadata
    )


def _holds(nodes: NodeBuffer, source: Commit | None, item: PlanItem) -> bool:
    """Tells whether what an item is to become comes with what is around it."""
    found = RootTree(nodes, source.root).digest_at(item.path) if source is not None else None
    return found == item.result


def _source(opened: OpenRepository, item: PlanItem, merged: Commit) -> Commit | None:
    if item.action is PlanAction.MERGE:
        return merged if item.merged else None
    return opened.commit(item.good_commit) if item.good_commit else None


def _quarantines(
    lake: Lake, opened: OpenRepository, plan: RollbackPlan, items: Sequence[PlanItem], author: str
) -> Iterable[Quarantine]:
    """Returns the quarantines that are set with a part of a plan; or lifted, if it takes a rollback back.

    They are the rollback's own, however often that is undone and done again.
    """
    undone = list(undone_by(lake, plan))
    rollback = undone[-1] if undone else plan
    store = opened.stores.quarantines
    if len(undone) % 2:
        held = every(lambda after, limit: store.list(opened.info.id, path="", after=after, limit=limit))
        return lifted(opened, (each for each in held if _is_by(each, rollback.id, items)), author=author)
    namespace = dataset_namespace(opened.info.name)
    places = {(item.repository, item.branch, item.path) for item in items}
    # What is done again takes back what the rollback did, whatever became of that between.
    again = [each for each in rollback.items if (each.repository, each.branch, each.path) in places]
    versions = {
        Version(namespace=namespace, name=item.dataset, partition=item.partition, version=bad)
        for item in (*items, *again)
        for bad in (item.bad, item.current)
        if bad is not None
    }
    known = {
        (each.dataset, each.partition, each.snapshot)
        for dataset in {item.dataset for item in items}
        for each in store.holding(opened.info.id, dataset)
    }
    new = [each for each in versions if (each.name, each.partition, each.version) not in known]
    reason = f"rolled back: {rollback.target}"
    return quarantined(opened, new, reason=reason, author=author, plan=rollback.id)


def _is_by(held: Quarantine, plan: PlanId, items: Iterable[PlanItem]) -> bool:
    return held.plan == plan and any(
        (item.dataset, item.partition) == (held.dataset, held.partition) for item in items
    )


def items_of(plan: RollbackPlan, part: PlanPart) -> list[PlanItem]:
    """Returns what a plan changes on one branch."""
    place = (part.repository, part.branch)
    return [item for item in plan.items if item.changes and (item.repository, item.branch) == place]


def _message(plan: RollbackPlan) -> str:
    return f"undo plan {plan.undoes}" if plan.undoes else f"roll back {plan.target}"
