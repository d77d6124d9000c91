"""`Courier`: brings events to their receiver behind the back of the work that they are about.

An event is kept in the outbox first; a thread, which lives as long as there is something to bring, sends
it. While the receiver answers, each process sends its own events as they come. Where it does not, they stay
in the outbox, and of all processes that share it one at a time tries again: the one that has the turn, with
pauses that grow. So a receiver that comes back is not met by all of them, and what a process leaves when it
dies is brought by the next one that has something to bring itself.
"""

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lineageflow_core.errors import LineageFlowError, ServerUnreachableError, StorageError
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.allowance import Allowance
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.openlineage.delivery import (
    BATCH_BYTES,
    BATCH_EVENTS,
    RANDOM,
    Letter,
    deliver,
    deliver_all,
)
from lineageflow_core.openlineage.leftovers import Leftovers
from lineageflow_core.openlineage.outbox import Outbox, Waiting
from lineageflow_core.openlineage.receiver import LOG, Receiver

CLOSE_SECONDS = 5.0
"""How long the end of a process waits for events to be brought; what is left then waits on disk."""

_IDLE_SECONDS = 10.0
"""A thread that has had nothing to do for so long ends."""
_MOST_FRESH = 2 * BATCH_EVENTS
"""More events than these are read from the outbox again when it is their turn, rather than held in memory."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_RETRY_AFTER = 600.0
_UNKEPT_PAUSE = 60.0
_OTHERS_TURN = 10.0
"""Seconds until somebody who waits for the turn asks again."""


class Courier:
    """Brings events from `outbox` to `receiver`; may be shared by threads, and survives a fork.

    `allowance` is what `emit` may keep its callers waiting. Implements `catalog.Emitter`.
    """

    def __init__(
        self,
        outbox: Outbox,
        receiver: Receiver,
        *,
        allowance: Allowance | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.outbox = outbox
        self._receiver = receiver
        self._allowance = allowance or Allowance()
        self._pause = pause
        self._begin()
        _couriers.add(self)

    def _begin(self) -> None:
        """Sets all that belongs to one process."""
        self._changed = threading.Condition()
        """Guards what follows."""
        self._thread: threading.Thread | None = None
        self._fresh: deque[Letter] = deque()
        """Events of this process that nobody has tried to send."""
        self._untried: set[Waiting] = set()
        """Those, and the ones that are being sent."""
        self._well = True
        """The receiver took the last batch, as far as this process knows."""
        self._behind = False
        """Events of this process are in the outbox that only a look into it will bring."""
        self._look_at: float | None = 0.0
        """When to look into the outbox; at first at once, for what the dead left. None: there is no need."""
        self._grown = 0.0
        """The last pause; the next one is twice as long."""
        self._closing = False
        self._send_unkept_at = 0.0
        """Before this, nothing is sent that cannot be kept: it would only be waited for."""

    def emit(self, event: Mapping[str, Any]) -> None:
        """Keeps an event, and waits until the receiver has it, but no longer than the allowance lasts.

        Raises as `keep` does.
        """
        waiting = self.keep(event)
        with self._changed, self._allowance.spend() as seconds:
            self._changed.wait_for(lambda: waiting not in self._untried, seconds)

    def keep(self, event: Mapping[str, Any]) -> Waiting | None:
        """Keeps an event durably, to be brought as soon as it can be. Never waits for the receiver.

        Where the outbox cannot keep it (it is full, or cannot be written), the event is sent at once, and
        None returned; raises StorageError if that does not work either. Raises TypeError or ValueError for
        what JSON cannot hold.
        """
        body = canonical_json(event)
        try:
            waiting = self.outbox.put_canonical(body)
        except StorageError as error:
            self._send_unkept(body, error)
            return None
        self._submit(Letter(waiting, body))
        return waiting

    def flush(self, about: RunId) -> None:
        """Brings all that waits about a run and its steps, and returns when the receiver has it.

        It does not matter which process kept it, and who has the turn. Raises ServerUnreachableError or
        AccessDeniedError if some of it has to wait on.
        """
        delivery = deliver_all(self.outbox, self._receiver, about=about, pause=self._pause)
        if delivery.left:
            raise ServerUnreachableError(
                f"{self.outbox.url} cannot take {delivery.left} events about run {about} yet; they are kept "
                f"in {self.outbox.folder}: try again later",
                url=self.outbox.url,
            )
        if delivery.delivered:
            self._note_success()

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Waits until what can be brought is brought, but no longer than so many seconds.

        Tells whether nothing of this process is left in the outbox. A receiver that did not answer last
        time is not waited for. Events may be emitted after that.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._thread is None or not self._well, seconds)
            return self._thread is None and not self._behind

    def disconnect(self) -> None:
        """Ends the connections of this process, unless something is being sent."""
        with self._changed:
            if self._thread is None:
                self._receiver.close()

    def _send_unkept(self, body: bytes, error: StorageError) -> None:
        if time.monotonic() < self._send_unkept_at:
            raise error
        LOG.error("an event cannot be kept, and is sent at once: %s", error)
        try:
            failures = self._receiver.send([body])
        except LineageFlowError as unsent:
            self._send_unkept_at = time.monotonic() + _UNKEPT_PAUSE
            raise error from unsent
        if failures:
            raise error

    def _submit(self, letter: Letter) -> None:
        with self._changed:
            self._closing = False
            if self._well and len(self._fresh) < _MOST_FRESH:
                self._fresh.append(letter)
                self._untried.add(letter.waiting)
            else:
                self._behind = True
                if self._look_at is None:
                    self._look_at = 0.0
            self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="lineageflow-courier", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending: the event is on disk, for the next process
            self._thread = None
            self._forget_fresh()

    def _run(self) -> None:
        try:
            with Leftovers(self.outbox) as leftovers:
                while (fresh := self._next()) is not None:
                    self._bring(fresh) if fresh else self._look(leftovers)
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # it failed: another one starts from the disk
                    self._thread, self._behind, self._look_at = None, True, 0.0
                    self._forget_fresh()

    def _next(self) -> list[Letter] | None:
        """Waits for something to do: events to send, or none, to look into the outbox. None: it is over."""
        idle_at = time.monotonic() + _IDLE_SECONDS
        with self._changed:
            while not self._fresh:
                now = time.monotonic()
                if self._look_at is not None and self._look_at <= now:
                    return []
                if self._closing or (self._look_at is None and idle_at <= now):
                    self._thread = None  # from here on a new event starts another
                    self._changed.notify_all()
                    return None
                self._changed.wait((self._look_at or idle_at) - now)
            return self._take_fresh()

    def _take_fresh(self) -> list[Letter]:
        taken = [self._fresh.popleft()]
        size = len(taken[0].body)
        while self._fresh and len(taken) < BATCH_EVENTS and size + len(self._fresh[0].body) <= BATCH_BYTES:
            taken.append(self._fresh.popleft())
            size += len(taken[-1].body)
        return taken

    def _bring(self, fresh: Sequence[Letter]) -> None:
        try:
            settled = deliver(self.outbox, self._receiver, fresh)
        except LineageFlowError as error:
            self._note_failure(error)
        else:
            self._note_success()
            if settled.left:
                self._look_later()
        with self._changed:
            self._untried.difference_update(letter.waiting for letter in fresh)
            self._changed.notify_all()

    def _look(self, leftovers: Leftovers) -> None:
        """Brings one batch of what lies in the outbox, if it is this process's turn."""
        try:
            if not leftovers.take_turn():
                self._leave_to_others()
                return
            with self._changed:
                self._behind = False  # until somebody keeps an event that the listing may lack
                underway = frozenset(self._untried)
            batch = leftovers.next_batch(underway)
            if batch:
                leftovers.postpone(deliver(self.outbox, self._receiver, batch).left)
        except LineageFlowError as error:
            leftovers.give_turn()  # somebody else may have better credentials, or a better network
            self._note_failure(error)
            return
        if batch:
            self._note_success()
            return
        postponed = leftovers.give_turn()
        with self._changed:
            self._well = True
            if postponed:
                self._look_later()
            else:
                self._grown = 0.0
                self._look_at = 0.0 if self._behind else None
            self._changed.notify_all()

    def _leave_to_others(self) -> None:
        """Somebody else looks. Whether the receiver is well again, this process's next event finds out."""
        with self._changed:
            self._well = True
            self._look_at = None
            if self._behind:
                self._look_at = time.monotonic() + _OTHERS_TURN * RANDOM.uniform(0.5, 1.0)
            self._changed.notify_all()

    def _note_success(self) -> None:
        with self._changed:
            was_well, self._well = self._well, True
            if not was_well:
                self._look_at = 0.0  # at once: what was kept meanwhile can go now
            self._changed.notify_all()
        if not was_well:
            LOG.info("%s takes events again", self.outbox.url)

    def _note_failure(self, error: LineageFlowError) -> None:
        with self._changed:
            was_well, self._well = self._well, False
            self._look_later(error.details.get("retry_after", 0.0))
            self._forget_fresh()
        if was_well:
            LOG.warning("%s. Events are kept in %s, and brought later", error, self.outbox.folder)

    def _look_later(self, wanted: float = 0.0) -> None:
        with self._changed:
            self._behind = True
            self._grown = min(max(_FIRST_PAUSE, 2 * self._grown), _LONGEST_PAUSE)
            pause = max(self._grown * RANDOM.uniform(0.5, 1.0), min(wanted, _LONGEST_RETRY_AFTER))
            self._look_at = time.monotonic() + pause

    def _forget_fresh(self) -> None:
        """Lets go of events that nobody will send from memory; they are in the outbox."""
        self._fresh.clear()
        self._untried.clear()
        self._changed.notify_all()


_couriers: "weakref.WeakSet[Courier]" = weakref.WeakSet()


def _close_all() -> None:
    until = time.monotonic() + CLOSE_SECONDS
    for courier in list(_couriers):
        courier.close(max(0.0, until - time.monotonic()))
        courier.disconnect()


def _after_fork_in_child() -> None:
    for courier in list(_couriers):
        courier._begin()  # noqa: SLF001 - the parent's thread, and what it has to bring, are the parent's


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
