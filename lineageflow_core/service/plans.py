"""Rolling branches back to clean data: planned over the lineage, applied as one commit on each branch.

Invariants: planning changes nothing; a plan restores only what its branches still hold, so later good work
stays; applying makes one commit on each branch, once however often it is asked for, and a plan that was
interrupted goes on where it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import uuid4

from lineageflow_core.errors import InvalidInputError, NotFoundError, PlanNotFoundError, StateError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import PlanId, RunId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.plan import (
    PlanDecision,
    PlanItem,
    PlanPart,
    PlanState,
    RollbackPlan,
    RollbackReach,
    RollbackScope,
)
from lineageflow_core.openlineage.naming import repository_of
from lineageflow_core.service.nodes import Nodes
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.outside import outside_items
from lineageflow_core.service.plan_application import apply
from lineageflow_core.service.plan_decisions import decide_items
from lineageflow_core.service.planning import BranchItems
from lineageflow_core.service.rollback_targets import Bad, find_bad
from lineageflow_core.service.taint import Derived, derive
from lineageflow_core.service.tips import branches_holding
from lineageflow_core.service.undoing import undoing_items
from lineageflow_core.service.writing import writable

_ROUNDS = 100
"""Far more than later work is ever built upon: each round finds what was derived from what the last found."""


class PlansService:
    """Implements `catalog.Plans` over the ports."""

    def __init__(self, lake: Lake, nodes: Nodes) -> None:
        self._lake = lake
        self._nodes = nodes

    def plan_rollback(
        self,
        repository: str,
        target: str | tuple[str, ...],
        *,
        branch: str | None = None,
        scope: RollbackScope = RollbackScope.DESCENDANTS,
        reach: RollbackReach = RollbackReach.BRANCH,
        outputs: tuple[str, ...] = (),
        to: str | None = None,
        decisions: Mapping[str, PlanDecision] = {},
    ) -> RollbackPlan:
        opened = self._lake.repository(repository)
        name = branch or opened.info.default_branch
        tip = opened.ref(writable(name))
        targets = (target,) if isinstance(target, str) else target
        if not targets:
            raise InvalidInputError("nothing is named as bad; name a run, a dataset, a commit or a range")
        bad = find_bad(opened, self._nodes, tip, targets, branch=name, outputs=outputs, to=to)
        derived, branches = self._whole(opened, name, bad, scope, reach)
        items = [item for items in branches for item in items.items()]
        items += outside_items(self._lake, derived, bad.writes, scope=scope, jobs=self._jobs(derived))
        plan = self._new(opened, name, tip, ", ".join(targets), scope, decide_items(items, decisions))
        plan = replace(plan, reach=reach)
        opened.stores.plans.add(opened.info.id, plan)
        return plan

    def plan_undo(self, plan: PlanId, *, decisions: Mapping[str, PlanDecision] = {}) -> RollbackPlan:
        found = self.get_plan(plan)
        if found.state is not PlanState.APPLIED:
            raise StateError(
                f"plan {plan} is {found.state.value}: only what is applied can be undone; "
                "`lineageflow rollback TARGET` makes a new plan",
                plan=plan,
                state=found.state.value,
            )
        opened = self._lake.repository(found.repository)
        items = list(undoing_items(self._lake, found))
        tip = opened.ref(opened.current_branch(found.branch))
        undoing = replace(
            self._new(opened, found.branch, tip, f"plan:{plan}", found.scope, decide_items(items, decisions)),
            undoes=plan,
            reach=found.reach,
        )
        opened.stores.plans.add(opened.info.id, undoing)
        return undoing

    def get_plan(self, plan: PlanId) -> RollbackPlan:
        found = self._lake.stores.plans.get(plan)
        owner = self._lake.stores.plans.repository_of(plan)
        if found is None or owner is None:
            raise PlanNotFoundError(
                f"there is no plan {plan!r}; `lineageflow rollback RUN --dry-run` makes one", plan=plan
            )
        return _as_of_today(found, self._lake.with_id(owner).info.name)

    def list_plans(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RollbackPlan]:
        opened = self._lake.repository(repository)
        page = opened.stores.plans.list(opened.info.id, after=after, limit=limit)
        return replace(page, items=tuple(_as_of_today(plan, opened.info.name) for plan in page.items))

    def apply_plan(
        self,
        plan: PlanId,
        *,
        author: str,
        message: str | None = None,
        decisions: Mapping[str, PlanDecision] = {},
    ) -> RollbackPlan:
        found = self.get_plan(plan)
        if found.state in {PlanState.APPLIED, PlanState.UNDONE}:
            return found
        if decisions:
            if found.state is PlanState.APPLYING:
                raise StateError(f"plan {plan} is being applied: what it does is decided already", plan=plan)
            found = replace(found, items=decide_items(found.items, decisions))
        if not any(item.changes for item in found.items):
            raise StateError(f"plan {plan} changes nothing on {found.branch!r}: there is nothing to apply")
        return apply(self._lake, found, author=author, message=message)

    def _new(
        self,
        opened: OpenRepository,
        branch: str,
        tip: Commit,
        target: str,
        scope: RollbackScope,
        items: tuple[PlanItem, ...],
    ) -> RollbackPlan:
        home = PlanPart(repository=opened.info.name, branch=branch, head=tip.id)
        others = sorted(
            {(item.repository, item.branch) for item in items if item.choices} - {(home.repository, branch)}
        )
        heads = (self._lake.repository(name).ref(writable(place)).id for name, place in others)
        parts = [
            PlanPart(repository=name, branch=place, head=head)
            for (name, place), head in zip(others, heads, strict=True)
        ]
        return RollbackPlan(
            id=PlanId(uuid4().hex[:12]),
            repository=opened.info.name,
            branch=branch,
            target=target,
            scope=scope,
            head=tip.id,
            items=items,
            created_at=self._lake.clock(),
            parts=(home, *parts),
        )

    def _whole(
        self, opened: OpenRepository, branch: str, bad: Bad, scope: RollbackScope, reach: RollbackReach
    ) -> tuple[tuple[Derived, ...], list[BranchItems]]:
        """Returns all that is derived, and the items of every branch in question.

        What people made on top of a bad version is no version that lineage knows to be bad; what was derived
        from that is found as soon as it is called so, too. So it goes on until no more is found.
        """
        mixed: set[Version] = set()
        for _ in range(_ROUNDS):
            derived = derive(self._lake.lineage, bad_writes=bad.writes, bad_versions=[*bad.versions, *mixed])
            if scope is RollbackScope.OUTPUTS:
                derived = tuple(found for found in derived if found.degree == 0)
            branches = list(self._branches(opened, branch, derived, bad, mixed, reach))
            more = {version for items in branches for version in items.mixed()} - mixed
            if not more or scope is RollbackScope.OUTPUTS:
                break
            mixed |= more
        return derived, branches

    def _branches(
        self,
        home: OpenRepository,
        branch: str,
        derived: Collection[Derived],
        bad: Bad,
        mixed: Collection[Version],
        reach: RollbackReach,
    ) -> Iterator[BranchItems]:
        by_repository: dict[str, list[Derived]] = defaultdict(list)
        for found in derived:
            by_repository[repository_of(found.version.namespace) or ""].append(found)
        tainted = [found.version for found in derived if found.tainted]
        holding = branches_holding(self._lake, tainted) if reach is RollbackReach.ALL_BRANCHES else {}
        jobs = self._jobs(derived)
        for name in sorted(by_repository, key=lambda name: (name != home.info.name, name)):
            opened = self._opened(name)
            if opened is None:
                continue
            is_home = opened.info.id == home.info.id
            first = branch if is_home else opened.info.default_branch
            others = {
                each
                for version, names in holding.items()
                for each in names
                if repository_of(version.namespace) == name
            }
            for place in [first, *sorted(others - {first})]:
                yield BranchItems(
                    opened,
                    place,
                    opened.ref(writable(place)),
                    by_repository[name],
                    jobs=jobs,
                    back_to=bad.back_to if is_home else {},
                    mixed=[each for each in mixed if repository_of(each.namespace) == name],
                )

    def _opened(self, name: str) -> OpenRepository | None:
        try:
            return self._lake.repository(name) if name else None
        except (NotFoundError, InvalidInputError):
            return None  # the events are about a repository of another lake, or what cannot be one

    def _jobs(self, derived: Iterable[Derived]) -> dict[RunId, str]:
        runs = sorted({found.produced_by for found in derived if found.produced_by})
        return {run.id: run.job.name for run in self._lake.lineage.runs(runs).values()}


def _as_of_today(plan: RollbackPlan, repository: str) -> RollbackPlan:
    """Returns a plan with today's name of its repository. Those made earlier knew one branch only."""
    before = plan.repository

    def renamed(name: str) -> str:
        return repository if name in {before, ""} else name

    if not plan.parts:
        items = (replace(item, repository=repository, branch=plan.branch) for item in plan.items)
        home = PlanPart(repository=repository, branch=plan.branch, head=plan.head, commit=plan.commit)
        return replace(plan, repository=repository, items=tuple(items), parts=(home,))
    if before == repository:
        return plan
    return replace(
        plan,
        repository=repository,
        items=tuple(
            replace(item, repository=renamed(item.repository)) if item.repository else item
            for item in plan.items
        ),
        parts=tuple(replace(part, repository=renamed(part.repository)) for part in plan.parts),
    )
