"""The jobs that events name: lists of them, what was said of them, and the runs of each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownJob
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.ports.lineage import Word


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


class JobStore(Protocol):
    """Questions about what a `LineageStore` was told of jobs.

    A job is known if words of it were put, if it has a run, or if it goes before or after another. What is
    asked of several leaves out those that there is nothing to say of.

    Lists have their pages by name or time (`Page`), or by position (`Stretch`). `until` is the last instant
    that counts; None: all do. A run counts from when it began.
    """

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        """By namespace and name."""
        ...

    def list_names(
        self,
        *,
        namespace: str | None,
        pattern: str | None,
        states: Collection[RunState],
        until: datetime | None,
        offset: int,
        limit: int,
    ) -> Stretch[Job]:
        """By namespace and name; with `until`, those that had a run by then.

        `pattern` is as `DatasetStore.list_names` has it. With `states`, those whose latest run is in one.
        """
        ...

    def jobs(self, jobs: Collection[Job]) -> dict[Job, KnownJob]:
        """These jobs, those that are known."""
        ...

    def words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        """The last word on each facet."""
        ...

    def edges(self, jobs: Collection[Job]) -> list[JobEdge]:
        """Edges from or to one of these jobs, each once."""
        ...

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        """Of those that had a run. With `until`, a run that wrote later than that has not completed."""
        ...

    def list_runs(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        """Runs of exactly this job, of any parent, newest first."""
        ...

    def list_run_ids(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        """The same runs, by position."""
        ...

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        """Runs that go on as far as anybody told, of any job and any parent, the oldest first."""
        ...
