"""Runs: one execution of a job, as OpenLineage defines them, and the transaction a run writes in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import CommitId, RunId


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Job:
    """A process that runs again and again: a pipeline, or one step of it."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class JobEdge:
    """One job goes before another: control, or data without a name of its own."""

    source: Job
    target: Job


class RunState(StrEnum):
    """Where a run stands; the last three are final."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVersion:
    """The code that a run executed."""

    revision: str
    """Git commit id; ends in '+changes' where the work tree differed from it."""
    repository_url: str | None = None
    branch: str | None = None
    path: str | None = None
    """The file that defines the job, inside the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution, as the events about it say."""

    id: RunId
    job: Job
    state: RunState
    parent: RunId | None = None
    """The run that this one is a step of."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    code: CodeVersion | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """What it ran on: Python, platform, versions of packages that matter."""
    params: dict[str, str] = field(default_factory=dict)
    error: str | None = None


class TransactionState(StrEnum):
    """What became of a run's branch."""

    OPEN = "open"
    PUBLISHED = "published"
    DISCARDED = "discarded"
    """The run failed: the branch is kept for looking at, closed to writers, until it expires."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Everything that one run writes to one repository: visible on `into` wholly, or not at all."""

    run_id: RunId
    """Of the whole pipeline's run, whose steps share the transaction."""
    repository: str
    base: CommitId
    """What the run reads where it has not written: pinned once, so that all its steps see one state."""
    into: str
    """The branch that a publish merges into; `run:<id>` where this is part of that run."""
    state: TransactionState
    created_at: datetime
    expires_at: datetime
    """When an unpublished branch may be removed."""
    head: CommitId | None = None
    """The tip of the run's branch; None before the first write."""
    published: CommitId | None = None
    """The commit on `into` that made the run's outputs visible."""

    @property
    def tip(self) -> CommitId:
        """What the run sees, and leaves for others to go on from: all that it wrote, over its base."""
        return self.head or self.base

    @property
    def is_part(self) -> bool:
        """Whether it is part of another run: others see what it wrote when that is published."""
        return self.into.startswith("run:")
