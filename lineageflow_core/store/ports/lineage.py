"""The facts folded from events, and the transaction that writes both."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.json_values import read_json
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Flow, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.ports.events import StoredEvent
from lineageflow_core.store.ports.lineage_look import LineageLook


class Word(msgspec.Struct, frozen=True, array_like=True):
    """What was said last about one thing: a later word takes its place as a whole."""

    stamp: bytes
    """Larger is later; different events have different stamps."""
    said: bytes | None = None
    """JSON; None where it was taken back."""

    def read(self) -> Any:
        """Returns what was said; None where it was taken back."""
        return None if self.said is None else read_json(self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the events of one run say, folded."""

    run: Run
    reads: tuple[Io, ...]
    """Without a version where the run names none."""
    writes: tuple[Io, ...]
    flows: tuple[Flow, ...] = ()
    """For those outputs of which more is said than what the run read."""
    columns: Mapping[DatasetName, frozenset[ColumnEdge]] = field(default_factory=dict)
    """By output."""
    job_edges: tuple[JobEdge, ...] = ()
    tested: tuple[Tested, ...] = ()
    """By dataset and side, each once."""
    input_facets: Mapping[DatasetName, Mapping[str, Word]] = field(default_factory=dict)
    output_facets: Mapping[DatasetName, Mapping[str, Word]] = field(default_factory=dict)


class LineageWriter(Protocol):
    """One transaction on the log of events and the facts."""

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        """Stores the events that are new; tells for each whether it was."""
        ...

    def reread(self, events: Sequence[StoredEvent]) -> None:
        """Sets what is understood of events that are stored: all but body, receipt and replacement."""
        ...

    def replace(self, digest: bytes, by: bytes) -> None:
        """Lets one stored event take the place of another, which stays in the log."""
        ...

    def records(self, run_ids: Collection[RunId]) -> dict[RunId, bytes]:
        """What was put with the facts about these runs."""
        ...

    def put_facts(self, facts: RunFacts, record: bytes = b"") -> None:
        """Makes these the facts about the run, in place of those before. `record` is kept with them."""
        ...

    def put_words(
        self,
        *,
        jobs: Mapping[Job, Mapping[str, Word]] = {},
        declared: Mapping[Job, Word] = {},
        datasets: Mapping[DatasetName, Mapping[str, Word]] = {},
    ) -> None:
        """Keeps each word that is later than the one there: of jobs and datasets, by facet.

        `declared`: what a job reads and writes, as `store.words.wires_of` reads it.
        """
        ...

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        """Makes each pair two names of one dataset, until `clear`."""
        ...

    def stored_events(self, *, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        """The first events after a place in the log, in the order in which they came, each with its place.

        Places are larger than 0.
        """
        ...

    def prune(self, run_ids: Collection[RunId]) -> None:
        """Removes runs: their events and the facts about them; that they were there is remembered.

        The last event of the log stays, so that no place in it is ever given again.
        """
        ...

    def prune_events(self, digests: Collection[bytes]) -> None:
        """Removes events about no run."""
        ...

    def pruned(self, run_ids: Collection[RunId]) -> set[RunId]:
        """Which of these runs were pruned."""
        ...

    def keep_words(self, words: Mapping[bytes, bytes]) -> None:
        """Keeps what pruned events said, by a digest of whom they said it, in place of what was kept."""
        ...

    def kept_words(self, digests: Collection[bytes]) -> dict[bytes, bytes]:
        """What is kept under these digests."""
        ...

    def all_kept_words(self, *, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """What is kept behind a digest, by digest."""
        ...

    def clear(self) -> None:
        """Removes everything but the events, and what is kept of those that were pruned."""
        ...

    def digests(self) -> dict[str, str]:
        """What is there besides the events, as one digest a kind of it: equal facts have equal digests.

        Whatever the order in which they were put.
        """
        ...

    def set_fold(self, fold: int) -> None:
        """Says which fold the facts were made with, for `LineageStore.fold`."""
        ...


class LineageStore(Protocol):
    """The facts folded from the log of events.

    A dataset may have several names (`LineageWriter.link`). Answers give the first of them, ours before
    others, then by namespace and name; questions may use any. What they are, `DatasetStore.names` tells.

    A read without a version is answered with the versions that were there when the run started, as
    `in_force` tells them of what was written by other runs until then; without any, it stays as it was put.
    So an answer depends on all facts, in whatever order they were put.
    """

    def write(self) -> AbstractContextManager[LineageWriter]:
        """Opens a transaction: all of it on a normal exit, none of it on an exception. One at a time."""
        ...

    def fold(self) -> int:
        """Which fold the facts were made with; 0 where they have yet to be made from the events."""
        ...

    def last_writers(self, number: int) -> set[RunId]:
        """The runs that wrote the last versions of each dataset and partition: so many writes of each."""
        ...

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]: ...

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        """What was put with the facts about these runs."""
        ...

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        """Runs that stand under one of these, which is their parent, by start.

        Of runs that are each other's parents, the one with the smallest id stands under none.
        """
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
        """Newest first; those that stand under no other where `parent` is None. `job` is a job's name."""
        ...

    def runs_that_touched(self, namespace: str | None, *, after: RunId | None, limit: int) -> list[RunId]:
        """The next runs, by id, that read or wrote a dataset with its first name in a namespace, or any."""
        ...

    def look(self) -> AbstractContextManager[LineageLook]:
        """Opens a look at the graph, for walking."""
        ...

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def readers(self, versions: Sequence[Version]) -> list[Io]: ...

    def writers(self, versions: Sequence[Version]) -> list[Io]: ...

    def flows(self, run_ids: Sequence[RunId]) -> list[Flow]:
        """What was put of these runs; none for outputs that all inputs fed."""
        ...

    def columns(self, run_ids: Sequence[RunId]) -> dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]]:
        """Column lineage of what these runs wrote, by run and output; nothing where none was put."""
        ...

    def declarations(
        self, *, datasets: Collection[DatasetName] = (), jobs: Collection[Job] = ()
    ) -> list[Wire]:
        """What jobs declare (`put_words`): all about these datasets, and all by these jobs, each once.

        A dataset is asked about under any name, and answered under the name that the job uses.
        """
        ...

    def jobs_that_declare(self, namespace: str | None, *, after: Job | None, limit: int) -> list[Job]:
        """The next jobs, by namespace and name, that declare anything, or a dataset in a namespace.

        By the first name of the dataset.
        """
        ...
