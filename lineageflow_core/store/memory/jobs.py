"""The jobs that events name, in memory: worked out for each question from all facts."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownJob
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.model.search import FoundKind
from lineageflow_core.store.memory.lineage import MemoryLineageStore
from lineageflow_core.store.memory.name_lists import page_by_name, stretch_by_name
from lineageflow_core.store.memory.search import Searched, terms_of
from lineageflow_core.store.memory.state import LineageTables, State
from lineageflow_core.store.paging import (
    check_limit,
    page_of,
    parse_place_of_run,
    place_of_run,
    stretch_of,
)
from lineageflow_core.store.ports import LastRuns, Word
from lineageflow_core.store.terms import name_terms


class MemoryJobStore:
    """A `JobStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State, lineage: MemoryLineageStore) -> None:
        self._state = state
        self._lineage = lineage

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        page = page_by_name(self.known(), namespace=namespace, after=after, limit=limit)
        known = self.jobs(page.items)
        return Page(items=tuple(known[job] for job in page.items), next=page.next)

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
        jobs = self.known()
        if until is not None:
            jobs &= {run.job for run in self._runs(until)}
        if states:
            latest = self.jobs(jobs)
            jobs = {job for job in jobs if (run := latest[job].latest) and run.state in states}
        return stretch_by_name(jobs, namespace=namespace, pattern=pattern, offset=offset, limit=limit)

    def jobs(self, jobs: Collection[Job]) -> dict[Job, KnownJob]:
        runs: dict[Job, list[Run]] = defaultdict(list)
        for run in self._runs():
            runs[run.job].append(run)
        known = self.known()
        return {
            job: KnownJob(job=job, runs=len(runs[job]), latest=max(runs[job], key=place_of_run, default=None))
            for job in jobs
            if job in known
        }

    def words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        words = self._tables.job_words
        return {job: dict(words[job]) for job in jobs if words.get(job)}

    def edges(self, jobs: Collection[Job]) -> list[JobEdge]:
        found = {edge for facts in self._tables.facts.values() for edge in facts.job_edges}
        return sorted(edge for edge in found if {edge.source, edge.target} & set(jobs))

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        by_job: defaultdict[Job, list[Run]] = defaultdict(list)
        for run in sorted(self._runs(until), key=place_of_run, reverse=True):
            by_job[run.job].append(run)
        writes = self._lineage.all_writes()
        touching = {io.run_id for io in (*writes, *self._lineage.all_reads())}
        later = {io.run_id for io in writes if until is not None and io.at is not None and io.at > until}
        about_columns = {run for run, facts in self._tables.facts.items() if facts.columns}
        found = {}
        for job in jobs:
            telling = [run for run in by_job[job] if run.id in touching]
            done = [run for run in telling if run.state is RunState.COMPLETED and run.id not in later]
            if by_job[job]:
                found[job] = LastRuns(
                    first_at=place_of_run(by_job[job][-1]).at,
                    latest=by_job[job][0].id,
                    telling=tuple(dict.fromkeys(run.id for run in (*telling[:1], *done[:1]))),
                    columns=next((run.id for run in by_job[job] if run.id in about_columns), None),
                )
        return found

    def list_runs(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        found = [
            run for run in self._runs() if run.job == job and (place is None or place_of_run(run) < place)
        ]
        return page_of(sorted(found, key=place_of_run, reverse=True), limit, cursor=place_of_run)

    def list_run_ids(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        runs = sorted(self._runs(until), key=place_of_run, reverse=True)
        return stretch_of([run.id for run in runs if run.job == job], offset=offset, limit=limit)

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        found = [
            run
            for run in self._runs()
            if run.state is RunState.RUNNING and (place is None or place_of_run(run) > place)
        ]
        return page_of(sorted(found, key=place_of_run), limit, cursor=place_of_run)

    def searched(self) -> Iterator[tuple[Job, Searched]]:
        """Yields what a search looks at of every job."""
        words = self._tables.job_words
        for job, found in self.jobs(self.known()).items():
            yield (
                job,
                Searched(
                    kind=FoundKind.JOB,
                    terms=frozenset(name_terms(job.namespace, job.name) | terms_of(words.get(job, {}))),
                    state=found.latest.state if found.latest else None,
                    at=place_of_run(found.latest).at if found.latest else None,
                ),
            )

    def known(self) -> set[Job]:
        """Returns all jobs that are known."""
        tables = self._tables
        edges = {edge for facts in tables.facts.values() for edge in facts.job_edges}
        return {
            *tables.job_words,
            *tables.declared,
            *(run.job for run in self._runs()),
            *(job for edge in edges for job in (edge.source, edge.target)),
        }

    @property
    def _tables(self) -> LineageTables:
        # A writer that is done puts others in the place of these, and never changes these.
        with self._state.lock:
            return self._state.lineage

    def _runs(self, until: datetime | None = None) -> list[Run]:
        runs = [facts.run for facts in self._tables.facts.values()]
        return [run for run in runs if until is None or place_of_run(run).at <= until]
