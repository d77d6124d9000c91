"""Plans: previewed changes to a branch's tip. Nothing happens until one is applied."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import CommitId, PlanId, RunId, SnapshotId


class PlanState(StrEnum):
    PLANNED = "planned"
    APPLIED = "applied"


class RollbackScope(StrEnum):
    """How far a rollback reaches."""

    OUTPUTS = "outputs"
    """What the target itself wrote."""
    DESCENDANTS = "descendants"
    """That, and everything derived from it."""


class PlanAction(StrEnum):
    """What a plan does with one dataset or partition."""

    RESTORE = "restore"
    """Put the last clean version back."""
    REMOVE = "remove"
    """There is no clean version: it did not exist before."""
    KEEP = "keep"
    """The bad run wrote it, but it is clean or no longer current: left as it is."""


class PlanReason(StrEnum):
    """Why an item has its action."""

    OUTPUT = "output"
    """The bad run wrote it."""
    DERIVED = "derived"
    """It was made from something bad."""
    SAME_CONTENT = "same_content"
    """A clean run made exactly the same content."""
    SUPERSEDED = "superseded"
    """The branch holds a later, clean version already."""
    ELSEWHERE = "elsewhere"
    """It is not in this repository on this branch: not ours to undo here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """What becomes of one dataset or partition."""

    dataset: str
    partition: str
    action: PlanAction
    reason: PlanReason
    degree: int
    """How many runs away from the bad one: 0 is its own output."""
    produced_by: RunId | None
    """The run that made the bad version."""
    job: str | None
    bad: SnapshotId | None
    good: SnapshotId | None = None
    """What is put back."""
    good_commit: CommitId | None = None
    """Where it was last seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """How a branch gets back to clean data, as one commit that itself can be reverted."""

    id: PlanId
    repository: str
    branch: str
    target: str
    """What was bad, as asked for: a run, or a version."""
    scope: RollbackScope
    head: CommitId
    """The branch's tip that the plan was made for."""
    items: tuple[PlanItem, ...]
    created_at: datetime
    state: PlanState = PlanState.PLANNED
    commit: CommitId | None = None
    """The commit that applied it."""
