"""Raw OpenLineage events, as any producer posts them: one, or many at once.

What the specification's clients do with an answer decides which one is given. They never send again what was
refused (4xx), so whatever is JSON is taken, and answered 2xx, also where it breaks the specification. They
send again after 503, at once lose what is answered 429, and wait no longer than five seconds; so everything
that may be better in a second is 503, a full disk too.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import IntakeReport
from lineageflow_core.model.token import Scope
from lineageflow_core.openlineage.received import ReceivedEvent, receive
from lineageflow_core.service.intake import OF_THE_STORAGE, report_of
from lineageflow_core.wire.codec import encode
from lineageflow_core.wire.events import BatchReply, decode_event, reply_to, split_events
from lineageflow_core.wire.routes import API_PREFIX, EVENT_BATCH_PATH, EVENTS_PATH
from lineageflow_server.access.guard import needs
from lineageflow_server.api.bodies import read_body
from lineageflow_server.api.operations import PROBLEMS, PlainRoute
from lineageflow_server.api.problems import problem_response
from lineageflow_server.intake import Intake, Receipts, too_slow

_SMALL = 64 << 10
"""Bytes of a body that is read sooner than a thread is woken to read it."""
_EVENT = {"schema": {"type": "object"}}
_EVENTS = {
    "schema": {
        "oneOf": [
            {"type": "array", "items": {"type": "object"}},
            {
                "type": "object",
                "properties": {"events": {"type": "array", "items": {"type": "object"}}},
                "required": ["events"],
            },
        ]
    }
}


def intake_router(intake: Intake, *, max_body: int, max_batch: int) -> APIRouter:
    """Returns a router that takes events. `max_body` is in bytes, after unpacking; `max_batch` in events."""
    router = APIRouter(prefix=API_PREFIX, tags=["lineage"], route_class=PlainRoute)

    async def take(request: Request) -> Receipts:
        with intake.room() as room:
            body = await read_body(request, limit=max_body, taken=room.take)
            if len(body) <= _SMALL:
                events = _read(body, max_batch)
            else:
                events = await run_in_threadpool(_read, body, max_batch)
            told = intake.submit(events, room)
        try:
            async with asyncio.timeout(intake.patience):
                return await asyncio.wrap_future(told)
        except TimeoutError:
            raise too_slow() from None

    async def answer(request: Request, told: Callable[[Receipts], object], *, status: int) -> Response:
        try:
            receipts = await take(request)
        except OF_THE_STORAGE as error:
            return problem_response(error, status=503)
        return Response(encode(told(receipts)), media_type="application/json", status_code=status)

    @router.post(
        EVENTS_PATH,
        status_code=201,
        operation_id="post_event",
        response_model=IntakeReport,
        responses=PROBLEMS,
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": _EVENT}}},
        summary="Takes one OpenLineage event",
    )
    @needs(Scope.INGEST)
    async def post_event(request: Request) -> Response:
        """Takes one OpenLineage event, plain or gzip. It is durable when the answer comes.

        Sent again, it is counted as a duplicate. What breaks the specification is stored with its problem.
        """
        return await answer(request, report_of, status=201)

    @router.post(
        EVENT_BATCH_PATH,
        operation_id="post_events",
        response_model=BatchReply,
        responses=PROBLEMS,
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": _EVENTS}}},
        summary="Takes many OpenLineage events",
    )
    @needs(Scope.INGEST)
    async def post_events(request: Request) -> Response:
        """Takes many OpenLineage events, plain or gzip. All are durable when the answer comes.

        Those that break the specification are stored, and told as failed and not to be sent again.
        """
        return await answer(request, reply_to, status=200)

    return router


def _read(body: bytes, max_batch: int) -> list[ReceivedEvent]:
    try:
        parts = split_events(body)
        if len(parts) > max_batch:
            raise HTTPException(
                413, f"these are {len(parts)} events; a request may bring {max_batch}: send them in parts"
            )
        now = datetime.now(UTC)
        return [receive(decode_event(part), at=now) for part in parts]
    except InvalidInputError as error:
        raise HTTPException(400, error.message) from None
