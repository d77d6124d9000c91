"""One transaction on what lineage keeps in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import Job
from lineageflow_core.store.digests import digest_of_all
from lineageflow_core.store.memory.checks import check_event, check_facts
from lineageflow_core.store.memory.state import LineageTables, State
from lineageflow_core.store.ports import RunFacts, StoredEvent, Word
from lineageflow_core.store.words import merge_words


@dataclass(slots=True)
class MemoryLineageWriter:
    """A `LineageWriter`: it sees what is stored and what it adds, which is stored when it is applied."""

    state: State
    new: LineageTables
    events: dict[bytes, StoredEvent] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)
    """Events that are pruned."""
    pruned_runs: set[RunId] = field(default_factory=set)
    words: dict[bytes, bytes] = field(default_factory=dict)

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        for event in events:
            check_event(event)
        return [self._append(event) for event in events]

    def stored_events(self, *, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        new = [digest for digest in self.events if digest not in self.state.events]
        places = self.state.event_places | dict(zip(new, count(self.state.last_event + 1), strict=False))
        events = {**self.state.events, **self.events}
        found = [(places[digest], event) for digest, event in events.items() if digest not in self.gone]
        return [each for each in found if each[0] > after][:limit]

    def reread(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            check_event(event)
            there = self._there(event.digest)
            self.events[event.digest] = replace(
                event, body=there.body, received_at=there.received_at, replaced_by=there.replaced_by
            )

    def replace(self, digest: bytes, by: bytes) -> None:
        self.events[digest] = replace(self._there(digest), replaced_by=by)

    def records(self, run_ids: Collection[RunId]) -> dict[RunId, bytes]:
        return {run_id: self.new.records[run_id] for run_id in run_ids if run_id in self.new.records}

    def put_facts(self, facts: RunFacts, record: bytes = b"") -> None:
        check_facts(facts)
        self.new.facts[facts.run.id] = facts
        self.new.records[facts.run.id] = record

    def put_words(
        self,
        *,
        jobs: Mapping[Job, Mapping[str, Word]] = {},
        declared: Mapping[Job, Word] = {},
        datasets: Mapping[DatasetName, Mapping[str, Word]] = {},
    ) -> None:
        for job, words in jobs.items():
            self.new.job_words[job] = merge_words(self.new.job_words.get(job, {}), words)
        for dataset, words in datasets.items():
            self.new.dataset_words[dataset] = merge_words(self.new.dataset_words.get(dataset, {}), words)
        self.new.declared = merge_words(self.new.declared, declared)

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        self.new.links.update(names)

    def prune(self, run_ids: Collection[RunId]) -> None:
        wanted, last = set(run_ids), self.state.last_event
        self.pruned_runs |= wanted
        for digest, event in self.state.events.items():
            if event.run_id in wanted and self.state.event_places[digest] != last:
                self.gone.add(digest)
        for run_id in wanted:
            self.new.facts.pop(run_id, None)
            self.new.records.pop(run_id, None)

    def prune_events(self, digests: Collection[bytes]) -> None:
        self.gone.update(digests)

    def pruned(self, run_ids: Collection[RunId]) -> set[RunId]:
        return set(run_ids) & (self.pruned_runs | self.state.pruned_runs)

    def keep_words(self, words: Mapping[bytes, bytes]) -> None:
        self.words |= words

    def kept_words(self, digests: Collection[bytes]) -> dict[bytes, bytes]:
        kept = self.state.kept_words | self.words
        return {digest: kept[digest] for digest in digests if digest in kept}

    def all_kept_words(self, *, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        kept = self.state.kept_words | self.words
        return [(digest, kept[digest]) for digest in sorted(kept) if digest > after][:limit]

    def clear(self) -> None:
        self.new = LineageTables()

    def digests(self) -> dict[str, str]:
        tables = self.new
        found: dict[str, Iterable[object]] = {
            "runs": ((facts.run, tables.records[run_id]) for run_id, facts in tables.facts.items()),
            "facts": (
                item
                for facts in tables.facts.values()
                for item in (*facts.reads, *facts.writes, *facts.flows, *facts.job_edges, *facts.tested)
            ),
            "columns": (
                (facts.run.id, dataset, edge)
                for facts in tables.facts.values()
                for dataset, edges in facts.columns.items()
                for edge in edges
            ),
            "words": (
                (key, facet, word)
                for words in (tables.job_words, tables.dataset_words)
                for key, said in words.items()
                for facet, word in said.items()
            ),
            "known": (*tables.job_words, *tables.dataset_words, *tables.declared),
            "declared": tables.declared.items(),
            "names": tables.links,
        }
        return {kind: digest_of_all(repr(item).encode() for item in items) for kind, items in found.items()}

    def set_fold(self, fold: int) -> None:
        self.new.fold = fold

    def apply(self) -> None:
        """Stores what was added."""
        for digest in self.events:
            if digest not in self.state.events:
                self.state.last_event += 1
                self.state.event_places[digest] = self.state.last_event
        self.state.events.update(self.events)
        for digest in self.gone:
            del self.state.events[digest], self.state.event_places[digest]
        self.state.pruned_runs |= self.pruned_runs
        self.state.kept_words |= self.words
        self.state.lineage = self.new

    def _there(self, digest: bytes) -> StoredEvent:
        return self.events.get(digest) or self.state.events[digest]

    def _append(self, event: StoredEvent) -> bool:
        if event.digest in self.events or event.digest in self.state.events:
            return False
        self.events[event.digest] = event
        return True
