"""Operations on plans."""

from collections.abc import Mapping
from typing import Protocol

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.plan import PlanDecision, RollbackPlan, RollbackReach, RollbackScope


class Plans(Protocol):
    """Previewed changes to the tips of branches.

    `decisions` decide about items by path (`raw/2026-05-01`), or by `lf://repository/@branch/path` where a
    path alone would mean several.
    """

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
        """Plans to take back what is bad, and all that was derived from it. Nothing changes yet.

        A `target` is what is bad: a node as for `Lineage` (a run, a dataset, partition or object, an exact
        version); a commit, by any revision of `branch`'s repository; or all commits of a range:
        `v1..main`, or `main@{2026-05-01T02:00Z}..` for everything since. There may be several.
        `branch` is a branch of `repository` (None: the default one). `outputs` limits what counts as bad to
        these datasets of a run. `to` is the revision that a dataset or partition goes back to; all of its
        versions since then are bad.

        Every dataset or partition, in any repository of the lake, whose current version is bad, or was
        derived from one (unless a clean run made exactly the same content), goes back to the last version
        on its branch that is not, and is not quarantined. Where somebody changed it afterwards, that later
        work stays unless it is decided otherwise. What is bad and outside of the lake is listed, too.
        """
        ...

    def plan_undo(self, plan: PlanId, *, decisions: Mapping[str, PlanDecision] = {}) -> RollbackPlan:
        """Plans to take an applied plan back: its commits are reverted, and its quarantines lifted.

        A plan that undoes another one can be undone, too, and that again: then what it undid is applied
        again, with its quarantines. Work that was done since stays. Raises StateError if the plan is not
        applied.
        """
        ...

    def get_plan(self, plan: PlanId) -> RollbackPlan:
        """Returns a stored plan. Raises PlanNotFoundError."""
        ...

    def list_plans(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RollbackPlan]:
        """Returns plans that were made for a repository, newest first."""
        ...

    def apply_plan(
        self,
        plan: PlanId,
        *,
        author: str,
        message: str | None = None,
        decisions: Mapping[str, PlanDecision] = {},
    ) -> RollbackPlan:
        """Carries a plan out, as one commit on each branch, and returns it with those commits.

        The versions that it takes back are quarantined by the same commits. Applying again finishes what
        is not done, and changes nothing more. Raises PlanOutdatedError, and changes nothing, if an item is
        no longer at the version that the plan was made for. What changes only while it is being applied is
        left as it is and told as such (`PlanReason.CHANGED`).
        """
        ...
