"""What events are about, in memory: worked out for each question from all facts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset, KnownJob, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Evidence, Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.model.search import Condition, Found, FoundKind
from lineageflow_core.store.memory.lineage import MemoryLineageStore
from lineageflow_core.store.memory.search import Searched, rank_of
from lineageflow_core.store.memory.state import LineageTables, State
from lineageflow_core.store.paging import (
    PlaceOfFound,
    PlaceOfName,
    PlaceOfOccurrence,
    PlaceOfTested,
    check_limit,
    page_of,
    parse_place_of_run,
    place_of_occurrence,
    place_of_run,
    place_of_tested,
)
from lineageflow_core.store.ports import Word
from lineageflow_core.store.terms import Term, facet_terms, name_terms
from lineageflow_core.store.words import dataset_type_of


class MemoryKnownStore:
    """A `KnownStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State, lineage: MemoryLineageStore) -> None:
        self._state = state
        self._lineage = lineage

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        check_limit(limit)
        datasets = Counter(name.namespace for name in self.known_names())
        jobs = Counter(job.namespace for job in self.known_jobs())
        found = [
            KnownNamespace(namespace=each, datasets=datasets[each], jobs=jobs[each])
            for each in sorted(datasets.keys() | jobs.keys())
            if after is None or each > after
        ]
        return page_of(found, limit, cursor=lambda item: item.namespace)

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        check_limit(limit)
        place = PlaceOfName.parse(after) if after is not None else None
        found = [
            name
            for name in sorted(self.known_names())
            if namespace in {None, name.namespace}
            and (place is None or PlaceOfName(name.namespace, name.name) > place)
        ]
        page = page_of(found, limit, cursor=lambda name: PlaceOfName(name.namespace, name.name))
        known = self.datasets(page.items)
        return Page(items=tuple(known[name] for name in page.items), next=page.next)

    def datasets(self, names: Sequence[DatasetName]) -> dict[DatasetName, KnownDataset]:
        firsts = {name: self._first(name) for name in names}
        known = self.known_names() & set(firsts.values())
        writes, reads = self._by_dataset(written=True), self._by_dataset(written=False)
        return {
            name: self._dataset(first, writes[first], reads[first])
            for name, first in firsts.items()
            if first in known
        }

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        check_limit(limit)
        place = PlaceOfName.parse(after) if after is not None else None
        found = [
            job
            for job in sorted(self.known_jobs())
            if namespace in {None, job.namespace}
            and (place is None or PlaceOfName(job.namespace, job.name) > place)
        ]
        page = page_of(found, limit, cursor=lambda job: PlaceOfName(job.namespace, job.name))
        known = self.jobs(page.items)
        return Page(items=tuple(known[job] for job in page.items), next=page.next)

    def jobs(self, jobs: Sequence[Job]) -> dict[Job, KnownJob]:
        runs: dict[Job, list[Run]] = defaultdict(list)
        for run in self._runs():
            runs[run.job].append(run)
        return {
            job: KnownJob(job=job, runs=len(runs[job]), latest=max(runs[job], key=place_of_run, default=None))
            for job in jobs
            if job in self.known_jobs()
        }

    def runs_of(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        found = [
            run for run in self._runs() if run.job == job and (place is None or place_of_run(run) < place)
        ]
        return page_of(sorted(found, key=place_of_run, reverse=True), limit, cursor=place_of_run)

    def declared(self, job: Job) -> Word | None:
        return self._tables.declared.get(job)

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        records = self._tables.records
        return {run_id: records[run_id] for run_id in run_ids if run_id in records}

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        check_limit(limit)
        place = PlaceOfOccurrence.parse(after) if after is not None else None
        first = self._first(dataset)
        runs = {run.id: run for run in self._runs()}
        writes = self._by_dataset(written=True)[first]
        found = [Occurrence(io=io, run=runs[io.run_id]) for io in writes]
        found += _unwritten(self._by_dataset(written=False)[first], {io.version for io in writes})
        wanted = [
            each
            for each in found
            if partition in {None, each.io.version.partition}
            and (place is None or place_of_occurrence(each) < place)
        ]
        return page_of(
            sorted(wanted, key=place_of_occurrence, reverse=True), limit, cursor=place_of_occurrence
        )

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        check_limit(limit)
        place = PlaceOfTested.parse(after) if after is not None else None
        runs = {run.id: run for run in self._runs()}
        wanted = self._first(dataset) if dataset else None
        found = {
            place_of_tested(runs[each.run_id], each): each
            for each in self._tested()
            if wanted in {None, each.dataset} and failed in {None, each.failed}
        }
        places = sorted((each for each in found if place is None or each < place), reverse=True)
        page = page_of(places, limit, cursor=str)
        return Page(items=tuple(found[each] for each in page.items), next=page.next)

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        wanted = {version.under(self._first(version.dataset)) for version in versions}
        touched = {
            (io.run_id, io.version.dataset, written)
            for written in (False, True)
            for ios in self._by_dataset(written=written).values()
            for io in ios
            if io.version in wanted
        }
        return [each for each in self._tested() if (each.run_id, each.dataset, each.written) in touched]

    def _tested(self) -> list[Tested]:
        """Under two names of one dataset, what failed under either of them failed."""
        named = [
            replace(each, dataset=self._first(each.dataset))
            for facts in self._tables.facts.values()
            for each in facts.tested
        ]
        by_side = {
            (each.run_id, each.dataset, each.written): each
            for each in sorted(named, key=lambda each: each.failed)
        }
        return list(by_side.values())

    def count_gaps(self) -> tuple[GapCount, ...]:
        with self._state.lock:
            events = list(self._state.events.values())
        lacking = self._lacking()
        read, written = self._by_dataset(written=False), self._by_dataset(written=True)
        of = {
            Gap.UNENDED_RUN: len(self._runs()),
            Gap.UNPRODUCED_INPUT: len(read),
            Gap.OUTPUT_WITHOUT_SCHEMA: len(written),
            Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE: len(written),
            Gap.EVENT_WITH_PROBLEM: len(events),
        }
        count = {gap: len(names) for gap, names in lacking.items()} | {
            Gap.UNENDED_RUN: sum(run.state is RunState.RUNNING for run in self._runs()),
            Gap.EVENT_WITH_PROBLEM: sum(
                event.problem is not None and event.replaced_by is None for event in events
            ),
        }
        return tuple(GapCount(gap=gap, count=count[gap], of=of[gap]) for gap in Gap)

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        found = [
            run
            for run in self._runs()
            if run.state is RunState.RUNNING and (place is None or place_of_run(run) > place)
        ]
        return page_of(sorted(found, key=place_of_run), limit, cursor=place_of_run)

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        check_limit(limit)
        place = PlaceOfName.parse(after) if after is not None else None
        found = [
            name
            for name in sorted(self._lacking()[gap])
            if place is None or PlaceOfName(name.namespace, name.name) > place
        ]
        page = page_of(found, limit, cursor=lambda name: PlaceOfName(name.namespace, name.name))
        known = self.datasets(page.items)
        return Page(items=tuple(known[name] for name in page.items), next=page.next)

    def _lacking(self) -> dict[Gap, set[DatasetName]]:
        read, written = self._by_dataset(written=False), set(self._by_dataset(written=True))
        with_columns = {self._first(name) for facts in self._tables.facts.values() for name in facts.columns}
        return {
            Gap.UNPRODUCED_INPUT: set(read) - written,
            Gap.OUTPUT_WITHOUT_SCHEMA: {
                name
                for name in written
                if not self._lineage.dataset_words(name).get("schema", Word(b"")).said
            },
            Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE: written - with_columns,
        }

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        check_limit(limit)
        place = PlaceOfFound.parse(after) if after is not None else None
        found: dict[PlaceOfFound, DatasetName | Job] = {}
        for named, searched in chain[tuple[DatasetName | Job, Searched]](
            self._searched_jobs(), self._searched_datasets()
        ):
            rank = rank_of(searched, conditions, now=now)
            if rank is not None:
                found[PlaceOfFound(rank, searched.kind, named.namespace, named.name)] = named
        places = sorted(each for each in found if place is None or each > place)
        page = page_of(places, limit, cursor=str)
        named_datasets = [each for at in page.items if isinstance(each := found[at], DatasetName)]
        datasets = self.datasets(named_datasets)
        jobs = self.jobs([each for at in page.items if isinstance(each := found[at], Job)])
        return Page(
            items=tuple(
                Found(
                    kind=FoundKind(at.kind),
                    rank=at.rank,
                    dataset=datasets[named] if isinstance(named := found[at], DatasetName) else None,
                    job=jobs[named] if isinstance(named, Job) else None,
                )
                for at in page.items
            ),
            next=page.next,
        )

    def _searched_datasets(self) -> Iterator[tuple[DatasetName, Searched]]:
        runs = {run.id: run for run in self._runs()}
        writes, words = self._by_dataset(written=True), self._tables.dataset_words
        for name in self.known_names():
            newest = max((Occurrence(io=io) for io in writes[name]), key=place_of_occurrence, default=None)
            terms: set[Term] = set()
            for each in self._lineage.names(name):
                terms |= name_terms(each.namespace, each.name)
                terms |= _terms_of(words.get(each, {}))
            yield (
                name,
                Searched(
                    kind=FoundKind.DATASET,
                    terms=frozenset(terms),
                    state=runs[newest.io.run_id].state if newest else None,
                    at=max((io.at for io in writes[name] if io.at), default=None),
                ),
            )

    def _searched_jobs(self) -> Iterator[tuple[Job, Searched]]:
        words = self._tables.job_words
        known = self.known_jobs()
        for job, found in self.jobs(list(known)).items():
            yield (
                job,
                Searched(
                    kind=FoundKind.JOB,
                    terms=frozenset(name_terms(job.namespace, job.name) | _terms_of(words.get(job, {}))),
                    state=found.latest.state if found.latest else None,
                    at=place_of_run(found.latest).at if found.latest else None,
                ),
            )

    @property
    def _tables(self) -> LineageTables:
        # A writer that is done puts others in the place of these, and never changes these.
        with self._state.lock:
            return self._state.lineage

    def _runs(self) -> list[Run]:
        return [facts.run for facts in self._tables.facts.values()]

    def _first(self, name: DatasetName) -> DatasetName:
        return self._lineage.names(name)[0]

    def _by_dataset(self, *, written: bool) -> defaultdict[DatasetName, list[Io]]:
        ask = self._lineage.writes if written else self._lineage.reads
        found: defaultdict[DatasetName, list[Io]] = defaultdict(list)
        for io in ask(list(self._tables.facts)):
            found[io.version.dataset].append(io)
        return found

    def known_names(self) -> set[DatasetName]:
        """Returns the first names of all datasets that are known."""
        tables = self._tables
        named = {name for link in tables.links for name in link} | tables.dataset_words.keys()
        touched = self._by_dataset(written=True).keys() | self._by_dataset(written=False).keys()
        return {self._first(name) for name in named | touched}

    def known_jobs(self) -> set[Job]:
        """Returns all jobs that are known."""
        tables = self._tables
        edges = {edge for facts in tables.facts.values() for edge in facts.job_edges}
        return {
            *tables.job_words,
            *tables.declared,
            *(run.job for run in self._runs()),
            *(job for edge in edges for job in (edge.source, edge.target)),
        }

    def _dataset(self, name: DatasetName, writes: Sequence[Io], reads: Sequence[Io]) -> KnownDataset:
        exact = [Occurrence(io=io) for io in writes if io.version.version is not None]
        newest = max(exact, key=place_of_occurrence, default=None)
        return KnownDataset(
            name=name,
            dataset_type=dataset_type_of(self._lineage.dataset_words(name)),
            versions=len({io.version for io in (*writes, *reads) if io.version.version is not None}),
            current=newest.io.version if newest else None,
            written_at=max((io.at for io in writes if io.at), default=None),
            read_at=max((io.at for io in reads if io.at), default=None),
        )


def _terms_of(words: Mapping[str, Word]) -> set[Term]:
    return {term for facet, word in words.items() for term in facet_terms(facet, word)}


def _unwritten(reads: Iterable[Io], written: set[Version]) -> list[Occurrence]:
    """Returns the versions that were named by who read them, and that nobody wrote."""
    first: dict[Version, Occurrence] = {}
    for io in reads:
        if io.evidence is Evidence.EXPLICIT and io.version not in written:
            each = Occurrence(io=io)
            there = first.setdefault(io.version, each)
            if place_of_occurrence(each) < place_of_occurrence(there):
                first[io.version] = each
    return list(first.values())
