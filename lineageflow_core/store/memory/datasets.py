"""The datasets that events name, in memory: worked out for each question from all facts."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.known import KnownDataset, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Evidence, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.model.search import BASED_ON, BASED_ON_ANY_WAY, Condition, Found, FoundKind
from lineageflow_core.store.memory.jobs import MemoryJobStore
from lineageflow_core.store.memory.lineage import MemoryLineageStore
from lineageflow_core.store.memory.name_lists import page_by_name, stretch_by_name
from lineageflow_core.store.memory.search import Searched, ranked, terms_of
from lineageflow_core.store.memory.state import LineageTables, State
from lineageflow_core.store.paging import (
    PlaceOfOccurrence,
    PlaceOfTested,
    check_limit,
    page_of,
    place_of_io,
    place_of_occurrence,
    place_of_tested,
    stretch_of,
)
from lineageflow_core.store.ports import Word, Written
from lineageflow_core.store.terms import Term, name_terms
from lineageflow_core.store.words import dataset_type_of, merge_words


class MemoryDatasetStore:
    """A `DatasetStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State, lineage: MemoryLineageStore, jobs: MemoryJobStore) -> None:
        self._state = state
        self._lineage = lineage
        self._jobs = jobs

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        check_limit(limit)
        datasets = Counter(name.namespace for name in self._known())
        jobs = Counter(job.namespace for job in self._jobs.known())
        found = [
            KnownNamespace(namespace=each, datasets=datasets[each], jobs=jobs[each])
            for each in sorted(datasets.keys() | jobs.keys())
            if after is None or each > after
        ]
        return page_of(found, limit, cursor=lambda item: item.namespace)

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        return self._page(self._known(), namespace, after, limit)

    def list_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        names = self._known()
        if until is not None:
            names &= {io.version.dataset for io in self._ios() if _counts(io, until)}
        return stretch_by_name(names, namespace=namespace, pattern=pattern, offset=offset, limit=limit)

    def datasets(self, names: Collection[DatasetName]) -> dict[DatasetName, KnownDataset]:
        firsts = self.first_names(names)
        known = self._known() & set(firsts.values())
        writes, reads = self._by_dataset(written=True), self._by_dataset(written=False)
        return {
            name: self._dataset(first, writes[first], reads[first])
            for name, first in firsts.items()
            if first in known
        }

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        return self._lineage.names(dataset)

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        return {name: self._first(name) for name in names}

    def words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        return {dataset: words for dataset in datasets if (words := self._words(dataset))}

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        words = ((name, self._words(name)) for name in sorted(self._known()))
        return [(name, said[facet]) for name, said in words if facet in said]

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

    def list_writes(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        exact = [io for io in self._by_dataset(written=True)[self._first(dataset)] if io.version.version]
        found = [io for io in exact if _counts(io, until)]
        return stretch_of(sorted(found, key=place_of_io, reverse=True), offset=offset, limit=limit)

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        writes, reads = self._by_dataset(written=True), self._by_dataset(written=False)
        found = {}
        for dataset, first in self.first_names(datasets).items():
            touched = [io for io in (*writes[first], *reads[first]) if _counts(io, until)]
            exact = [io for io in writes[first] if io.version.version is not None and _counts(io, until)]
            if touched:
                found[dataset] = Written(
                    first_at=min((io.at for io in touched if io.at), default=None),
                    last=max(exact, key=place_of_io, default=None),
                )
        return found

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        jobs = {run.id: run.job for run in self._runs()}
        found: dict[Wire, None] = {}
        for written in (False, True):
            ios = self._by_dataset(written=written)
            for dataset in set(self.first_names(datasets).values()):
                counting = (io for io in ios[dataset] if _counts(io, until))
                found |= {
                    Wire(dataset=dataset, job=jobs[io.run_id], written=written): None for io in counting
                }
        return list(found)

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

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        return self._page(self._lacking()[gap], None, after, limit)

    def _lacking(self) -> dict[Gap, set[DatasetName]]:
        read, written = self._by_dataset(written=False), set(self._by_dataset(written=True))
        with_columns = {self._first(name) for facts in self._tables.facts.values() for name in facts.columns}
        return {
            Gap.UNPRODUCED_INPUT: set(read) - written,
            Gap.OUTPUT_WITHOUT_SCHEMA: {
                name for name in written if not self._words(name).get("schema", Word(b"")).said
            },
            Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE: written - with_columns,
        }

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        check_limit(limit)
        searched = chain[tuple[DatasetName | Job, Searched]](self._searched(), self._jobs.searched())
        based_on = {
            each: self._based_on(each) for each in conditions if each.field in {BASED_ON, BASED_ON_ANY_WAY}
        }
        page = ranked(searched, conditions, based_on=based_on, now=now, after=after, limit=limit)
        datasets = self.datasets([each for _, each in page.items if isinstance(each, DatasetName)])
        jobs = self._jobs.jobs([each for _, each in page.items if isinstance(each, Job)])
        return Page(
            items=tuple(
                Found(
                    kind=FoundKind(at.kind),
                    rank=at.rank,
                    dataset=datasets[named] if isinstance(named, DatasetName) else None,
                    job=jobs[named] if isinstance(named, Job) else None,
                )
                for at, named in page.items
            ),
            next=page.next,
        )

    def _based_on(self, condition: Condition) -> set[DatasetName | Job]:
        """Returns what was made of the datasets that a condition names, and the jobs that read them."""
        sources = {self._first(name) for name in condition.sources}
        made_of: defaultdict[DatasetName, set[DatasetName]] = defaultdict(set)
        for run in self._runs():
            written = {io.version.dataset for io in self._lineage.writes([run.id]) if io.version.version}
            read = {io.version.dataset for io in self._lineage.reads([run.id])}
            flows = self._lineage.flows([run.id])
            for target in written:
                said = {flow.source for flow in flows if flow.target == target}
                for source in (read & said if said else read) - {target}:
                    made_of[source].add(target)
        found: set[DatasetName] = set()
        frontier = set(sources)
        while new := {target for source in frontier for target in made_of[source]} - found:
            found |= new
            if condition.field == BASED_ON:
                break
            frontier = new
        runs = {run.id: run.job for run in self._runs()}
        reached = sources if condition.field == BASED_ON else sources | found
        jobs = {runs[io.run_id] for io in self._lineage.all_reads() if io.version.dataset in reached}
        return {*found, *jobs}

    def _searched(self) -> Iterator[tuple[DatasetName, Searched]]:
        runs = {run.id: run for run in self._runs()}
        writes, words = self._by_dataset(written=True), self._tables.dataset_words
        for name in self._known():
            newest = max((Occurrence(io=io) for io in writes[name]), key=place_of_occurrence, default=None)
            terms: set[Term] = set()
            for each in self._lineage.names(name):
                terms |= name_terms(each.namespace, each.name)
                terms |= terms_of(words.get(each, {}))
            yield (
                name,
                Searched(
                    kind=FoundKind.DATASET,
                    terms=frozenset(terms),
                    state=runs[newest.io.run_id].state if newest else None,
                    at=max((io.at for io in writes[name] if io.at), default=None),
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

    def _words(self, name: DatasetName) -> dict[str, Word]:
        words: dict[str, Word] = {}
        for each in self._lineage.names(name):
            words = merge_words(words, self._tables.dataset_words.get(each, {}))
        return words

    def _page(
        self, names: Collection[DatasetName], namespace: str | None, after: str | None, limit: int
    ) -> Page[KnownDataset]:
        page = page_by_name(names, namespace=namespace, after=after, limit=limit)
        known = self.datasets(page.items)
        return Page(items=tuple(known[name] for name in page.items), next=page.next)

    def _ios(self) -> list[Io]:
        return [*self._lineage.all_reads(), *self._lineage.all_writes()]

    def _by_dataset(self, *, written: bool) -> defaultdict[DatasetName, list[Io]]:
        found: defaultdict[DatasetName, list[Io]] = defaultdict(list)
        for io in self._lineage.all_writes() if written else self._lineage.all_reads():
            found[io.version.dataset].append(io)
        return found

    def _known(self) -> set[DatasetName]:
        """Returns the first names of all datasets that are known."""
        tables = self._tables
        named = {name for link in tables.links for name in link} | tables.dataset_words.keys()
        return {self._first(name) for name in named} | {io.version.dataset for io in self._ios()}

    def _dataset(self, name: DatasetName, writes: Sequence[Io], reads: Sequence[Io]) -> KnownDataset:
        exact = [Occurrence(io=io) for io in writes if io.version.version is not None]
        newest = max(exact, key=place_of_occurrence, default=None)
        return KnownDataset(
            name=name,
            dataset_type=dataset_type_of(self._words(name)),
            versions=len({io.version for io in (*writes, *reads) if io.version.version is not None}),
            current=newest.io.version if newest else None,
            written_at=max((io.at for io in writes if io.at), default=None),
            read_at=max((io.at for io in reads if io.at), default=None),
        )


def _counts(io: Io, until: datetime | None) -> bool:
    return until is None or io.at is None or io.at <= until


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
