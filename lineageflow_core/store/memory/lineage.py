"""The log of events and the facts folded from it, in memory.

It keeps facts as they were put, and works out names and versions in force for each question: what the other
stores keep ready, they must answer as this one does.
"""

from collections import ChainMap, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.in_force import in_force
from lineageflow_core.store.memory.checks import check_event, check_facts
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.store.paging import check_limit, page_of, parse_place_of_run, place_of_run
from lineageflow_core.store.ports import LineageWriter, RunFacts, StoredEvent, Word


class MemoryLineageStore:
    """A `LineageStore` in memory. Its questions look at every run: it is for small lakes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._turns = ThreadTurns()

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator["_Writer"]:
        with self._turns.turn("write"):
            writer = _Writer(self._state)
            yield writer
            with self._state.lock:
                writer.apply()

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        with self._state.lock:
            return [event for event in self._state.events.values() if event.run_id == run_id]

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]:
        with self._state.lock:
            return {
                run_id: self._state.facts[run_id].run for run_id in run_ids if run_id in self._state.facts
            }

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        return sorted((run for run in self._runs() if run.parent in set(parents)), key=place_of_run)

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
        found = [
            run
            for run in self._runs()
            if run.parent == parent
            and job in {None, run.job.name}
            and state in {None, run.state}
            and (place is None or place_of_run(run) < place)
        ]
        return page_of(sorted(found, key=place_of_run, reverse=True), limit, cursor=place_of_run)

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return [io for io in self._reads() if io.run_id in set(run_ids)]

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return [io for io in self._writes() if io.run_id in set(run_ids)]

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        wanted = {self._named(version) for version in versions}
        return [io for io in self._reads() if io.version in wanted]

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        wanted = {self._named(version) for version in versions}
        return [io for io in self._writes() if io.version in wanted]

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

    def job_edges(self, jobs: Sequence[Job]) -> list[JobEdge]:
        found = {edge for facts in self._facts() for edge in facts.job_edges}
        return sorted(edge for edge in found if {edge.source, edge.target} & set(jobs))

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        with self._state.lock:
            links = list(self._state.links)
        found = {dataset}
        while more := {name for link in links if found & set(link) for name in link} - found:
            found |= more
        return tuple(sorted(found, key=lambda name: name.rank))

    def dataset_words(self, dataset: DatasetName) -> dict[str, Word]:
        words: dict[str, Word] = {}
        with self._state.lock:
            for name in self.names(dataset):
                _keep_later(words, self._state.dataset_words.get(name, {}))
        return words

    def job_words(self, job: Job) -> dict[str, Word]:
        with self._state.lock:
            return dict(self._state.job_words.get(job, {}))

    def _facts(self, run_ids: Collection[RunId] | None = None) -> list[RunFacts]:
        with self._state.lock:
            if run_ids is None:
                return list(self._state.facts.values())
            return [self._state.facts[run_id] for run_id in run_ids if run_id in self._state.facts]

    def _runs(self) -> list[Run]:
        return [facts.run for facts in self._facts()]

    def _writes(self) -> list[Io]:
        return self._under_first_names(facts.writes for facts in self._facts())

    def _reads(self) -> list[Io]:
        written: dict[DatasetName, list[Io]] = defaultdict(list)
        for io in self._writes():
            written[io.version.dataset].append(io)
        reads = self._under_first_names(facts.reads for facts in self._facts())
        return _distinct(bound for io in reads for bound in _bound(io, written[io.version.dataset]))

    def _under_first_names(self, ios: Iterable[Sequence[Io]]) -> list[Io]:
        return _distinct(replace(io, version=self._named(io.version)) for some in ios for io in some)

    def _named(self, version: Version) -> Version:
        return version.under(self.names(version.dataset)[0])


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


def _keep_later(words: dict[str, Word], others: Mapping[str, Word]) -> None:
    for key, word in others.items():
        if key not in words or words[key].stamp < word.stamp:
            words[key] = word


@dataclass(slots=True)
class _Writer:
    """Sees what is stored and what it adds; what it adds is stored when its transaction ends."""

    state: State
    changes: list[Callable[[], None]] = field(default_factory=list)
    events: dict[bytes, StoredEvent] = field(default_factory=dict)
    new_records: dict[RunId, bytes] = field(default_factory=dict)

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        for event in events:
            check_event(event)
        return [self._append(event) for event in events]

    def records(self, run_ids: Collection[RunId]) -> dict[RunId, bytes]:
        known = ChainMap(self.new_records, self.state.records)
        return {run_id: known[run_id] for run_id in run_ids if run_id in known}

    def put_facts(self, facts: RunFacts, record: bytes = b"") -> None:
        check_facts(facts)
        self.new_records[facts.run.id] = record
        self.changes.append(lambda: self.state.facts.update({facts.run.id: facts}))

    def put_words(
        self,
        *,
        jobs: Mapping[Job, Mapping[str, Word]] = {},
        declared: Mapping[Job, Word] = {},
        datasets: Mapping[DatasetName, Mapping[str, Word]] = {},
    ) -> None:
        def change() -> None:
            for job, words in jobs.items():
                _keep_later(self.state.job_words.setdefault(job, {}), words)
            for job, word in declared.items():
                there = self.state.declared.get(job)
                if there is None or there.stamp < word.stamp:
                    self.state.declared[job] = word
            for dataset, words in datasets.items():
                _keep_later(self.state.dataset_words.setdefault(dataset, {}), words)

        self.changes.append(change)

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        self.changes.append(lambda: self.state.links.update(names))

    def apply(self) -> None:
        """Stores what was added."""
        self.state.events.update(self.events)
        self.state.records.update(self.new_records)
        for change in self.changes:
            change()

    def _append(self, event: StoredEvent) -> bool:
        if event.digest in self.events or event.digest in self.state.events:
            return False
        self.events[event.digest] = event
        return True
