"""Jobs and runs, as Marquez answers them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError, RunNotFoundError
from lineageflow_core.model.ids import parse_run_id
from lineageflow_core.model.overview import JobCard, RunCard
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.model.token import Scope
from lineageflow_server.access.guard import needs
from lineageflow_server.marquez import shapes
from lineageflow_server.marquez.answers import Limit, Offset, answer, choice, instant
from lineageflow_server.marquez.finding import find_job
from lineageflow_server.marquez.pictures import latest_of
from lineageflow_server.marquez.shapes import Json

_LATEST_RUNS = 10


class JobAnswers:
    """Jobs and runs."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def routes(self) -> Iterator[tuple[str, Callable[..., Response]]]:
        """Yields paths, and what answers there."""
        job = "/namespaces/{namespace}/jobs/{job}"
        yield "/jobs", self.jobs
        yield "/jobs/runs/{run_id}", self.run
        yield "/jobs/runs/{run_id}/facets", self.facets
        yield "/namespaces/{namespace}/jobs", self.jobs_of
        yield job, self.job
        yield job + "/versions", self.job_versions
        yield job + "/versions/{version}", self.job_version
        yield job + "/runs", self.runs

    @needs(Scope.READ)
    def jobs(
        self,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        last_run_states: Annotated[list[str] | None, Query(alias="lastRunStates")] = None,
        at: str | None = None,
    ) -> Response:
        """Lists jobs as Marquez does, with the latest run of each; with `at`, as they were then."""
        return self._jobs(None, limit, offset, last_run_states, at)

    @needs(Scope.READ)
    def jobs_of(
        self,
        namespace: str,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        last_run_states: Annotated[list[str] | None, Query(alias="lastRunStates")] = None,
        at: str | None = None,
    ) -> Response:
        """Lists the jobs of a namespace as Marquez does; with `at`, as they were then."""
        return self._jobs(namespace, limit, offset, last_run_states, at)

    @needs(Scope.READ)
    def job(self, namespace: str, job: str, at: str | None = None, version: str | None = None) -> Response:
        """Gives a job as Marquez does; with `at`, as it was then; with `version`, what its last run had."""
        if version is not None:
            return answer(self._version(namespace, job, version))
        moment = instant(at)
        card = find_job(self._catalog, Job(namespace=namespace, name=job), at=moment)
        runs = self._catalog.overview.list_run_cards(namespace, job, at=moment, limit=_LATEST_RUNS).items
        return answer(shapes.job_shape(card, runs[0] if runs else None, runs))

    @needs(Scope.READ)
    def job_versions(
        self, namespace: str, job: str, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
    ) -> Response:
        """Lists the versions of a job as Marquez does: what its last 1,000 runs read, wrote and ran."""
        found, truncated = self._versions(namespace, job)
        listed = {"versions": list(found.values())[offset : offset + limit], "totalCount": len(found)}
        return answer(listed, truncated=truncated)

    @needs(Scope.READ)
    def job_version(self, namespace: str, job: str, version: str) -> Response:
        """Gives a version of a job as Marquez does."""
        return answer(self._version(namespace, job, version))

    @needs(Scope.READ)
    def runs(
        self,
        namespace: str,
        job: str,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        at: str | None = None,
    ) -> Response:
        """Lists the runs of a job as Marquez does, newest first; with `at`, as they were then."""
        found = self._catalog.overview.list_run_cards(
            namespace, job, at=instant(at), offset=offset, limit=min(limit, MAX_LIMIT)
        )
        return answer({"runs": [shapes.run_shape(card) for card in found.items], "totalCount": found.total})

    @needs(Scope.READ)
    def run(self, run_id: str, at: str | None = None) -> Response:
        """Gives a run as Marquez does; with `at`, as it was then."""
        return answer(shapes.run_shape(self._run(run_id, instant(at))))

    @needs(Scope.READ)
    def facets(self, run_id: str, type: str = "run") -> Response:  # noqa: A002 (their parameter)
        """Gives the facets of a run, or of its job, as Marquez does."""
        card = self._run(run_id, None)
        if type.lower() not in {"run", "job"}:
            raise InvalidInputError(f"{type[:200]!r} has no facets here; it has to be run or job")
        facets = card.facets if type.lower() == "run" else card.job_facets
        return answer({"runId": card.run.id, "facets": facets})

    def _jobs(
        self, namespace: str | None, limit: int, offset: int, states: list[str] | None, at: str | None
    ) -> Response:
        moment = instant(at)
        found = self._catalog.overview.list_job_cards(
            namespace=namespace,
            states=[RunState(choice("lastRunStates", state.lower(), RunState)) for state in states or ()],
            at=moment,
            offset=offset,
            limit=min(limit, MAX_LIMIT),
        )
        latest = latest_of(self._catalog, found.items, moment)

        def shape(card: JobCard) -> Json:
            run = latest.get(card.latest.id) if card.latest else None
            return shapes.job_shape(card, run, [run] if run else [])

        return answer({"jobs": [shape(card) for card in found.items], "totalCount": found.total})

    def _run(self, run_id: str, at: datetime | None) -> RunCard:
        found = self._catalog.overview.get_run_cards([parse_run_id(run_id)], at=at)
        if not found:
            raise RunNotFoundError(f"there is no run {run_id[:200]!r}", run=run_id)
        return found[0]

    def _version(self, namespace: str, job: str, version: str) -> Json:
        found, _ = self._versions(namespace, job)
        if version not in found:
            raise NotFoundError(f"none of the last {MAX_LIMIT:,} runs of {job!r} had the version {version!r}")
        return found[version]

    def _versions(self, namespace: str, job: str) -> tuple[dict[str, Json], bool]:
        runs = self._catalog.overview.list_run_cards(namespace, job, limit=MAX_LIMIT)
        latest: dict[str, RunCard] = {}
        first: dict[str, RunCard] = {}
        for run in runs.items:
            version = shapes.job_version_of(run)
            latest.setdefault(version, run)
            first[version] = run
        found = {each: shapes.job_version_shape(first[each], run) for each, run in latest.items()}
        return found, runs.total > MAX_LIMIT
