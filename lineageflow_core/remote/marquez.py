"""The events of a running Marquez, read over its public HTTP interface.

It lists events by time and by position, and while it is read, more come in. Positions shift then, so the next
page is asked for by the time of the last event, a little earlier, and what was seen is left out; by position
only where more events have one time than a page holds. So each event that was there at the beginning is read,
mostly once; to read one twice is no harm to a log that has equal events once.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lineageflow_core.errors import InvalidInputError, ServerUnreachableError
from lineageflow_core.openlineage.parse import parse_event
from lineageflow_core.remote.transport import Exchange, Transport
from lineageflow_core.wire.codec import decode

if TYPE_CHECKING:
    import httpx2

_PATH = "/api/v1/events/lineage"
_BEFORE = "9000-01-01T00:00:00Z"
"""Left out, it would be the year 2030."""
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_OVERLAP = timedelta(milliseconds=1)
"""Whether an event at the very time that is asked for is in the answer is not specified."""
DEFAULT_PAGE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events that were not read before."""

    events: tuple[dict[str, Any], ...]
    reached: datetime | None
    """The latest time of them: reading may go on from there. None where none says a time."""
    total: int | None
    """How many there are, as the first answer had it."""


class MarquezServer:
    """A running Marquez, or whatever answers `GET /api/v1/events/lineage` as it does."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        page: int = DEFAULT_PAGE,
        wire: "httpx2.BaseTransport | None" = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`token` is sent as a bearer token. Raises InvalidInputError for what is no address."""
        base = url.rstrip("/").removesuffix("/api/v1")
        self._transport = Transport(base, token=token, peer="Marquez", wire=wire, pause=pause)
        self._page = page

    def events(self, since: datetime | None = None) -> Iterator[EventPage]:
        """Yields all events, by time, from `since` on: those that come meanwhile, too.

        Raises ServerUnreachableError, AccessDeniedError.
        """
        after, offset, total = since or _FIRST, 0, None
        seen: set[str] = set()
        while True:
            events, count = self._ask(after, offset)
            if not events:
                return
            total = count if total is None else total
            by_text = {json.dumps(event, sort_keys=True): event for event in events}
            times = [at for event in events if (at := parse_event(event).at) is not None]
            new = tuple(event for text, event in by_text.items() if text not in seen)
            reached = max(times, default=None)
            if new:
                yield EventPage(events=new, reached=reached, total=total)
            if reached is not None and reached - _OVERLAP > after:
                after, offset = reached - _OVERLAP, 0
                seen = set(by_text)
            else:
                offset += len(events)
                seen |= set(by_text)

    def _ask(self, after: datetime, offset: int) -> tuple[list[dict[str, Any]], int | None]:
        query = {
            "after": after.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "before": _BEFORE,
            "sortDirection": "asc",
            "limit": str(self._page),
            "offset": str(offset),
            "kind": "all",  # LineageFlow's own answers leave out events about no run without it
        }
        exchange = Exchange(verb="GET", path=_PATH, query=query, headers={}, body=lambda: b"")
        try:
            answer = decode(self._transport.send(exchange, lambda response: response.read()), object)
        except InvalidInputError as error:
            raise self._no_marquez(error.message) from error
        found = answer.get("events") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise self._no_marquez("no list of events")
        count = answer.get("totalCount") if isinstance(answer, dict) else None
        return [each for each in found if isinstance(each, dict)], count if isinstance(count, int) else None

    def _no_marquez(self, reason: str) -> ServerUnreachableError:
        return ServerUnreachableError(
            f"{self._transport.url}{_PATH} does not answer as Marquez does ({reason}); check the address",
            url=self._transport.url,
        )
