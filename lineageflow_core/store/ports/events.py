"""The log of OpenLineage events: all that came, in the order in which it came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page, Stretch, TimeOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An OpenLineage event as it came."""

    digest: bytes
    """BLAKE3 of its canonical JSON: equal events are one event."""
    run_id: RunId | None
    """None where it is not about a run, or cannot be understood."""
    body: bytes
    """JSON."""
    kind: EventKind = EventKind.UNKNOWN
    at: datetime | None = None
    """When it says that it happened, in UTC."""
    received_at: datetime | None = None
    problem: str | None = None
    """What of it could not be understood."""
    warning: str | None = None
    """What of it the specification does not allow, and was understood all the same."""
    is_aside: bool = False
    """It made us fail. Until it is read again, it counts for nothing."""
    replaced_by: bytes | None = None
    """The digest of the event that takes its place."""

    @property
    def counts(self) -> bool:
        """Whether facts follow from it."""
        return not self.is_aside and self.replaced_by is None


class EventLog(Protocol):
    """Questions about the log of events. What writes it is a `LineageWriter`, together with the facts."""

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        """A run's events, in the order in which they came. Waits for no writer."""
        ...

    def events_about(self, run_ids: Sequence[RunId]) -> list[StoredEvent]:
        """All events of these runs; of each run in the order in which they came."""
        ...

    def list_events(
        self,
        *,
        run_id: RunId | None,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        with_problems: bool,
        after: str | None,
        limit: int,
    ) -> Page[StoredEvent]:
        """Events of the log, the last that came first.

        `since` is the earliest time that they say they happened at, `until` the first that is too late.
        `with_problems`: only those that have one and were not replaced.
        """
        ...

    def list_events_by_time(
        self,
        *,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        order: TimeOrder,
        offset: int,
        limit: int,
    ) -> Stretch[StoredEvent]:
        """Events that say when they happened, by that: from `since` on, and earlier than `until`.

        Those that another event replaced are left out.
        """
        ...

    def find_events(self, first: bytes, last: bytes) -> list[StoredEvent]:
        """Two events, at most, whose digests lie between two others, both included."""

    def events_after(self, place: int, limit: int) -> list[tuple[int, RunId | None]]:
        """The first events after a place in the log, each with its place, and the run that it is about.

        Nothing ever appears behind a place that was told of. Waits for no writer.
        """
        ...

    def last_event(self) -> int:
        """The place of the last event in the log; 0 where there is none."""
        ...

    def late_runs(self, limit: int) -> list[RunId]:
        """Runs that were pruned, and of which events came later."""
        ...

    def runless_events(self, *, before: datetime, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """The first events behind a place in the log that are about no run and came before an instant.

        Each with its place. Without those that were set aside, those of which nobody knows when they came or
        happened, and the last of the log.
        """
        ...

    def count_runless_events(self, *, before: datetime) -> int:
        """How many `runless_events` there are."""
        ...
