"""Events of all requests in one queue, and one writer that stores many of them in each transaction.

Much of what a transaction costs is the same for one event as for five hundred, so while one is being stored,
what comes meanwhile waits for the next. Who is alone waits for nobody. Where several requests were there
together, the writer waits a moment for as many to be there again, because those that were answered together
come back together.

Invariant: a future has its receipts only after the transaction with its events is durable; so a process that
is killed loses nothing that it has acknowledged. What may wait is bounded in bytes, and in time: beyond, a
request is refused (BusyError), its events are forgotten, and the client sends them again.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lineageflow_core.catalog import Catalog, Lineage
from lineageflow_core.errors import BusyError, StorageError
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.model.lineage import IntakeReport
from lineageflow_core.openlineage.received import ReceivedEvent, receive
from lineageflow_core.service.intake import report_of

MOST_EVENTS = 500
"""In one transaction: more would not be stored faster, only be waited for longer."""
MOST_BYTES = 16 << 20
"""In one transaction."""
PATIENCE = 4.0
"""Seconds until a request is refused that still waits: OpenLineage's clients give up after five."""
OUR_PATIENCE = 30.0
"""Seconds that our own clients' events may wait: those clients wait longer."""

COMPANY_SECONDS = 0.02
"""How long the writer waits, at most, for as many requests as it has just answered or had waiting."""

_SHARES = 4
_IDLE_SECONDS = 5.0
"""How long the writer's thread stays when there is nothing to do."""

_log = logging.getLogger(__name__)

Receipts = tuple[EventReceipt, ...]


@dataclass(eq=False, slots=True)
class _Waiting:
    """The events of one request."""

    events: Sequence[ReceivedEvent]
    told: "Future[Receipts]"
    taken: int = 0
    """How many of them are in a transaction, or were."""
    receipts: list[EventReceipt] = field(default_factory=list)


