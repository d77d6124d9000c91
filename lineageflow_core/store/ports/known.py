"""What events are about: the datasets, jobs and namespaces that they name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset, KnownJob, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, Run
from lineageflow_core.model.search import Condition, Found
from lineageflow_core.store.ports.lineage import Word


class KnownStore(Protocol):
    """Questions about what a `LineageStore` was told.

    A dataset is known if words of it were put, if a run read or wrote it, or if it has another name; it is
    listed once, under the first of its names. A job is known if words of it were put, if it has a run, or if
    it goes before or after another. Questions may use any name of a dataset.
    """

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        """By name. What is counted are datasets and jobs that `list_datasets` and `list_jobs` list."""
        ...

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        """By namespace and name."""
        ...

    def datasets(self, names: Sequence[DatasetName]) -> dict[DatasetName, KnownDataset]:
        """The datasets with these names, by the name that was asked for; those that are known."""
        ...

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        """By namespace and name."""
        ...

    def jobs(self, jobs: Sequence[Job]) -> dict[Job, KnownJob]:
        """What is known of these jobs; those that are known."""
        ...

    def runs_of(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        """Runs of exactly this job, of any parent, newest first."""
        ...

    def declared(self, job: Job) -> Word | None:
        """The last word on what a job reads and writes (`LineageWriter.put_words`)."""
        ...

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        """What was put with the facts about these runs."""
        ...

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        """Everything that was written of a dataset, or of one of its partitions, newest first.

        A version that several runs wrote stands there several times. One that was read and that nobody
        wrote stands once, when it was first read.
        """
        ...

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        """What was tested or measured of a dataset, or of any, by run, newest first; each side of it once.

        `failed` limits it to where a test failed, or where none did.
        """
        ...

    def count_gaps(self) -> tuple[GapCount, ...]:
        """How many gaps of each kind there are, in the order of `Gap`."""
        ...

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        """Runs that go on as far as anybody told, of any parent, the oldest first."""
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

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        """What was tested or measured of these versions, by who wrote and who read them."""
        ...
