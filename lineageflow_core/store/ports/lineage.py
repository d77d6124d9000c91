"""The log of events, and the facts folded from it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Run, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An OpenLineage event as it came."""

    digest: bytes
    """BLAKE3 of its canonical JSON: equal events are one event."""
    run_id: RunId | None
    """None where it is not about a run, or cannot be understood."""
    body: bytes
    """JSON."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the events of one run say, folded."""

    run: Run
    reads: tuple[Io, ...]
    writes: tuple[Io, ...]


class LineageWriter(Protocol):
    """One transaction on a LineageStore."""

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        """Stores the events that are new; tells for each whether it was."""
        ...

    def events_of(self, run_id: RunId) -> list[StoredEvent]: ...

    def put_facts(self, facts: RunFacts) -> None:
        """Makes these the facts about the run, in place of those before."""
        ...


class LineageStore(Protocol):
    """The log of events, and the facts folded from it."""

    def write(self) -> AbstractContextManager[LineageWriter]:
        """Opens a transaction: all of it on a normal exit, none of it on an exception. One at a time."""
        ...

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        """A run's events, in the order in which they came. Waits for no writer."""
        ...

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]: ...

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        """Runs whose parent is one of these, by start."""
        ...

    def list_runs(
        self,
        *,
        job: str | None,
        state: RunState | None,
        parent: RunId | None,
        after: str | None,
        limit: int,
    ) -> Page[Run]:
        """Newest first; those without a parent where `parent` is None. `job` is a job's name."""
        ...

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def readers(self, versions: Sequence[Version]) -> list[Io]: ...

    def writers(self, versions: Sequence[Version]) -> list[Io]: ...
