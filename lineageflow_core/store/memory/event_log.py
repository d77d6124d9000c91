"""The log of events in memory."""

import sys
from collections.abc import Sequence
from datetime import datetime

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page, Stretch, TimeOrder
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import check_limit, page_of, parse_sequence, stretch_of
from lineageflow_core.store.ports import StoredEvent


class MemoryEventLog:
    """An `EventLog` in memory. `MemoryLineageStore.write` writes it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        with self._state.lock:
            return [event for event in self._state.events.values() if event.run_id == run_id]

    def events_about(self, run_ids: Sequence[RunId]) -> list[StoredEvent]:
        wanted = set(run_ids)
        with self._state.lock:
            return [event for event in self._state.events.values() if event.run_id in wanted]

    def list_events(
        self,
        *,
        run_id: RunId | None,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        with_problems: bool,
        after: str | None,
        limit: int,
    ) -> Page[StoredEvent]:
        check_limit(limit)
        check_instant(since)
        check_instant(until)
        before = parse_sequence(after) if after is not None else None
        with self._state.lock:
            log = [(self._state.event_places[digest], event) for digest, event in self._state.events.items()]
        found = [
            (seq, event)
            for seq, event in reversed(log)
            if run_id in {None, event.run_id}
            and kind in {None, event.kind}
            and (since is None or (event.at is not None and event.at >= since))
            and (until is None or (event.at is not None and event.at < until))
            and not (with_problems and (event.problem is None or event.replaced_by is not None))
            and (before is None or seq < before)
        ]
        page = page_of(found, limit, cursor=lambda each: each[0])
        return Page(items=tuple(event for _, event in page.items), next=page.next)

    def list_events_by_time(
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

    def find_events(self, first: bytes, last: bytes) -> list[StoredEvent]:
        with self._state.lock:
            found = [event for digest, event in self._state.events.items() if first <= digest <= last]
        return found[:2]

    def events_after(self, place: int, limit: int) -> list[tuple[int, RunId | None]]:
        with self._state.lock:
            places, events = self._state.event_places, self._state.events
            found = [(places[digest], event.run_id) for digest, event in events.items()]
        return [each for each in found if each[0] > place][:limit]

    def last_event(self) -> int:
        with self._state.lock:
            return self._state.last_event

    def late_runs(self, limit: int) -> list[RunId]:
        with self._state.lock:
            last = max(self._state.event_places, key=self._state.event_places.__getitem__, default=None)
            events = self._state.events.items()
            about = [event.run_id for digest, event in events if event.run_id and digest != last]
            found = dict.fromkeys(run_id for run_id in about if run_id in self._state.pruned_runs)
        return list(found)[:limit]

    def runless_events(self, *, before: datetime, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        with self._state.lock:
            places, last = self._state.event_places, self._state.last_event
            found = [(places[digest], event) for digest, event in self._state.events.items()]
        return [
            (place, event)
            for place, event in found
            if after < place < last
            and event.run_id is None
            and not event.is_aside
            and (came := event.received_at or event.at) is not None
            and came < before
        ][:limit]

    def count_runless_events(self, *, before: datetime) -> int:
        return len(self.runless_events(before=before, after=0, limit=sys.maxsize))
