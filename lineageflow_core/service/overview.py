"""Datasets, jobs and runs as cards: many at once, by position, as of now or of any time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lineageflow_core.errors import DatasetNotFoundError, InvalidInputError, JobNotFoundError
from lineageflow_core.model.event import Event, EventKind
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import (
    DatasetCard,
    JobCard,
    OutputColumns,
    RunCard,
    SaidOfDataset,
    Wiring,
)
from lineageflow_core.model.page import DEFAULT_LIMIT, Stretch, TimeOrder
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.parse import parse_text
from lineageflow_core.openlineage.vocabulary import Facet
from lineageflow_core.service.events import shown
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.said import Said, plain_facets
from lineageflow_core.service.wiring import JobsAtWork, wire_up

MAX_NODES = 10_000


class OverviewService:
    """Implements `catalog.Overview`."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._datasets = lake.datasets
        self._jobs = lake.jobs

    def list_dataset_cards(
        self,
        *,
        namespace: str | None = None,
        pattern: str | None = None,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[DatasetCard]:
        found = self._datasets.list_names(
            namespace=namespace, pattern=pattern, until=in_utc(at), offset=offset, limit=limit
        )
        cards = self.get_dataset_cards(found.items, at=at)
        return Stretch(items=cards, total=found.total)

    def get_dataset_cards(
        self, datasets: Sequence[DatasetName], *, at: datetime | None = None
    ) -> tuple[DatasetCard, ...]:
        until = in_utc(at)
        firsts = dict.fromkeys(self._datasets.first_names(datasets).values())
        written = self._datasets.written(firsts, until=until)
        last = [each.last for each in written.values() if each.last]
        by_write = {card.name: card for card in self._cards_of(last, until)}
        words = self._datasets.words(firsts) if until is None else {}
        known = self._datasets.datasets(firsts) if until is None else written
        cards = []
        for name in firsts:
            if name not in known:
                continue
            card = by_write.get(name, DatasetCard(name=name))
            if name in written:
                card = replace(card, first_at=written[name].first_at)
            if name in words:
                card = replace(card, facets=plain_facets(words[name]))
            cards.append(replace(card, dataset_type=_type_of(card.facets) or card.dataset_type))
        return tuple(cards)

    def list_version_cards(
        self,
        namespace: str,
        name: str,
        *,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[DatasetCard]:
        dataset = DatasetName(namespace=namespace, name=name)
        until = in_utc(at)
        found = self._datasets.list_writes(dataset, until=until, offset=offset, limit=limit)
        if not found.total and dataset not in self._datasets.datasets([dataset]):
            raise DatasetNotFoundError(
                f"no event names the dataset {name!r} in {namespace!r}", namespace=namespace, name=name
            )
        return Stretch(items=tuple(self._cards_of(found.items, until)), total=found.total)

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
        found = self._jobs.list_names(
            namespace=namespace, pattern=pattern, states=states, until=in_utc(at), offset=offset, limit=limit
        )
        return Stretch(items=self.get_job_cards(found.items, at=at), total=found.total)

    def get_job_cards(self, jobs: Sequence[Job], *, at: datetime | None = None) -> tuple[JobCard, ...]:
        until = in_utc(at)
        jobs = list(dict.fromkeys(jobs))
        work = JobsAtWork(self._lake, until)
        work.learn(jobs)
        runs = self._lake.lineage.runs(sorted({each.latest for each in work.runs.values()}))
        around = self._lake.lineage.runs(sorted({run.parent for run in runs.values() if run.parent}))
        words = self._jobs.words(jobs) if until is None else {}
        said = Said(self._lake, [each.telling[0] for each in work.runs.values() if until and each.telling])
        known = self._jobs.jobs(jobs) if until is None else work.runs
        cards = []
        for job in jobs:
            if job not in known:
                continue
            last = work.runs.get(job)
            card = JobCard(job=job, reads=work.reads(job), writes=work.writes(job))
            if last is not None:
                latest = runs[last.latest]
                parent = around.get(latest.parent) if latest.parent else None
                card = replace(
                    card,
                    first_at=last.first_at,
                    latest=_as_of(latest, until),
                    parent=parent.job if parent else None,
                    told_by=last.telling,
                    columns_by=last.columns,
                    facets=plain_facets(said.record(last.telling[0]).job_facets) if last.telling else {},
                )
            if job in words:
                card = replace(card, facets=plain_facets(words[job]))
            cards.append(card)
        return tuple(cards)

    def list_run_cards(
        self,
        namespace: str,
        name: str,
        *,
        at: datetime | None = None,
        offset: int = 0,
        limit: int = DEFAULT_LIMIT,
    ) -> Stretch[RunCard]:
        job = Job(namespace=namespace, name=name)
        found = self._jobs.list_run_ids(job, until=in_utc(at), offset=offset, limit=limit)
        if not found.total and job not in self._jobs.jobs([job]):
            raise JobNotFoundError(
                f"no event names the job {name!r} in {namespace!r}", namespace=namespace, name=name
            )
        return Stretch(items=self.get_run_cards(found.items, at=at), total=found.total)

    def get_run_cards(self, run_ids: Sequence[RunId], *, at: datetime | None = None) -> tuple[RunCard, ...]:
        until = in_utc(at)
        run_ids = list(dict.fromkeys(map(parse_run_id, run_ids)))
        lineage = self._lake.lineage
        runs = lineage.runs(run_ids)
        reads, writes = lineage.reads(run_ids), lineage.writes(run_ids)
        columns = lineage.columns(run_ids)
        said = Said(self._lake, run_ids)
        cards = []
        for run_id in run_ids:
            if run_id not in runs:
                continue
            record = said.record(run_id)
            cards.append(
                RunCard(
                    run=_as_of(runs[run_id], until),
                    reads=tuple(sorted(_of(reads, run_id), key=_order)),
                    writes=tuple(sorted(_of(writes, run_id, until), key=_order)),
                    facets=plain_facets(record.facets),
                    job_facets=plain_facets(record.job_facets),
                    read_facets=said.access_facets(run_id, written=False),
                    write_facets=said.access_facets(run_id, written=True),
                    columns=tuple(
                        OutputColumns(output=output, edges=tuple(sorted(edges)))
                        for (run, output), edges in sorted(columns.items(), key=lambda each: each[0])
                        if run == run_id
                    ),
                )
            )
        return tuple(cards)

    def wiring(
        self,
        *,
        datasets: Sequence[DatasetName] = (),
        jobs: Sequence[Job] = (),
        depth: int = 3,
        at: datetime | None = None,
        limit: int = 300,
    ) -> Wiring:
        if not 1 <= limit <= MAX_NODES:
            raise InvalidInputError(f"a picture holds 1 to {MAX_NODES:,} things, not {limit}")
        firsts = self._datasets.first_names(datasets)
        work = JobsAtWork(self._lake, in_utc(at))
        return wire_up(work, [firsts[each] for each in datasets], jobs, depth=depth, limit=limit)

    def list_said(self, facet: str) -> tuple[SaidOfDataset, ...]:
        return tuple(
            SaidOfDataset(dataset=dataset, facet=said[facet])
            for dataset, word in self._datasets.words_on(facet)
            if (said := plain_facets({facet: word}))
        )

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
        found = self._lake.stores.events.list_events_by_time(
            kind=kind, since=in_utc(since), until=in_utc(until), order=order, offset=offset, limit=limit
        )
        return Stretch(items=tuple(map(shown, found.items)), total=found.total)

    def _cards_of(self, writes: Collection[Io], until: datetime | None) -> Iterable[DatasetCard]:
        """Returns a card for each write, with what the run that wrote it said."""
        run_ids = sorted({io.run_id for io in writes})
        runs = self._lake.lineage.runs(run_ids)
        said = Said(self._lake, run_ids)
        for io in writes:
            yield DatasetCard(
                name=io.version.dataset,
                dataset_type=io.dataset_type,
                first_at=io.at,
                version=io.version,
                written_at=io.at,
                run=_as_of(runs[io.run_id], until) if io.run_id in runs else None,
                facets=said.facets(io.run_id, io.version.dataset, written=True),
            )


def _as_of(run: Run, until: datetime | None) -> Run:
    """Returns a run as it was at an instant: one that ended later was still going."""
    if until is None or run.ended_at is None or run.ended_at <= until:
        return run
    return replace(run, state=RunState.RUNNING, ended_at=None, error=None)


def _of(ios: Iterable[Io], run_id: RunId, until: datetime | None = None) -> list[Io]:
    return [io for io in ios if io.run_id == run_id and (until is None or io.at is None or io.at <= until)]


def _order(io: Io) -> tuple[str, ...]:
    version = io.version
    return version.namespace, version.name, version.partition, version.version or ""


def _type_of(facets: Mapping[str, Any]) -> str | None:
    return parse_text(facets.get(Facet.TYPE, {}).get(Facet.TYPE))
