"""What happens in a lake, as it happens."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import CommitId, PlanId, RunId
from lineageflow_core.model.run import RunState

FROM_START = "0.0"
"""The place before everything that is kept."""


class LiveKind(StrEnum):
    """What something happened to."""

    RUN = "run"
    """An event told something new of a run."""
    VERSION = "version"
    """A run wrote versions of a dataset, or an event told something new of one that did."""
    COMMIT = "commit"
    """A branch has a new tip."""
    REF = "ref"
    """A branch or tag was made, moved or removed."""
    PLAN = "plan"
    """A plan was applied to a branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEntry:
    """One thing that happened. What it tells of a run is as it is now."""

    place: str
    """Pass as `after` to go on behind it."""
    kind: LiveKind
    id: str
    """The run's, commit's or plan's id, the ref's name, or the dataset as `namespace/name`."""
    what: str
    """What was done, as the log of operations calls it; of a run and what it wrote, the run's state."""
    at: datetime | None = None
    repositories: tuple[str, ...] = ()
    """Those that it is about, by name; none where it is about datasets of others."""
    run_id: RunId | None = None
    job: str | None = None
    """The name of the run's job."""
    state: RunState | None = None
    versions: int = 0
    """How many versions of the dataset the run wrote: one, or its partitions."""
    ref: str | None = None
    """The branch or tag."""
    commit: CommitId | None = None
    """Where the ref is since then; None where it was removed."""
    plan: PlanId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEntries:
    """What happened behind some place."""

    next: str
    """The place behind all that was looked at: pass it as `after`."""
    more: bool
    """There is more already."""
    items: tuple[LiveEntry, ...] = field(default=())
    """In the order in which it became visible."""
