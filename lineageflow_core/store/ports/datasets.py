"""The datasets that events name: lists of them, what was said of them, and what was written of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.known import KnownDataset, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.search import Condition, Found
from lineageflow_core.store.ports.lineage import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """When a dataset was first read or written, and what was written last."""

    first_at: datetime | None
    last: Io | None
    """The last write of an exact version."""


class DatasetStore(Protocol):
    """Questions about what a `LineageStore` was told of datasets.

    A dataset is known if words of it were put, if a run read or wrote it, or if it has another name; it is
    listed once, under the first of its names. Questions may use any. What is asked of several is answered by
    the names that were asked for; those that there is nothing to say of are left out.

    Lists have their pages by name or time (`Page`), or by position (`Stretch`). `until` is the last instant
    that counts, of which a read or write has its own; None: all do.
    """

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        """By name. What is counted are datasets and jobs that are known."""
        ...

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        """By namespace and name."""
        ...

    def list_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        """First names, by namespace and name; with `until`, of what was read or written by then.

        `pattern` is found in names, in any case: '%' stands for any text, '_' for one character.
        """
        ...

    def datasets(self, names: Collection[DatasetName]) -> dict[DatasetName, KnownDataset]:
        """The datasets with these names, those that are known."""
        ...

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        """All names of a dataset, the first one first; itself where it has no other."""
        ...

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        """The first name of each dataset; itself where it has no other."""
        ...

    def words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        """The last word on each facet, under any of a dataset's names."""
        ...

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        """The last word on one facet of every dataset that has it, by namespace and name."""
        ...

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        """Everything that was written of a dataset, or of one of its partitions, newest first.

        A version that several runs wrote stands there several times. One that was read and that nobody
        wrote stands once, when it was first read.
        """
        ...

    def list_writes(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        """Writes of exact versions of a dataset, newest first."""
        ...

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        """Of those that were read or written."""
        ...

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        """Which jobs ever read or wrote these, each once."""
        ...

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        """What was tested or measured of a dataset, or of any, by run, newest first; each side of it once.

        `failed` limits it to where a test failed, or where none did.
        """
        ...

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        """What was tested or measured of these versions, by who wrote and who read them."""
        ...

    def count_gaps(self) -> tuple[GapCount, ...]:
        """How many gaps of each kind there are, in the order of `Gap`."""
        ...

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        """Datasets with a gap, by namespace and name."""
        ...

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        """Datasets and jobs for which all conditions hold: what fits best first, then by kind and name.

        A condition holds of a dataset if it does of any of its names, or of what was said of any of them.
        `now` is what ages are counted from.
        """
        ...
