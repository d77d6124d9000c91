"""Plans: previewed changes to the tips of branches. Nothing happens until one is applied."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import CommitId, PlanId, RunId, SnapshotId
from lineageflow_core.model.merge import ChangedBy


class PlanState(StrEnum):
    """How far a plan has come."""

    PLANNED = "planned"
    APPLYING = "applying"
    """Some of its branches may have their commit: applying it again finishes the rest."""
    APPLIED = "applied"
    UNDONE = "undone"
    """Another plan, that undoes it, was applied."""
    OUTDATED = "outdated"
    """When it was last to be applied, something that it would change had changed: nothing happened."""


class RollbackScope(StrEnum):
    """How far a rollback reaches."""

    OUTPUTS = "outputs"
    """What the target itself wrote."""
    DESCENDANTS = "descendants"
    """That, and everything derived from it."""


class RollbackReach(StrEnum):
    """Which branches a rollback looks at."""

    BRANCH = "branch"
    """The one named, or the default one; in other repositories the default one."""
    ALL_BRANCHES = "all_branches"
    """And every branch that holds a tainted version."""


class PlanDecision(StrEnum):
    """What people decide about one item."""

    RESTORE = "restore"
    """Take all of it back to the last clean version, later work included."""
    KEEP_LATER = "keep_later"
    """Take back, file by file, only what the bad version brought; later work stays."""
    SKIP = "skip"
    """Leave it as it is."""


class PlanAction(StrEnum):
    """What a plan does with one dataset or partition."""

    RESTORE = "restore"
    """Put the last clean version back."""
    MERGE = "merge"
    """Take back what the bad version brought, and keep later work."""
    REMOVE = "remove"
    """There is no clean version: it did not exist before."""
    KEEP = "keep"
    """The bad run wrote it, but it is clean or no longer current: left as it is."""
    SKIP = "skip"
    """It is bad, and somebody decided to leave it."""
    CANNOT = "cannot"
    """It is bad, and not ours to take back: somebody must be told."""


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
    """It is not in this repository on this branch: not ours to undo here. Only of plans made earlier."""
    EXTERNAL = "external"
    """It is outside of this lake."""
    UNKNOWN = "unknown"
    """A run wrote it that read something bad, but no event says which version."""
    CHANGED = "changed"
    """It changed while the plan was being applied: left as it is."""
    UNDONE = "undone"
    """A rollback took it back, and that is taken back."""


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
    repository: str = ""
    """Whose dataset it is; '' for what is in no repository of the lake."""
    branch: str = ""
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet says."""
    current: SnapshotId | None = None
    """What the branch held when the plan was made. Another than `bad` if there is later work."""
    later: tuple[ChangedBy, ...] = ()
    """Commits that changed it after the bad version and did not replace it as a whole, newest first."""
    merged: SnapshotId | None = None
    """What is there if later work is kept; None if nothing is."""
    bad_commit: CommitId | None = None
    """Where the branch last held the bad version, if there is later work."""
    choices: tuple[PlanDecision, ...] = ()
    """What can be decided about it."""
    owners: tuple[str, ...] = ()
    """Whom to tell, as OpenLineage's ownership facet says."""

    @property
    def path(self) -> str:
        """The dataset's or partition's path."""
        return f"{self.dataset}/{self.partition}" if self.partition else self.dataset

    @property
    def changes(self) -> bool:
        """Tells whether applying the plan changes it."""
        return self.action in {PlanAction.RESTORE, PlanAction.MERGE, PlanAction.REMOVE}

    @property
    def result(self) -> SnapshotId | None:
        """What is there once the plan is applied, if it changes the item."""
        return self.merged if self.action is PlanAction.MERGE else self.good


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """What a plan does to one branch: one commit."""

    repository: str
    branch: str
    head: CommitId
    """The branch's tip that the plan was made for."""
    commit: CommitId | None = None
    """The branch's tip once this part was applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """That a plan came into a state."""

    state: PlanState
    at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """How branches get back to clean data, by one commit each. A plan can be undone, by another one."""

    id: PlanId
    repository: str
    branch: str
    target: str
    """What was bad, as asked for; several with ', ' between them."""
    scope: RollbackScope
    head: CommitId
    """The branch's tip that the plan was made for."""
    items: tuple[PlanItem, ...]
    created_at: datetime
    state: PlanState = PlanState.PLANNED
    commit: CommitId | None = None
    """The commit that applied it to `branch`."""
    parts: tuple[PlanPart, ...] = ()
    """All branches that it changes; `branch` of `repository` is the first."""
    history: tuple[PlanEvent, ...] = ()
    """The states that it came into since it was made, oldest first."""
    reach: RollbackReach = RollbackReach.BRANCH
    """Which branches were looked at."""
    undoes: PlanId | None = None
    """The plan that this one takes back."""
    undone_by: PlanId | None = None
