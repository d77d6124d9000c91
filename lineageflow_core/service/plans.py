"""Rolling a branch back to clean data: planned over the lineage, applied as one commit.

Invariants: planning changes nothing; a plan restores only what its branch still holds, so later good work
stays; applying is one commit, made once however often it is asked for, and can be reverted like any other.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from lineageflow_core.errors import InvalidInputError, PlanNotFoundError, PlanOutdatedError, StateError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, PlanId, RunId, SnapshotId
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.plan import (
    PlanAction,
    PlanItem,
    PlanReason,
    PlanState,
    RollbackPlan,
    RollbackScope,
)
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.log import changing
from lineageflow_core.service.nodes import Nodes, Start
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.restoring import Restoration, restore_paths
from lineageflow_core.service.taint import Derived, derive
from lineageflow_core.service.writing import move_branch, writable
from lineageflow_core.tree.root import RootTree, join
from lineageflow_core.tree.source import NodeBuffer

_Unit = tuple[str, str]
"""A dataset and a partition of it, '' for the whole."""


@dataclass(frozen=True, slots=True)
class _Clean:
    """Where a unit was last clean."""

    commit: CommitId
    snapshot: SnapshotId | None
    """None: it did not exist."""


class PlansService:
    """Implements `catalog.Plans` over the ports."""

    def __init__(self, lake: Lake, nodes: Nodes) -> None:
        self._lake = lake
        self._nodes = nodes

    def plan_rollback(
        self,
        repository: str,
        target: str,
        *,
        branch: str | None = None,
        scope: RollbackScope = RollbackScope.DESCENDANTS,
        outputs: tuple[str, ...] = (),
    ) -> RollbackPlan:
        opened = self._lake.repository(repository)
        name = branch or opened.info.default_branch
        tip = opened.ref(writable(name))
        start = self._nodes.resolve(target)
        derived = derive(
            opened.lineage,
            bad_writes=self._bad_writes(opened, start, outputs),
            bad_versions=start.versions,
        )
        if scope is RollbackScope.OUTPUTS:
            derived = tuple(found for found in derived if found.degree == 0)
        plan = RollbackPlan(
            id=PlanId(uuid4().hex[:12]),
            repository=opened.info.name,
            branch=name,
            target=target,
            scope=scope,
            head=tip.id,
            items=tuple(self._items(opened, tip, derived)),
            created_at=self._lake.clock(),
        )
        opened.stores.plans.add(opened.info.id, plan)
        return plan

    def get_plan(self, plan: PlanId) -> RollbackPlan:
        found = self._lake.stores.plans.get(plan)
        owner = self._lake.stores.plans.repository_of(plan)
        if found is None or owner is None:
            raise PlanNotFoundError(
                f"there is no plan {plan!r}; `lineageflow rollback RUN --dry-run` makes one", plan=plan
            )
        return replace(found, repository=self._lake.with_id(owner).info.name)

    def list_plans(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RollbackPlan]:
        opened = self._lake.repository(repository)
        page = opened.stores.plans.list(opened.info.id, after=after, limit=limit)
        return replace(page, items=tuple(replace(plan, repository=opened.info.name) for plan in page.items))

    def apply_plan(self, plan: PlanId, *, author: str, message: str | None = None) -> RollbackPlan:
        found = self.get_plan(plan)
        if found.state is PlanState.APPLIED:
            return found
        items = [item for item in found.items if item.action is not PlanAction.KEEP]
        if not items:
            raise StateError(f"plan {plan} changes nothing on {found.branch!r}: there is nothing to apply")
        opened = self._lake.repository(found.repository)

        def build(tip: Commit, nodes: NodeBuffer) -> Commit:
            _check_current(opened, tip, found, items)
            return restore_paths(
                opened,
                nodes,
                [_restoration(opened, item) for item in items],
                tip=tip,
                author=author,
                message=message or f"roll back {found.target}",
                metadata={"rollback": found.target, "plan": plan},
            )

        commit = move_branch(
            opened,
            opened.current_branch(found.branch),
            "rollback",
            actor=author,
            key=f"plan:{plan}",
            build=build,
        )
        applied = replace(found, state=PlanState.APPLIED, commit=commit.id)
        opened.stores.plans.replace(applied)
        return applied

    def _bad_writes(self, opened: OpenRepository, start: Start, outputs: Collection[str]) -> list[Io]:
        writes = opened.lineage.writes([run.id for run in start.runs])
        if not outputs:
            return writes
        unknown = sorted(set(outputs) - {io.version.name for io in writes})
        if unknown:
            written = ", ".join(sorted({io.version.name for io in writes})) or "nothing"
            raise InvalidInputError(f"the run did not write {', '.join(unknown)}; it wrote {written}")
        return [io for io in writes if io.version.name in outputs]

    def _items(self, opened: OpenRepository, tip: Commit, derived: Collection[Derived]) -> Iterable[PlanItem]:
        namespace = dataset_namespace(opened.info.name)
        jobs = self._jobs(opened, derived)
        ours = [found for found in derived if found.version.namespace == namespace]
        tainted: dict[_Unit, set[str | None]] = {}
        for found in ours:
            if found.tainted:
                tainted.setdefault(_unit(found), set()).add(found.version.version)
        tree = RootTree(opened.nodes, tip.root)
        current = {_unit(found): tree.digest_at(join(*_unit(found))) for found in ours}
        clean = _last_clean(opened, tip, {unit: bad for unit, bad in tainted.items() if current[unit] in bad})
        settled: set[_Unit] = set()
        for found in sorted(
            ours, key=lambda found: (found.degree, found.version.version != current[_unit(found)])
        ):
            unit = _unit(found)
            if unit in settled:
                continue
            if found.version.version != current[unit]:
                # Of what is not there any more, only the bad run's own outputs are worth a line.
                if found.degree == 0 and not _current_is_derived(ours, unit, current[unit]):
                    settled.add(unit)
                    yield _keep(found, PlanReason.SUPERSEDED, jobs)
                continue
            settled.add(unit)
            if found.tainted:
                yield _undo(found, clean[unit], jobs)
            else:
                yield _keep(found, PlanReason.SAME_CONTENT, jobs)
        for found in derived:
            if found.version.namespace != namespace and found.tainted:
                yield _keep(found, PlanReason.ELSEWHERE, jobs)

    def _jobs(self, opened: OpenRepository, derived: Iterable[Derived]) -> dict[RunId, str]:
        runs = sorted({found.produced_by for found in derived if found.produced_by})
        return {run.id: run.job.name for run in opened.lineage.runs(runs).values()}


def _unit(found: Derived) -> _Unit:
    return found.version.name, found.version.partition


def _current_is_derived(derived: Iterable[Derived], unit: _Unit, current: str | None) -> bool:
    return any(_unit(found) == unit and found.version.version == current for found in derived)


def _last_clean(
    opened: OpenRepository, tip: Commit, tainted: Mapping[_Unit, Collection[str | None]]
) -> dict[_Unit, _Clean]:
    """Goes back to where each unit last held something on the branch that is not tainted."""
    return {unit: _clean_before(opened, tip, join(*unit), bad) for unit, bad in tainted.items()}


def _clean_before(opened: OpenRepository, tip: Commit, path: str, bad: Collection[str | None]) -> _Clean:
    commit = tip
    for commit in changing(opened, tip, path):
        if commit.parents:
            before = opened.commit(commit.parents[0])
            digest = RootTree(opened.nodes, before.root).digest_at(path)
            if digest not in bad:
                return _Clean(before.id, SnapshotId(digest) if digest else None)
    return _Clean(commit.id, None)


def _keep(found: Derived, reason: PlanReason, jobs: Mapping[RunId, str]) -> PlanItem:
    version = found.version
    return PlanItem(
        dataset=f"{version.namespace}/{version.name}" if reason is PlanReason.ELSEWHERE else version.name,
        partition=version.partition,
        action=PlanAction.KEEP,
        reason=reason,
        degree=found.degree,
        produced_by=found.produced_by,
        job=jobs.get(found.produced_by) if found.produced_by else None,
        bad=SnapshotId(version.version) if version.version else None,
    )


def _undo(found: Derived, clean: _Clean, jobs: Mapping[RunId, str]) -> PlanItem:
    return replace(
        _keep(found, PlanReason.OUTPUT if found.degree == 0 else PlanReason.DERIVED, jobs),
        action=PlanAction.RESTORE if clean.snapshot else PlanAction.REMOVE,
        good=clean.snapshot,
        good_commit=clean.commit if clean.snapshot else None,
    )


def _restoration(opened: OpenRepository, item: PlanItem) -> Restoration:
    source = opened.commit(item.good_commit) if item.good_commit else None
    return Restoration(path=join(item.dataset, item.partition), source=source)


def _check_current(
    opened: OpenRepository, tip: Commit, plan: RollbackPlan, items: Iterable[PlanItem]
) -> None:
    tree = RootTree(opened.nodes, tip.root)
    for item in items:
        path = join(item.dataset, item.partition)
        if tree.digest_at(path) != item.bad:
            raise PlanOutdatedError(
                f"{path!r} has changed on {plan.branch!r} since plan {plan.id} was made; make a new plan",
                plan=plan.id,
                path=path,
            )
