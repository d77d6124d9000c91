"""The graph of lineage as walks ask for it: by keys, a layer at a time."""

from collections.abc import Collection, Hashable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Version
from lineageflow_core.model.run import Run

Key: TypeAlias = Hashable
"""What a store knows a run, a version or a dataset by; it means nothing outside of one look."""


NO_TIME = -(1 << 62)
"""Before all times."""

Touch: TypeAlias = tuple[Key, Key, int]
"""A run, a version that it read or wrote, and when (`Io.at`), in microseconds since 1970, or NO_TIME."""
KnownTouch: TypeAlias = tuple[Key, Key, int, bool]
"""The same, and whether the version is known: else it is only a name for whatever was there."""


class Access(NamedTuple):
    """A run read or wrote a version, with what is said of that."""

    run: Key
    version: Key
    written: bool
    dataset: Key
    evidence: Evidence


class KeyedFlow(NamedTuple):
    """A `Flow`, by keys."""

    run_id: Key
    target: Key
    source: Key | None
    evidence: Evidence


class KeyedColumnEdge(NamedTuple):
    """A `ColumnEdge` of what a run wrote, by keys."""

    run_id: Key
    target: Key
    source: Key
    field: str
    source_field: str
    kind: str
    subtype: str
    masking: bool


class RunTimes(NamedTuple):
    """When a run was."""

    id: RunId
    started: datetime
    """When it ended, where it is not known when it started; else before all others."""
    ended: datetime | None


class Writes(NamedTuple):
    """A layer of writes: what they lead to, and which of them have to be looked at more closely.

    A write is *settled* if its version is known, no other run wrote that, and whoever read it is another run
    that did so at its time or later. So it fed all that read the version, and nothing else did. A store may
    call a write unsettled that is settled, which costs time; never the other way round.
    """

    settled: set[Key]
    """What settled writes lead to: runs from versions, versions from runs."""
    unsettled: list[tuple[Key, Key]]
    """The run and the version of each other write."""


class LineageLook(Protocol):
    """One look at the graph: all answers are of one state of it.

    A layer of a walk is one question, whatever its size. Values are asked for when the walk is over.
    """

    def run_keys(self, run_ids: Collection[RunId]) -> dict[RunId, Key]:
        """The keys of runs that there are."""
        ...

    def version_keys(self, versions: Collection[Version]) -> dict[Version, Key]:
        """The keys of versions, under the first names of their datasets, that any run read or wrote."""
        ...

    def readers(self, versions: Collection[Key]) -> set[Key]:
        """The runs that read one of these versions."""
        ...

    def read_by(self, runs: Collection[Key]) -> set[Key]:
        """The versions that one of these runs read."""
        ...

    def writers(self, versions: Collection[Key]) -> Writes:
        """All writes of these versions, from the versions to the runs."""
        ...

    def written_by(self, runs: Collection[Key]) -> Writes:
        """All writes of these runs, from the runs to the versions."""
        ...

    def reads_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        """All that read one of these versions."""
        ...

    def writes_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        """All that wrote one of these versions."""
        ...

    def rewritten(self, versions: Collection[Key]) -> set[Key]:
        """Those of these versions that several runs wrote."""
        ...

    def reads_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        """All that these runs read."""
        ...

    def writes_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        """All that these runs wrote."""
        ...

    def accesses(self, runs: Collection[Key], *, written: bool) -> list[Access]:
        """What is said of all that these runs wrote, or of all that they read."""
        ...

    def flows(self, runs: Collection[Key]) -> list[KeyedFlow]:
        """As `LineageStore.flows`."""
        ...

    def columns(self, runs: Collection[Key]) -> list[KeyedColumnEdge]:
        """As `LineageStore.columns`."""
        ...

    def times(self, runs: Collection[Key]) -> dict[Key, RunTimes]:
        """When these runs were."""
        ...

    def inputs(self, runs: Collection[Key]) -> dict[Key, int]:
        """How many datasets each of these runs read; runs that read nothing are left out."""
        ...

    def versions(self, keys: Collection[Key]) -> dict[Key, Version]:
        """These versions, under the first names of their datasets."""
        ...

    def types(self, versions: Collection[Key]) -> dict[Key, str]:
        """The types of the datasets of these versions, as those say who wrote them, else who read them."""
        ...

    def datasets(self, keys: Collection[Key]) -> dict[Key, DatasetName]:
        """The first names of these datasets."""
        ...

    def runs(self, keys: Collection[Key]) -> dict[Key, Run]:
        """These runs."""
        ...
