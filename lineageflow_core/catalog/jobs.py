"""Operations on jobs and their runs, as events tell of them."""

from typing import Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import JobDetails, KnownJob, RunTree, SaidOfRun
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Run


class Jobs(Protocol):
    """Jobs as producers name them, and all that their runs said."""

    def list_jobs(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownJob]:
        """Returns jobs by namespace and name, with the latest run of each."""
        ...

    def get_job(self, namespace: str, name: str) -> JobDetails:
        """Returns a job with the last word on each facet, what it reads and writes, and its neighbours.

        Raises JobNotFoundError.
        """
        ...

    def list_job_runs(
        self, namespace: str, name: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Run]:
        """Returns the runs of one job, newest first, also those that are steps. Raises JobNotFoundError."""
        ...

    def get_run_tree(self, run_id: RunId, *, limit: int = 1000) -> RunTree:
        """Returns a run with all runs inside it, at most `limit` of them. Raises RunNotFoundError."""
        ...

    def get_run_facets(self, run_id: RunId) -> SaidOfRun:
        """Returns all facets of a run, its job, and what it read and wrote. Raises RunNotFoundError."""
        ...
