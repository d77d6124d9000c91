"""Operations on plans."""

from typing import Protocol

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.plan import RollbackPlan, RollbackScope


class Plans(Protocol):
    """Previewed changes to a branch's tip."""

    def plan_rollback(
        self,
        repository: str,
        target: str,
        *,
        branch: str | None = None,
        scope: RollbackScope = RollbackScope.DESCENDANTS,
        outputs: tuple[str, ...] = (),
    ) -> RollbackPlan:
        """Plans to undo a bad run or version on `branch` (None: the default branch). Nothing changes yet.

        `target` is a node as for `Lineage`. `outputs` limits what counts as bad to these datasets of the
        run. Every dataset or partition whose current version is bad, or was derived from one (unless a
        clean run made exactly the same content), goes back to the last version on the branch that is not.
        """
        ...

    def get_plan(self, plan: PlanId) -> RollbackPlan:
        """Returns a stored plan. Raises PlanNotFoundError."""
        ...

    def list_plans(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RollbackPlan]:
        """Returns plans, newest first."""
        ...

    def apply_plan(self, plan: PlanId, *, author: str, message: str | None = None) -> RollbackPlan:
        """Carries a plan out as one commit, and returns it with that commit. Applying again changes nothing.

        Raises PlanOutdatedError if an item is no longer at the version the plan was made for.
        """
        ...
