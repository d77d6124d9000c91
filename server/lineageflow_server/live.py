"""One look at what happens for all who listen in this process.

A hub asks the lake what is new, a few times a second, while anybody listens, and keeps the last entries.
Listeners read those at their own pace, and nothing is kept for each of them. One who comes with a place first
reads what the lake has behind it. One who falls behind what is kept is told so and goes: they come again with
their place, and miss nothing.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.live import LiveEntries, LiveEntry, LiveKind
from lineageflow_core.model.page import MAX_LIMIT

_PAUSE_SECONDS = 0.5
_AFTER_FAILURE_SECONDS = 5.0
_KEPT = 5000
_LOG = logging.getLogger(__name__)


class TooManyListenersError(Exception):
    """No more can listen in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a listener wants to hear of."""

    kinds: frozenset[LiveKind]
    repository: str | None = None

    def __contains__(self, entry: LiveEntry) -> bool:
        return entry.kind in self.kinds and (self.repository is None or self.repository in entry.repositories)


class FellBehindError(Exception):
    """A listener was too slow: what they have not heard is not kept any more."""


class LiveHub:
    """What happens, for all listeners of one event loop. `kept` is how many entries are."""

    def __init__(
        self, catalog: Catalog, *, most: int = 200, pause: float = _PAUSE_SECONDS, kept: int = _KEPT
    ) -> None:
        self._catalog = catalog
        self._most = most
        self._pause = pause
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._kept: deque[LiveEntry] = deque(maxlen=kept)
        self._number = 0
        """How many entries there were; the last ones are kept."""
        self._place = ""
        """Behind all of them."""
        self._news = asyncio.Event()
        self._thread = CapacityLimiter(1)
        self._beginning = asyncio.Lock()
        self._closed = False

    def close(self) -> None:
        """Ends all listening, because the server does: whoever listened comes again. Of the event loop."""
        self._closed = True
        self._news.set()

    @property
    def place(self) -> str:
        """Where who has just begun to listen, from now on, is."""
        return self._place

    @property
    def is_full(self) -> bool:
        """Nobody more can listen here."""
        return self._listeners >= self._most

    async def listen(
        self, after: str | None, wanted: Wanted, *, heartbeat: float
    ) -> AsyncGenerator[Sequence[LiveEntry], None]:
        """Yields what happens behind `after`, or from now on; nothing after `heartbeat` quiet seconds.

        What it yields first comes at once: from then on nothing is missed.

        Raises TooManyListenersError, FellBehindError, and InvalidInputError for what is no place.
        """
        if self.is_full:
            raise TooManyListenersError
        self._listeners += 1
        try:
            async with self._beginning:
                if self._looking is None:
                    self._place = (await self._look(None)).next
                    self._looking = asyncio.create_task(self._look_on())
            number, behind = self._number, None
            if after is None:
                yield ()
            while after is not None:
                found = await self._look(after)
                after = behind = found.next
                yield [entry for entry in found.items if entry in wanted]
                if not found.more:
                    break
            async for entries in self._follow(number, heartbeat):
                yield [entry for entry in entries if entry in wanted and not _is_told(entry, behind)]
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _follow(self, number: int, heartbeat: float) -> AsyncGenerator[Sequence[LiveEntry], None]:
        while not self._closed:
            news = self._news
            missing = self._number - number
            if missing > len(self._kept):
                raise FellBehindError
            if missing:
                kept = list(self._kept)
                number = self._number
                yield kept[len(kept) - missing :]
                continue
            try:
                async with asyncio.timeout(heartbeat):
                    await news.wait()
            except TimeoutError:
                yield ()

    async def _look_on(self) -> None:
        while True:
            try:
                found = await self._look(self._place)
            except Exception as error:  # noqa: BLE001  # whatever it is, it may pass: the database may come back
                _LOG.warning(
                    "cannot see what happens: %s", error, exc_info=not isinstance(error, LineageFlowError)
                )
                await asyncio.sleep(_AFTER_FAILURE_SECONDS)
                continue
            self._place = found.next
            if found.items:
                self._kept.extend(found.items)
                self._number += len(found.items)
                news, self._news = self._news, asyncio.Event()
                news.set()
            if not found.more:
                await asyncio.sleep(self._pause)

    async def _look(self, after: str | None) -> LiveEntries:
        ask = partial(self._catalog.live.changes, after=after, limit=MAX_LIMIT)
        return await to_thread.run_sync(ask, limiter=self._thread)


def _is_told(entry: LiveEntry, behind: str | None) -> bool:
    """Tells whether an entry lies before a place, in the log that it is of."""
    if behind is None:
        return False
    part = 0 if entry.kind in {LiveKind.RUN, LiveKind.VERSION} else 1
    here, there = (int(place.split(".")[part]) for place in (entry.place, behind))
    return here <= there
