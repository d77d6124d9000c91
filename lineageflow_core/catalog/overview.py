"""Operations on many datasets, jobs and runs at once: what lists and pictures of other tools need."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.event import Event, EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.overview import DatasetCard, JobCard, RunCard, SaidOfDataset, Wiring
from lineageflow_core.model.page import DEFAULT_LIMIT, Stretch, TimeOrder
from lineageflow_core.model.run import Job, RunState


class Overview(Protocol):
    """Datasets, jobs and runs as cards, by position, as of now or of any time.

    `at` is the last instant that counts; None is now; without a zone it is UTC. `pattern` is found in names,
    in any case: '%' stands for any text, '_' for one character. `limit` is 1 to 1000; `offset` is at least 0.
    Raises InvalidInputError.
    """

    def list_dataset_cards(
        self,
        *,
        namespace: str | None = None,
        pattern: str | None = None,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[DatasetCard]:
        """Returns datasets that events name, by namespace and name."""
        ...

    def get_dataset_cards(
        self, datasets: Sequence[DatasetName], *, at: datetime | None = None
    ) -> tuple[DatasetCard, ...]:
        """Returns these datasets, those that are known, each once."""
        ...

    def list_version_cards(
        self,
        namespace: str,
        name: str,
        *,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[DatasetCard]:
        """Returns what was written of a dataset, newest first. Raises DatasetNotFoundError."""
        ...

    def list_job_cards(
        self,
        *,
        namespace: str | None = None,
        pattern: str | None = None,
        states: Sequence[RunState] = (),
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[JobCard]:
        """Returns jobs by namespace and name; with `states`, those whose latest run is now in one of them."""
        ...

    def get_job_cards(self, jobs: Sequence[Job], *, at: datetime | None = None) -> tuple[JobCard, ...]:
        """Returns these jobs, those that are known, each once."""
        ...

    def list_run_cards(
        self,
        namespace: str,
        name: str,
        *,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[RunCard]:
        """Returns the runs of one job, newest first. Raises JobNotFoundError."""
        ...

    def get_run_cards(self, run_ids: Sequence[RunId], *, at: datetime | None = None) -> tuple[RunCard, ...]:
        """Returns these runs, those that are known, each once."""
        ...

    def wiring(
        self,
        *,
        datasets: Sequence[DatasetName] = (),
        jobs: Sequence[Job] = (),
        depth: int = 3,
        at: datetime | None = None,
        limit: int = 300,
    ) -> Wiring:
        """Returns what lies up to `depth` jobs up and down the stream of these, at most `limit` things.

        Which job reads and writes what is what `JobCard` says. Of what fed it, only what fed that is
        followed; of what it feeds, only what that feeds. Raises InvalidInputError for a limit that is not 1
        to 10,000.
        """
        ...

    def list_said(self, facet: str) -> tuple[SaidOfDataset, ...]:
        """Returns the last word on one facet of every dataset that has it, by namespace and name."""
        ...

    def list_events_by_time(
        self,
        *,
        kind: EventKind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        order: TimeOrder = TimeOrder.NEWEST_FIRST,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[Event]:
        """Returns events by the time that they say they happened at; those that say none are left out.

        `since` is the earliest time, `until` the first that is too late. `Events.list_events` has all of
        them, in the order in which they came.
        """
        ...
