"""Events as they came: what the log of lineage holds, and what became of them.

Nothing that a producer sent is ever dropped or changed. An event that breaks the specification is kept with
its problems; one that somebody mended is kept beside what takes its place.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import RunId


class EventKind(StrEnum):
    """What an event is about, as OpenLineage tells them apart: by `run`, `dataset` or `job`."""

    RUN = "run"
    DATASET = "dataset"
    JOB = "job"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the log."""

    id: str
    """BLAKE3 of its canonical JSON, as 64 hex digits: equal events are one event."""
    kind: EventKind
    body: str
    """The event as JSON with sorted keys: as text, so that any JSON there is comes through any client."""
    run_id: RunId | None = None
    """None where it is about no run, or nobody can tell about which."""
    at: datetime | None = None
    """Its `eventTime`."""
    received_at: datetime | None = None
    """None where a version that did not write it down took the event."""
    problem: str | None = None
    """What of it could not be understood, and so counts for nothing."""
    warning: str | None = None
    """What of it the specification does not allow, and was understood all the same."""
    replaced_by: str | None = None
    """The event that takes its place; this one counts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReceipt:
    """What became of one event that was handed in. It is stored."""

    id: str
    is_new: bool
    """False: an equal one had come before."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What reading events with problems again has given."""

    read: int
    """How many were read again."""
    mended: tuple[str, ...]
    """The ids of those that have no problem any more."""
    next: str | None = None
    """Pass as `after` to go on; None: these were the last."""
