"""Many datasets, jobs and runs at once, in memory: worked out for each question from all facts."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Stretch, TimeOrder, Wire
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.store.memory.known import MemoryKnownStore
from lineageflow_core.store.memory.lineage import MemoryLineageStore
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import place_of_io, place_of_run, stretch_of
from lineageflow_core.store.ports import LastRuns, StoredEvent, Word, Written

T = TypeVar("T", DatasetName, Job)


class MemoryOverviewStore:
    """An `OverviewStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State, lineage: MemoryLineageStore, known: MemoryKnownStore) -> None:
        self._state = state
        self._lineage = lineage
        self._known = known

    def dataset_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        names = self._known.known_names()
        if until is not None:
            names &= {io.version.dataset for io in self._ios() if _counts(io, until)}
        return stretch_of(_chosen(names, namespace, pattern), offset=offset, limit=limit)

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
        jobs = self._known.known_jobs()
        if until is not None:
            jobs &= {run.job for run in self._runs(until)}
        if states:
            latest = self._known.jobs(list(jobs))
            jobs = {job for job in jobs if (run := latest[job].latest) and run.state in states}
        return stretch_of(_chosen(jobs, namespace, pattern), offset=offset, limit=limit)

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        return {name: self._lineage.names(name)[0] for name in names}

    def dataset_words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        found = {dataset: self._lineage.dataset_words(dataset) for dataset in datasets}
        return {dataset: words for dataset, words in found.items() if words}

    def job_words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        found = {job: self._lineage.job_words(job) for job in jobs}
        return {job: words for job, words in found.items() if words}

    def declared(self) -> dict[Job, Word]:
        return {
            job: word for job in self._known.known_jobs() if (word := self._known.declared(job)) is not None
        }

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        words = ((name, self._lineage.dataset_words(name)) for name in sorted(self._known.known_names()))
        return [(name, said[facet]) for name, said in words if facet in said]

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        touched: defaultdict[DatasetName, list[Io]] = defaultdict(list)
        writes: defaultdict[DatasetName, list[Io]] = defaultdict(list)
        for io in self._ios():
            if _counts(io, until):
                touched[io.version.dataset].append(io)
        for io in self._writes():
            if _counts(io, until):
                writes[io.version.dataset].append(io)
        return {
            dataset: Written(
                first_at=min((io.at for io in touched[first] if io.at), default=None),
                last=max(writes[first], key=place_of_io, default=None),
            )
            for dataset, first in self.first_names(datasets).items()
            if touched[first]
        }

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        by_job: defaultdict[Job, list[Run]] = defaultdict(list)
        for run in sorted(self._runs(until), key=place_of_run, reverse=True):
            by_job[run.job].append(run)
        touching = {io.run_id for io in self._ios()}
        later = {io.run_id for io in self._lineage.writes(list(touching)) if not _counts(io, until)}
        with self._state.lock:
            about_columns = {run for run, facts in self._state.lineage.facts.items() if facts.columns}
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

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        firsts = set(self.first_names(datasets).values())
        jobs = {run.id: run.job for run in self._runs(None)}
        sides = ((False, self._lineage.reads(list(jobs))), (True, self._lineage.writes(list(jobs))))
        return list(
            {
                Wire(dataset=io.version.dataset, job=jobs[io.run_id], written=written): None
                for written, ios in sides
                for io in ios
                if io.version.dataset in firsts and _counts(io, until)
            }
        )

    def runs_of(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        runs = sorted(self._runs(until), key=place_of_run, reverse=True)
        return stretch_of([run.id for run in runs if run.job == job], offset=offset, limit=limit)

    def writes_of(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        [first] = self.first_names([dataset]).values()
        found = [io for io in self._writes() if io.version.dataset == first and _counts(io, until)]
        return stretch_of(sorted(found, key=place_of_io, reverse=True), offset=offset, limit=limit)

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
        with self._state.lock:
            log = list(self._state.events.values())
        found = [
            (event.at, seq, event)
            for seq, event in enumerate(log)
            if event.at is not None
            and event.replaced_by is None
            and kind in {None, event.kind}
            and (since is None or event.at >= since)
            and (until is None or event.at < until)
        ]
        found.sort(key=lambda each: each[:2], reverse=order is TimeOrder.NEWEST_FIRST)
        return stretch_of([event for _, _, event in found], offset=offset, limit=limit)

    def _runs(self, until: datetime | None) -> list[Run]:
        with self._state.lock:
            runs = [facts.run for facts in self._state.lineage.facts.values()]
        return [run for run in runs if until is None or place_of_run(run).at <= until]

    def _ios(self) -> list[Io]:
        runs = [run.id for run in self._runs(None)]
        return [*self._lineage.reads(runs), *self._lineage.writes(runs)]

    def _writes(self) -> list[Io]:
        """Returns writes of exact versions."""
        found = self._lineage.writes([run.id for run in self._runs(None)])
        return [io for io in found if io.version.version is not None]


def _counts(io: Io, until: datetime | None) -> bool:
    return until is None or io.at is None or io.at <= until


def _chosen(names: Collection[T], namespace: str | None, pattern: str | None) -> Sequence[T]:
    wanted = re.compile(_as_regex(pattern), re.DOTALL) if pattern is not None else None
    return sorted(
        each
        for each in names
        if namespace in {None, each.namespace} and (wanted is None or wanted.search(each.name.lower()))
    )


def _as_regex(pattern: str) -> str:
    signs = {"%": ".*", "_": "."}
    return "".join(signs.get(sign) or re.escape(sign) for sign in pattern.lower())
