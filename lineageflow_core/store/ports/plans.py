"""Plans."""

from typing import Protocol

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import Page
from lineageflow_core.model.plan import RollbackPlan


class PlanStore(Protocol):
    """Plans, by id."""

    def repository_of(self, plan: PlanId) -> str | None:
        """Returns the id of the repository that a plan is about."""
        ...

    def add(self, repository: str, plan: RollbackPlan) -> None: ...

    def get(self, plan: PlanId) -> RollbackPlan | None: ...

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[RollbackPlan]:
        """Newest first."""
        ...

    def replace(self, plan: RollbackPlan) -> None:
        """Stores a plan that is stored already, in its new state."""
        ...
