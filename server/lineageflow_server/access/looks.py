"""Looking tokens up as they are now, for many requests at once.

A token that was revoked a moment ago opens nothing, on whichever server, so nothing is remembered from one
request to the next. Instead, all requests that come while the database is asked share the next question: each
gets an answer that was found after it came, and a busy server asks one question at a time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread

from lineageflow_core.model.token import Token

Find = Callable[[Sequence[str]], Mapping[str, Token]]


class SharedLooks:
    """Finds tokens by the digests of their secrets. Any event loop may use it."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def find(self, digest: str) -> Token | None:
        """Returns the token as it is, or None. Raises what asking for it raises."""
        queue = self._queues.setdefault(asyncio.get_running_loop(), _Queue())
        look = queue.next
        look.digests.add(digest)
        if queue.running is None:
            queue.running = asyncio.create_task(self._answer(queue))
        # A request that is given up must not take the answer from the others.
        return (await asyncio.shield(look.found)).get(digest)

    async def _answer(self, queue: "_Queue") -> None:
        while queue.next.digests:
            look, queue.next = queue.next, _Look()
            try:
                found = await to_thread.run_sync(self._find, list(look.digests), limiter=queue.thread)
            except Exception as error:  # noqa: BLE001  # it is for those who asked
                look.found.set_exception(error)
                look.found.exception()  # all of them may be gone
            else:
                look.found.set_result(found)
        queue.running = None


@dataclass(slots=True)
class _Look:
    """One question, which is being put together until it is asked."""

    digests: set[str] = field(default_factory=set)
    found: "asyncio.Future[Mapping[str, Token]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class _Queue:
    """The questions of one event loop."""

    next: _Look = field(default_factory=_Look)
    running: "asyncio.Task[None] | None" = None
    thread: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Beside those that requests keep busy, so that none has to wait for them to be told who it is from."""
