"""Questions about many datasets, jobs and runs at once, by position, and as of any time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Stretch, TimeOrder, Wire
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.store.ports.lineage import StoredEvent, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """When a dataset was first read or written, and what was written last."""

    first_at: datetime | None
    last: Io | None
    """The last write of an exact version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRuns:
    """The last runs of a job."""

    first_at: datetime
    """When its first run began."""
    latest: RunId
    telling: tuple[RunId, ...]
    """The last that reads or writes anything, and the last of those that completed."""
    columns: RunId | None = None
    """The last that says where columns come from."""


class OverviewStore(Protocol):
    """Questions about what a `LineageStore` was told, each for many things at once.

    `until` is the last instant that counts; None: all do. A run counts from when it began, a read or write
    from its own time. `pattern` is found in names, in any case: '%' stands for any text, '_' for one
    character. Datasets are answered under the first of their names; questions may use any.
    """

    def dataset_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        """Known datasets, by namespace and name; with `until`, those that were read or written by then."""
        ...

    def job_names(
        self,
        *,
        namespace: str | None,
        pattern: str | None,
        states: Collection[RunState],
        until: datetime | None,
        offset: int,
        limit: int,
    ) -> Stretch[Job]:
        """Known jobs, by namespace and name; with `until`, those that had a run by then.

        With `states`, those whose latest run is in one of them.
        """
        ...

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        """The first name of each dataset; itself where it has no other."""
        ...

    def dataset_words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        """The last word on each facet, by the name that was asked for; nothing where none was put."""
        ...

    def job_words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        """The last word on each facet; nothing where none was put."""
        ...

    def declared(self) -> dict[Job, Word]:
        """What jobs say that they read and write, without any run."""
        ...

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        """The last word on one facet of every dataset, by namespace and name."""
        ...

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        """Of those that were read or written, by the name that was asked for."""
        ...

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        """Of those that had a run. With `until`, a run that wrote later than that has not completed."""
        ...

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        """Which jobs ever read or wrote these, each once."""
        ...

    def runs_of(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        """Runs of one job, newest first."""
        ...

    def writes_of(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        """Writes of exact versions of one dataset, newest first."""
        ...

    def events(
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
