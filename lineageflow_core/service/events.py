"""The log of events: looking at it, and reading again, or mending, what was not understood.

Invariant: the facts are always those of the events that count. Whatever makes an event count, or count no
more, brings them up to that in the same transaction: what is said more is merged; where something is taken
back, all facts are made anew.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lineageflow_core.errors import EventNotFoundError, InvalidInputError, StateError
from lineageflow_core.model.event import Event, EventKind, EventReceipt, Replay
from lineageflow_core.model.ids import DIGEST_BYTES, RunId, parse_run_id
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.pruning import Pruned, PruningPlan
from lineageflow_core.openlineage.received import ReceivedEvent, receive, receive_again
from lineageflow_core.openlineage.record import Said
from lineageflow_core.service.folding import put, rebuild_in
from lineageflow_core.service.intake import OF_THE_STORAGE
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.pruning import Pruning
from lineageflow_core.service.renames import lasting_words
from lineageflow_core.store.ports import StoredEvent

_log = logging.getLogger(__name__)

_SHORTEST_ID = 8
_HEX = frozenset("0123456789abcdef")


class EventsService:
    """Implements `catalog.Events` over the log."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._events = lake.stores.events
        self._store = lake.lineage
        self._clock = lake.clock
        self._pruning = Pruning(lake)

    def list_events(
        self,
        *,
        run_id: RunId | None = None,
        kind: EventKind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        with_problems: bool = False,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Event]:
        page = self._events.list_events(
            run_id=parse_run_id(run_id) if run_id is not None else None,
            kind=kind,
            since=in_utc(since),
            until=in_utc(until),
            with_problems=with_problems,
            after=after,
            limit=limit,
        )
        return Page(items=tuple(map(shown, page.items)), next=page.next)

    def plan_pruning(self, *, older_than_days: int, keep_last: int = 0) -> PruningPlan:
        return self._pruning.plan(older_than_days, keep_last)

    def prune(self, *, older_than_days: int, keep_last: int = 0, limit: int = 10_000) -> Pruned:
        return self._pruning.prune(older_than_days, keep_last, limit)

    def get_event(self, event_id: str) -> Event:
        return shown(self._stored(event_id))

    def replay_events(self, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Replay:
        page = self._events.list_events(
            run_id=None, kind=None, since=None, until=None, with_problems=True, after=after, limit=limit
        )
        mended: list[StoredEvent] = []
        for before in page.items:
            now = receive_again(before)
            # Each by itself: where one makes this version fail, the others are read all the same.
            if self._read_again(now) and now.stored.problem is None:
                mended.append(before)
        return Replay(
            read=len(page.items), mended=tuple(event.digest.hex() for event in mended), next=page.next
        )

    def replace_event(self, event_id: str, replacement: Mapping[str, Any]) -> EventReceipt:
        broken = self._stored(event_id)
        mended = receive(dict(replacement), at=self._clock())
        digest = mended.stored.digest
        _check_replaceable(broken, digest)
        if any(event.replaced_by is not None for event in self._events.find_events(digest, digest)):
            raise InvalidInputError(
                f"the replacement says just what event {digest.hex()} says, which was replaced itself"
            )
        names = self._lake.names()
        with self._store.write() as writer:
            [is_new] = writer.append([mended.stored])
            writer.replace(broken.digest, digest)
            if receive_again(broken).said == Said():
                put(writer, lasting_words(mended.said, mended.stored, names), names)
            else:  # what was said cannot be taken out of a sum
                rebuild_in(writer, names)
        return EventReceipt(id=digest.hex(), is_new=is_new, problem=mended.stored.problem)

    def _read_again(self, now: ReceivedEvent) -> bool:
        """Lets an event count as this version understands it; tells whether this version can."""
        try:
            names = self._lake.names()
            with self._store.write() as writer:
                writer.reread([now.stored])
                put(writer, lasting_words(now.said, now.stored, names), names)
        except OF_THE_STORAGE:
            raise
        except Exception:  # noqa: BLE001 (what failed before may fail again, and is no reason to stop)
            _log.exception("event %s still makes this version fail", now.stored.digest.hex())
            return False
        return True

    def _stored(self, event_id: str) -> StoredEvent:
        if not _SHORTEST_ID <= len(event_id) <= 2 * DIGEST_BYTES or not set(event_id.lower()) <= _HEX:
            raise InvalidInputError(
                f"{event_id[:100]!r} is not the id of an event: {_SHORTEST_ID} hex digits or more were "
                "expected"
            )
        first, last = (bytes.fromhex(event_id.ljust(2 * DIGEST_BYTES, digit)) for digit in "0f")
        found = self._events.find_events(first, last)
        if not found:
            raise EventNotFoundError(
                f"there is no event {event_id}; `lineageflow events list` shows which there are",
                event_id=event_id,
            )
        if len(found) > 1:
            raise InvalidInputError(f"several events begin with {event_id}: name more of the id")
        return found[0]


def _check_replaceable(broken: StoredEvent, digest: bytes) -> None:
    event_id = broken.digest.hex()
    if broken.replaced_by is None and broken.problem is None:
        raise StateError(
            f"event {event_id} has no problem, and history is not rewritten; if the run did something else, "
            "let its producer say so",
            event_id=event_id,
        )
    if broken.replaced_by is not None and broken.replaced_by != digest:
        raise StateError(
            f"event {event_id} was replaced already; replace what took its place, {broken.replaced_by.hex()}",
            event_id=event_id,
        )
    if digest == broken.digest:
        raise InvalidInputError("the replacement says just what the event says that it replaces")


def shown(event: StoredEvent) -> Event:
    """Returns an event of the log as operations give it."""
    return Event(
        id=event.digest.hex(),
        kind=event.kind,
        body=event.body.decode(),
        run_id=event.run_id,
        at=event.at,
        received_at=event.received_at,
        problem=event.problem,
        warning=event.warning,
        replaced_by=event.replaced_by.hex() if event.replaced_by else None,
    )