class Intake:
    """A queue in front of `Lineage.ingest`. Any thread may use it."""

    def __init__(
        self,
        lineage: Lineage,
        *,
        max_waiting: int,
        patience: float = PATIENCE,
        company: float = COMPANY_SECONDS,
    ) -> None:
        """`max_waiting` is in bytes, as they arrived and unpacked.

        Of one request no more than a quarter of it counts: so none is too large, and one that brings much and
        slowly does not shut all others out.
        """
        self.patience = patience
        self._company = company
        self._lineage = lineage
        self._max_waiting = max_waiting
        self._changed = threading.Condition()
        self._queue: dict[int, _Waiting] = {}
        """In the order in which they came, by `id`."""
        self._held = 0
        """Bytes of requests that are being read, wait, or are being stored."""
        self._is_writing = False
        self._stored_since: float | None = None
        """When the transaction began that is being written."""
        self._awaited = 1
        """How many requests the writer waits for."""

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """Gives one request room in memory. Raises BusyError if the store has not moved for long."""
        since = self._stored_since
        if since is not None and time.monotonic() - since > self.patience:
            raise _busy("the lake's storage is slow, or held by somebody")
        room = Room(self)
        try:
            yield room
        finally:
            room.leave()

    def submit(self, events: Sequence[ReceivedEvent], room: "Room") -> "Future[Receipts]":
        """Queues the events of one request; cancelling the future forgets those that are not being stored.

        Their room stays theirs until they are stored, or forgotten.
        """
        waiting = _Waiting(events, Future())
        room.stay_for(waiting.told)
        if not events:
            waiting.told.set_result(())
            return waiting.told
        waiting.told.add_done_callback(lambda _: self._forget(waiting))
        with self._changed:
            self._queue[id(waiting)] = waiting
            if not self._is_writing:
                self._is_writing = True
                threading.Thread(target=self._write, name="lineageflow-intake", daemon=True).start()
            if len(self._queue) >= self._awaited:
                self._changed.notify_all()
        return waiting.told

    def reserve(self, size: int, *, beside: int) -> int:
        """Takes bytes for a request that has some already; returns how many count. Raises BusyError."""
        counted = min(size, self._max_waiting // _SHARES - beside)
        with self._changed:
            if self._held + counted > self._max_waiting:
                raise _busy("more events are waiting than the server may hold in memory")
            self._held += counted
        return counted

    def release(self, size: int) -> None:
        """Gives bytes back."""
        with self._changed:
            self._held -= size

    def _forget(self, waiting: _Waiting) -> None:
        with self._changed:
            self._queue.pop(id(waiting), None)

    def _write(self) -> None:
        """Stores what waits, for as long as something does."""
        expected = 1
        while True:
            with self._changed:
                if expected > 1:
                    self._await(expected, self._company)
                if not self._await(1, _IDLE_SECONDS):
                    self._is_writing = False
                    return
                batch = self._next()
                left = len(self._queue)
            came = self._store(batch) if batch else 0
            expected = 1 if left else len(batch) + came

    def _await(self, requests: int, seconds: float) -> bool:
        """Waits until so many requests are there; tells whether they are. The lock is held."""
        self._awaited = requests
        return self._changed.wait_for(lambda: len(self._queue) >= requests, seconds)

    def _next(self) -> list[tuple[_Waiting, Sequence[ReceivedEvent]]]:
        """Takes what goes into the next transaction, the first that came first."""
        batch: list[tuple[_Waiting, Sequence[ReceivedEvent]]] = []
        events, size = 0, 0
        for waiting in list(self._queue.values()):
            if not waiting.taken and not waiting.told.set_running_or_notify_cancel():
                del self._queue[id(waiting)]
                continue
            start = waiting.taken
            while waiting.taken < len(waiting.events) and events < MOST_EVENTS and size < MOST_BYTES:
                size += len(waiting.events[waiting.taken].stored.body)
                events += 1
                waiting.taken += 1
            if waiting.taken == len(waiting.events):
                del self._queue[id(waiting)]
            batch.append((waiting, waiting.events[start : waiting.taken]))
            if events >= MOST_EVENTS or size >= MOST_BYTES:
                break
        return batch

    def _store(self, batch: Sequence[tuple[_Waiting, Sequence[ReceivedEvent]]]) -> int:
        """Stores events and tells those who wait; returns how many requests came before anybody was told."""
        self._stored_since = time.monotonic()
        try:
            read: list[Any] = [event for _, events in batch for event in events]  # it takes what was read
            receipts = iter(self._lineage.ingest(read).receipts)
        except BaseException as error:  # noqa: BLE001 (whoever waits is told, whatever it is)
            if not isinstance(error, StorageError):
                _log.exception("events could not be stored")
            for waiting, _ in batch:
                _tell(waiting, error=error)
            return 0
        finally:
            self._stored_since = None
        came = len(self._queue)
        for waiting, events in batch:
            waiting.receipts += [next(receipts) for _ in events]
            if len(waiting.receipts) == len(waiting.events):
                _tell(waiting)
        return came


class Room:
    """The bytes that one request holds in memory, until its events are stored or it is refused."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._size = 0
        self._stays = False

    def take(self, size: int) -> None:
        """Takes more. Raises BusyError."""
        self._size += self._intake.reserve(size, beside=self._size)

    def stay_for(self, told: "Future[Receipts]") -> None:
        """Keeps what is taken until something is told."""
        self._stays = True
        told.add_done_callback(lambda _: self._intake.release(self._size))

    def leave(self) -> None:
        """Gives back what is taken, unless it stays."""
        if not self._stays:
            self._intake.release(self._size)


def through_intake(catalog: Catalog, intake: Intake) -> Catalog:
    """Returns `catalog`, whose `ingest` stands in the queue with all others."""
    return replace(catalog, lineage=_queued(catalog.lineage, intake))


def _queued(lineage: Lineage, intake: Intake) -> Lineage:
    class Queued:
        def __getattr__(self, name: str) -> Any:
            return getattr(lineage, name)

        def ingest(self, events: Sequence[dict[str, Any]]) -> IntakeReport:
            now = datetime.now(UTC)
            received = [receive(event, at=now) for event in events]
            with intake.room() as room:
                room.take(sum(len(event.stored.body) for event in received))
                told = intake.submit(received, room)
            try:
                return report_of(told.result(OUR_PATIENCE))
            except TimeoutError:
                told.cancel()
                raise too_slow() from None

    return Queued()  # what it does not have it takes from `lineage`


def too_slow() -> BusyError:
    """Returns the error for a request that waited for the store for too long."""
    return _busy("the lake's storage did not take the events in time")


def _busy(reason: str) -> BusyError:
    return BusyError(f"{reason}: send the same again in a second or later; what came twice counts once")


def _tell(waiting: _Waiting, *, error: BaseException | None = None) -> None:
    with suppress(Exception):  # nobody waits any more
        if error is not None:
            waiting.told.set_exception(error)
        else:
            waiting.told.set_result(tuple(waiting.receipts))
