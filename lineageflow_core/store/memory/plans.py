"""Plans in memory."""

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import Page
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import Place, check_limit, page_of
from lineageflow_core.store.refusals import plan_missing, plan_taken


class MemoryPlanStore:
    """A `PlanStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def repository_of(self, plan: PlanId) -> str | None:
        with self._state.lock:
            return self._state.plans[plan][0] if plan in self._state.plans else None

    def add(self, repository: str, plan: RollbackPlan) -> None:
        check_instant(plan.created_at)
        with self._state.lock:
            if self._state.plans.setdefault(plan.id, (repository, plan)) != (repository, plan):
                raise plan_taken(plan.id)

    def get(self, plan: PlanId) -> RollbackPlan | None:
        with self._state.lock:
            _, stored = self._state.plans.get(plan, ("", None))
            return stored

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[RollbackPlan]:
        check_limit(limit)
        place = Place.parse(after) if after is not None else None
        with self._state.lock:
            found = [
                plan
                for owner, plan in self._state.plans.values()
                if owner == repository and (place is None or _place(plan) < place)
            ]
        return page_of(sorted(found, key=_place, reverse=True), limit, cursor=_place)

    def replace(self, plan: RollbackPlan) -> None:
        check_instant(plan.created_at)
        with self._state.lock:
            if plan.id not in self._state.plans:
                raise plan_missing(plan.id)
            repository, _ = self._state.plans[plan.id]
            self._state.plans[plan.id] = (repository, plan)


def _place(plan: RollbackPlan) -> Place:
    return Place(plan.created_at, plan.id)
