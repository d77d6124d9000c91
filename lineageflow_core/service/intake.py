"""Events into the log, so that one that nothing can be made of harms no other.

Invariant: what returns is stored, all of it. Events are stored together, in one transaction with the facts
that follow from them. If that fails and the storage is not to blame, each half is stored by itself, until the
one that makes it fail is alone. That one is *set aside*: it stands in the log with its problem, counts for no
run, and waits for a version that understands it (`Events.replay_events`).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from lineageflow_core.errors import AccessDeniedError, IntegrityError, StateError, StorageError
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.model.lineage import IntakeReport
from lineageflow_core.openlineage.received import ReceivedEvent
from lineageflow_core.store.ports import LineageStore

_log = logging.getLogger(__name__)

OF_THE_STORAGE = (StorageError, IntegrityError, StateError, AccessDeniedError)
"""Errors that no event is to blame for: whoever handed it in may hand it in again."""

Store = Callable[[Sequence[ReceivedEvent]], Sequence[bool]]
"""Stores events and what follows from them in one transaction; tells for each whether it was new."""


def take_in(lineage: LineageStore, store: Store, events: Sequence[ReceivedEvent]) -> IntakeReport:
    """Stores events, and reports. Raises StorageError and the like; then some may be stored, or none."""
    told = zip(events, _stored(lineage, store, events), strict=True)
    return report_of(
        [
            EventReceipt(id=event.stored.digest.hex(), is_new=is_new, problem=problem)
            for event, (is_new, problem) in told
        ]
    )


def report_of(receipts: Sequence[EventReceipt]) -> IntakeReport:
    """Returns the report on events that were handed in together."""
    problems = (f"event {index}: {each.problem}" for index, each in enumerate(receipts) if each.problem)
    return IntakeReport(
        received=len(receipts),
        duplicates=sum(not each.is_new for each in receipts),
        problems=tuple(problems),
        receipts=tuple(receipts),
    )


_Told = tuple[bool, str | None]


def _stored(lineage: LineageStore, store: Store, events: Sequence[ReceivedEvent]) -> list[_Told]:
    if not events:
        return []
    try:
        new = store(events)
    except OF_THE_STORAGE:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, no other event may suffer from it)
        if len(events) == 1:
            return [_set_aside(lineage, events[0], error)]
        half = len(events) // 2
        return [*_stored(lineage, store, events[:half]), *_stored(lineage, store, events[half:])]
    return [(is_new, event.stored.problem) for event, is_new in zip(events, new, strict=True)]


def _set_aside(lineage: LineageStore, event: ReceivedEvent, error: Exception) -> _Told:
    _log.error("event %s was set aside", event.stored.digest.hex(), exc_info=error)
    problem = (
        f"this version failed on it ({type(error).__name__}); it counts for nothing until a later one is "
        "told to read it again, by `lineageflow events replay`"
    )
    with lineage.write() as writer:
        [is_new] = writer.append([replace(event.stored, problem=problem, is_aside=True)])
    return is_new, problem
