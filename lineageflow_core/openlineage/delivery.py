"""Getting what waits in an outbox to its receiver: one batch, or all of it.

Invariant: an event leaves the outbox after the receiver has said that it took it, so a reply that is lost
means that it is sent again; the receiver knows it by its digest. What the receiver will never take is set
aside and told of, and never holds up the rest.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import SystemRandom

from lineageflow_core.errors import ServerUnreachableError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.outbox import Delivery
from lineageflow_core.openlineage.outbox import Outbox, Waiting
from lineageflow_core.openlineage.receiver import LOG, Receiver

BATCH_EVENTS = 500
BATCH_BYTES = 4 << 20
"""What one request should hold; an event that is larger goes alone."""
RANDOM = SystemRandom()
"""For pauses. Nobody's seed is used up, and forked processes do not draw the same."""

_ATTEMPTS = 5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that waits in an outbox, and its bytes."""

    waiting: Waiting
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a batch."""

    taken: int
    refused: int
    left: tuple[Waiting, ...] = ()
    """What the receiver may take later."""


def deliver(outbox: Outbox, receiver: Receiver, batch: Sequence[Letter]) -> Delivered:
    """Sends a batch, and settles each event of it.

    Raises as `Receiver.send` does; then all of it waits on.
    """
    if not batch:
        return Delivered(taken=0, refused=0)
    failures = receiver.send([letter.body for letter in batch])
    outbox.remove(letter.waiting for index, letter in enumerate(batch) if index not in failures)
    left = []
    for index, failure in failures.items():
        waiting = batch[index].waiting
        if failure.retriable:
            left.append(waiting)
            continue
        outbox.set_aside(waiting, failure.reason)
        LOG.error(
            "%s refused an event for good: %s. It is kept in %s; `lineageflow outbox status` shows why",
            receiver.url,
            failure.reason,
            outbox.folder / "refused",
        )
    return Delivered(taken=len(batch) - len(failures), refused=len(failures) - len(left), left=tuple(left))


def batches(
    outbox: Outbox, waiting: Sequence[Waiting], *, about: RunId | None = None
) -> Iterator[list[Letter]]:
    """Reads events in batches of what one request should hold; those that are gone are left out.

    With `about`, so are those that do not name that run.
    """
    name = (about or "").encode()
    batch: list[Letter] = []
    size = 0
    for each in waiting:
        if batch and (len(batch) == BATCH_EVENTS or size + each.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        body = outbox.read(each)
        if body is not None and name in body:
            batch.append(Letter(each, body))
            size += len(body)
    if batch:
        yield batch


def deliver_all(
    outbox: Outbox,
    receiver: Receiver,
    *,
    about: RunId | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Delivers all that waits now, whoever put it there, and returns what became of it.

    With `about`, only events that name this run: its own, and those of its steps, whose parent it is.
    Tries a few times where the receiver does not answer; then raises ServerUnreachableError, or
    AccessDeniedError. What was delivered until then is. `pause` replaces the waiting in tests.
    """
    delivered = refused = 0
    left: list[Waiting] = []
    for batch in batches(outbox, outbox.waiting(), about=about):
        settled = _persist(outbox, receiver, batch, pause)
        delivered += settled.taken
        refused += settled.refused
        left += settled.left
    return Delivery(receiver=outbox.url, delivered=delivered, refused=refused, left=len(left))


def _persist(
    outbox: Outbox, receiver: Receiver, batch: Sequence[Letter], pause: Callable[[float], None]
) -> Delivered:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return deliver(outbox, receiver, batch)
        except ServerUnreachableError as error:
            if attempt == _ATTEMPTS:
                raise
            grown = _FIRST_PAUSE * 2**attempt * RANDOM.uniform(0.5, 1.0)
            pause(min(max(grown, error.details.get("retry_after", 0.0)), _LONGEST_PAUSE))
    raise AssertionError("the last attempt returns or raises")
