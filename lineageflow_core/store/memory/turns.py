"""Turns that threads of one process take, first come first served."""

from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, get_ident

from lineageflow_core.store.refusals import turn_held


class ThreadTurns:
    """One queue a key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queues: dict[Hashable, deque[tuple[int, Event]]] = {}
        """Thread and its go-ahead, the holder first."""

    @contextmanager
    def turn(self, key: Hashable) -> Iterator[None]:
        """Waits for the caller's turn and holds it. Raises StateError if this thread holds it already."""
        ticket = (get_ident(), Event())
        with self._lock:
            queue = self._queues.setdefault(key, deque())
            if queue and queue[0][0] == ticket[0]:
                raise turn_held()
            queue.append(ticket)
            if queue[0] is ticket:
                ticket[1].set()
        try:
            ticket[1].wait()
            yield
        finally:
            self._leave(key, ticket)

    def waiting(self, key: Hashable) -> int:
        """Returns how many threads wait for a turn that another one holds."""
        with self._lock:
            return max(0, len(self._queues.get(key, ())) - 1)

    def _leave(self, key: Hashable, ticket: tuple[int, Event]) -> None:
        with self._lock:
            queue = self._queues[key]
            queue.remove(ticket)
            if queue:
                queue[0][1].set()
            else:
                del self._queues[key]
