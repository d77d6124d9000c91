"""What happens, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

The gate looks at each message whether its caller is still known, so the stream of a token that was revoked
ends with the next one, at the latest with the next heartbeat.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from lineageflow_core.model.live import LiveEntry, LiveKind
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.codec import encode
from lineageflow_core.wire.routes import API_PREFIX
from lineageflow_server.access.guard import needs
from lineageflow_server.api.operations import PROBLEMS
from lineageflow_server.live import FellBehindError, LiveHub, TooManyListenersError, Wanted

_HEARTBEAT_SECONDS = 15.0
_RETRY_MILLISECONDS = 2000
_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}


def stream_router(hub: LiveHub, *, heartbeat: float = _HEARTBEAT_SECONDS) -> APIRouter:
    """Returns a router with the stream of what happens."""
    router = APIRouter(prefix=API_PREFIX, tags=["live"])

    @router.get(
        "/stream",
        operation_id="stream",
        response_class=StreamingResponse,
        responses={**PROBLEMS, 200: {"content": _STREAM}},
        summary="Tells what happens as it happens, as server-sent events",
    )
    @needs(Scope.READ)
    async def stream(
        after: str | None = None,
        kind: Annotated[list[LiveKind] | None, Query()] = None,
        repository: str | None = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        """Tells what happens behind the place `after`, else from now on, as server-sent events.

        The data of each event is an entry as `changes` has it, and its type the entry's kind; whoever cannot
        hold a connection open asks `changes` again and again, and gets the same. A browser that comes again
        says by itself where it was (`Last-Event-ID`). A line `: still here` comes every 15 seconds of
        silence. Who reads too slowly gets the event `behind` and is let go. With too many listeners the
        answer is 503.
        """
        place = last_event_id or after
        wanted = Wanted(kinds=frozenset(kind or LiveKind), repository=repository)
        heard = hub.listen(place, wanted, heartbeat=heartbeat)
        if hub.is_full:
            detail = "too many listen here already; ask `changes` now and then instead"
            raise HTTPException(503, detail)
        first = await anext(heard)  # what fails at once is still answered as a problem
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        began = hub.place if place is None else None
        messages = _messages(began, first, heard)
        return StreamingResponse(messages, media_type="text/event-stream", headers=headers)

    return router


async def _messages(
    began: str | None, first: Iterable[LiveEntry], heard: AsyncGenerator[Sequence[LiveEntry], None]
) -> AsyncIterator[bytes]:
    # Who is cut off before anything happened comes again with this id, and misses nothing either.
    place = b"id: %s\n" % began.encode() if began is not None else b""
    async with aclosing(heard):
        yield b"retry: %d\n%s: hello\n\n" % (_RETRY_MILLISECONDS, place) + _told(first)
        try:
            async for entries in heard:
                yield _told(entries) or b": still here\n\n"
        except FellBehindError:
            yield b'event: behind\ndata: {"hint": "read faster, or ask changes after the last id"}\n\n'
        except TooManyListenersError:
            yield b'event: full\ndata: {"hint": "too many listen here; ask changes now and then instead"}\n\n'


def _told(entries: Iterable[LiveEntry]) -> bytes:
    told, some = b"", list(entries)
    for number, entry in enumerate(some):
        is_last = number + 1 == len(some) or some[number + 1].place != entry.place
        # An id stands with the last entry of a place: who comes again misses none of the others.
        name = b"id: %s\n" % entry.place.encode() if is_last else b""
        told += name + b"event: %s\ndata: %s\n\n" % (entry.kind.value.encode(), encode(entry))
    return told
