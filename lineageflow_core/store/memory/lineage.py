"""The log of events and the facts folded from it, in memory."""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.store.memory.checks import check_event, check_facts
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.store.paging import check_limit, page_of, parse_place_of_run, place_of_run
from lineageflow_core.store.ports import LineageWriter, RunFacts, StoredEvent


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
                self._state.events.update(writer.events)
                self._state.facts.update(writer.facts)

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        with self._state.lock:
            return _of_run(self._state.events.values(), run_id)

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
        return [io for facts in self._facts() if facts.run.id in set(run_ids) for io in facts.reads]

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return [io for facts in self._facts() if facts.run.id in set(run_ids) for io in facts.writes]

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        return [io for facts in self._facts() for io in facts.reads if io.version in set(versions)]

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        return [io for facts in self._facts() for io in facts.writes if io.version in set(versions)]

    def _facts(self) -> list[RunFacts]:
        with self._state.lock:
            return list(self._state.facts.values())

    def _runs(self) -> list[Run]:
        return [facts.run for facts in self._facts()]


class _Writer:
    """Sees what is stored and what it adds; what it adds is stored when its transaction ends."""

    def __init__(self, state: State) -> None:
        self.events: dict[bytes, StoredEvent] = {}
        self.facts: dict[RunId, RunFacts] = {}
        self._events = ChainMap(self.events, state.events)

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        for event in events:
            check_event(event)
        return [self._append(event) for event in events]

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        # A ChainMap lists the oldest mapping first, so this is the order in which they came.
        return _of_run(self._events.values(), run_id)

    def put_facts(self, facts: RunFacts) -> None:
        check_facts(facts)
        self.facts[facts.run.id] = facts

    def _append(self, event: StoredEvent) -> bool:
        if event.digest in self._events:
            return False
        self._events[event.digest] = event
        return True


def _of_run(events: Iterable[StoredEvent], run_id: RunId) -> list[StoredEvent]:
    return [event for event in events if event.run_id == run_id]
