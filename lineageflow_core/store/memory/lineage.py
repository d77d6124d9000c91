"""The facts folded from the log of events, in memory.

It keeps facts as they were put, and works out names and versions in force when somebody asks, once for each
state of the tables, which a transaction replaces as a whole: what the other stores keep ready, they must
answer as this one does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.store.in_force import in_force
from lineageflow_core.store.memory.lineage_look import MemoryLineageLook
from lineageflow_core.store.memory.lineage_writer import MemoryLineageWriter
from lineageflow_core.store.memory.state import LineageTables, State
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.store.paging import (
    check_limit,
    page_of,
    parse_place_of_run,
    place_of_run,
)
from lineageflow_core.store.ports import LineageLook, LineageWriter, RunFacts
from lineageflow_core.store.run_loops import standing
from lineageflow_core.store.words import wires_of

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class MemoryLineageStore:
    """A `LineageStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._turns = ThreadTurns()

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[LineageWriter]:
        with self._turns.turn("write"):
            writer = MemoryLineageWriter(self._state, self._state.lineage.copy())
            yield writer
            with self._state.lock:
                writer.apply()

    def fold(self) -> int:
        return self._state.lineage.fold

    def last_writers(self, number: int) -> set[RunId]:
        found: dict[tuple[DatasetName, str], list[Io]] = defaultdict(list)
        for io in self.all_writes():
            if io.version.version is not None and io.at is not None:
                found[io.version.dataset, io.version.partition].append(io)
        for ios in found.values():
            ios.sort(key=lambda io: (io.at or _BEFORE_ALL, io.run_id), reverse=True)
        return {io.run_id for ios in found.values() for io in ios[:number]}

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]:
        with self._state.lock:
            facts = self._state.lineage.facts
            return {run_id: facts[run_id].run for run_id in run_ids if run_id in facts}

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        with self._state.lock:
            records = self._state.lineage.records
            return {run_id: records[run_id] for run_id in run_ids if run_id in records}

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        runs, wanted = self._runs(), set(parents)
        under = standing({run.id: run.parent for run in runs})
        return sorted((run for run in runs if under[run.id] in wanted), key=place_of_run)

    def list_runs(
        self,
        *,
        job: str | None,
        state: RunState | None,
        parent: RunId | None,
        after: str | None,
        limit: int,
    ) -> Page[Run]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        runs = self._runs()
        under = standing({run.id: run.parent for run in runs})
        found = [
            run
            for run in runs
            if under[run.id] == parent
            and job in {None, run.job.name}
            and state in {None, run.state}
            and (place is None or place_of_run(run) < place)
        ]
        return page_of(sorted(found, key=place_of_run, reverse=True), limit, cursor=place_of_run)

    def runs_that_touched(self, namespace: str | None, *, after: RunId | None, limit: int) -> list[RunId]:
        ios = (*self.all_reads(), *self.all_writes())
        found = {io.run_id for io in ios if namespace in {None, io.version.namespace}}
        return sorted(run_id for run_id in found if after is None or run_id > after)[:limit]

    def look(self) -> AbstractContextManager[LineageLook]:
        with self._state.lock:  # its tables are replaced, never changed
            return nullcontext(MemoryLineageLook(MemoryLineageStore(State(lineage=self._state.lineage))))

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return [io for io in self.all_reads() if io.run_id in set(run_ids)]

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return [io for io in self.all_writes() if io.run_id in set(run_ids)]

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        wanted = {self._named(version) for version in versions}
        return [io for io in self.all_reads() if io.version in wanted]

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        wanted = {self._named(version) for version in versions}
        return [io for io in self.all_writes() if io.version in wanted]

    def flows(self, run_ids: Sequence[RunId]) -> list[Flow]:
        return list(
            {
                replace(
                    flow,
                    target=self.names(flow.target)[0],
                    source=self.names(flow.source)[0] if flow.source else None,
                ): None
                for facts in self._facts(run_ids)
                for flow in facts.flows
            }
        )

    def columns(self, run_ids: Sequence[RunId]) -> dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]]:
        found: dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]] = {}
        for facts in self._facts(run_ids):
            for dataset, edges in facts.columns.items():
                key = (facts.run.id, self.names(dataset)[0])
                named = {replace(edge, source=self.names(edge.source)[0]) for edge in edges}
                found[key] = found.get(key, frozenset()) | named
        return found

    def declarations(
        self, *, datasets: Collection[DatasetName] = (), jobs: Collection[Job] = ()
    ) -> list[Wire]:
        names = {name for dataset in datasets for name in self.names(dataset)}
        with self._state.lock:
            declared = list(self._state.lineage.declared.items())
        return sorted(
            wire
            for job, word in declared
            for wire in wires_of(job, word)
            if wire.dataset in names or job in jobs
        )

    def jobs_that_declare(self, namespace: str | None, *, after: Job | None, limit: int) -> list[Job]:
        with self._state.lock:
            declared = list(self._state.lineage.declared.items())
        found = {
            job
            for job, word in declared
            for wire in wires_of(job, word)
            if namespace in {None, self.names(wire.dataset)[0].namespace}
        }
        return sorted(job for job in found if after is None or job > after)[:limit]

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        """Returns all names of a dataset, the first one first."""
        return _names(self._state.lineage, dataset)

    def all_writes(self) -> list[Io]:
        """Returns everything that runs wrote."""
        return _writes(self._state.lineage)

    def all_reads(self) -> list[Io]:
        """Returns everything that runs read, at the versions that it was of."""
        return _reads(self._state.lineage)

    def _facts(self, run_ids: Collection[RunId] | None = None) -> list[RunFacts]:
        with self._state.lock:
            facts = self._state.lineage.facts
            return [facts[run_id] for run_id in (facts if run_ids is None else run_ids) if run_id in facts]

    def _runs(self) -> list[Run]:
        return [facts.run for facts in self._facts()]

    def _named(self, version: Version) -> Version:
        return _named(self._state.lineage, version)


@lru_cache(maxsize=4096)
def _names(tables: LineageTables, dataset: DatasetName) -> tuple[DatasetName, ...]:
    found = {dataset}
    while more := {name for link in tables.links if found & set(link) for name in link} - found:
        found |= more
    return tuple(sorted(found, key=lambda name: name.rank))


@lru_cache(maxsize=2)
def _writes(tables: LineageTables) -> list[Io]:
    return _under_first_names(tables, (facts.writes for facts in tables.facts.values()))


@lru_cache(maxsize=2)
def _reads(tables: LineageTables) -> list[Io]:
    written: dict[DatasetName, list[Io]] = defaultdict(list)
    for io in _writes(tables):
        written[io.version.dataset].append(io)
    reads = _under_first_names(tables, (facts.reads for facts in tables.facts.values()))
    return _distinct(bound for io in reads for bound in _bound(io, written[io.version.dataset]))


def _under_first_names(tables: LineageTables, ios: Iterable[Sequence[Io]]) -> list[Io]:
    return _distinct(replace(io, version=_named(tables, io.version)) for some in ios for io in some)


def _named(tables: LineageTables, version: Version) -> Version:
    return version.under(_names(tables, version.dataset)[0])


def _bound(read: Io, writes: Sequence[Io]) -> list[Io]:
    """Returns a read at the versions that it was of, as far as that can be told."""
    if read.version.version is not None:
        return [read]
    found = in_force(writes, partition=read.version.partition, at=read.at, reader=read.run_id)
    return [replace(read, version=version, evidence=Evidence.AS_OF) for version in found] or [read]


def _distinct(ios: Iterable[Io]) -> list[Io]:
    """Leaves one of what is of one run and version: the one that says most."""
    found = sorted(ios, key=lambda io: io.precedence, reverse=True)
    return list({(io.run_id, io.version): io for io in found}.values())
