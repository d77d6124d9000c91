"""Raw OpenLineage events, as any producer posts them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.lineage import IntakeReport
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.codec import decode, encode
from lineageflow_core.wire.routes import API_PREFIX, EVENTS_PATH
from lineageflow_server.access.guard import needs
from lineageflow_server.api.bodies import read_body
from lineageflow_server.api.operations import PROBLEMS

_BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


def intake_router(catalog: Catalog, *, max_body: int) -> APIRouter:
    """Returns a router that takes events. `max_body` is in bytes, after unpacking."""
    router = APIRouter(prefix=API_PREFIX, tags=["lineage"])

    @router.post(
        EVENTS_PATH,
        status_code=201,
        operation_id="post_event",
        response_model=IntakeReport,
        responses=PROBLEMS,
        openapi_extra={"requestBody": _BODY},
        summary="Takes one OpenLineage event",
    )
    @needs(Scope.INGEST)
    async def post_event(request: Request) -> Response:
        """Takes one OpenLineage event, plain or gzip. It is durable when the answer comes.

        Sent again, it is counted as a duplicate. One that cannot be understood is stored with its problem.
        """
        body = await read_body(request, limit=max_body)

        def call() -> bytes:
            return encode(catalog.lineage.ingest([decode(body, dict[str, Any])]))

        return Response(await run_in_threadpool(call), media_type="application/json", status_code=201)

    return router
