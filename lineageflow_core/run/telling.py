"""`Telling`: what the runs of one process tell of themselves, gathered for a moment and told together.

A lake takes many events for little more than one costs it, and most of what a short step tells is told again,
with more, when it ends. So its owner lets events wait: for `now`, or for half a second at most. Invariant: of
what was gathered before `now` is called, all that matters is durable when it returns, as `RunSession` says.
What waits when the process is killed is lost: so `now` is called before anybody hears of what it is about.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import LineageFlowError, StorageError
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.vocabulary import EventType

LONGEST_SECONDS = 0.5
"""How long an event waits, at most, while its process can do anything."""

_ONCE = frozenset({EventType.START, EventType.COMPLETE, EventType.FAIL, EventType.ABORT})
_MOST_RUNS = 10_000
"""So many are remembered. Of one that is forgotten, an event may be told twice."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Saying:
    """An event that can be told."""

    run_id: RunId
    event_type: EventType
    teller: object
    """The session that tells it. Its events add up: a later one repeats all that earlier ones said."""
    is_bare: bool
    """It says that the run is so far, and nothing else."""
    make: Callable[[], dict[str, Any]]
    """Returns the event, with what is known when it is called."""
    warn: Callable[[str], None] | None
    """Told where the event can be neither kept on this machine nor told the lake; None raises."""


def tell(catalog: Catalog, sayings: Sequence[Saying]) -> None:
    """Tells events: durably in the lake or, where the catalog has an emitter, on this machine.

    Raises StorageError for one that can be kept nowhere, and whose session cannot be warned.
    """
    events = [saying.make() for saying in sayings]
    if catalog.emitter is None:
        catalog.lineage.ingest(events)
        return
    for saying, event in zip(sayings, events, strict=True):
        try:
            catalog.emitter.emit(event)
        except StorageError as error:
            if saying.warn is None:
                raise
            saying.warn(
                f"lineage of run {saying.run_id} is lost unless a later event tells it: {error.message}"
            )


class Telling:
    """Gathers the events of runs on one lake. Safe to share between threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[tuple[RunId, EventType], None] = {}
        """Starts and ends that were told, or wait."""
        self._begin()
        _tellings.add(self)

    def _begin(self) -> None:
        """Makes it as in a process that has told nothing."""
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[Saying] = []
        self._thread: threading.Thread | None = None

    def soon(self, saying: Saying) -> None:
        """Tells an event before long, unless one that waits, or was told, has said all of it."""
        with self._lock:
            if saying.event_type in _ONCE:
                place = (saying.run_id, saying.event_type)
                if place in self._known and (saying.is_bare or saying.event_type is EventType.START):
                    return
                self._remember(place)
            self._waiting = [
                each
                for each in self._waiting
                if each.teller is not saying.teller or each.event_type is EventType.START
            ]
            self._waiting.append(saying)
            if self._thread is None:
                self._start()

    def now(self) -> None:
        """Tells all that waits. Raises as `tell` does, and as the lake does; then it waits on.

        So it does where whoever calls this is interrupted.
        """
        with self._turn:  # what another thread tells just now is told, too, when this returns
            taken: list[Saying] = []
            try:
                with self._lock:
                    taken, self._waiting = self._waiting, []
                if taken:
                    tell(self._catalog, taken)
            except BaseException:
                with self._lock:
                    self._waiting = [*taken, *self._waiting]
                raise

    def _remember(self, place: tuple[RunId, EventType]) -> None:
        self._known[place] = None
        if len(self._known) > _MOST_RUNS:
            del self._known[next(iter(self._known))]

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="lineageflow-telling", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending: whoever does that has called `now`
            self._thread = None

    def _run(self) -> None:
        while True:
            time.sleep(LONGEST_SECONDS)
            with self._lock:
                if not self._waiting:
                    self._thread = None  # from here on a new event starts another
                    return
            try:
                self.now()
            except LineageFlowError as error:
                _log.warning("lineage waits, because the lake cannot be told now: %s", error.message)
            except Exception:  # noqa: BLE001 - whoever calls `now` hears of it
                _log.exception("lineage waits, because telling the lake failed")
            except BaseException:
                with self._lock:
                    self._thread = None
                raise


_tellings: "weakref.WeakSet[Telling]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for telling in list(_tellings):
        telling._begin()  # noqa: SLF001 - the parent's thread, and what it has to tell, are the parent's


os.register_at_fork(after_in_child=_after_fork_in_child)
