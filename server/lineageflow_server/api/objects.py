"""Bytes in and out: an object is streamed, and never held in memory whole.

An object's address is its content's digest, so an answer may be kept for ever, and a body is only stored
if it has the digest that it is sent for. Stored bytes are never shown by a browser as a page: whoever may
write them could otherwise act as whoever looks at them. An address says no version, so it says nothing about
quarantine: the same object may be in good versions, too. Who reads a path asks about that first.
"""

from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.token import Scope
from lineageflow_core.store.sources import is_of_source
from lineageflow_core.wire.routes import API_PREFIX, OBJECT_PATH, REFERENCE_HEADER
from lineageflow_server.access.guard import needs
from lineageflow_server.api.bodies import chunks_of
from lineageflow_server.api.incoming import Incoming
from lineageflow_server.api.operations import PROBLEMS
from lineageflow_server.caching import FOREVER

_CHUNK = 1 << 20
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def objects_router(catalog: Catalog) -> APIRouter:
    """Returns a router that takes and gives objects' bytes."""
    router = APIRouter(prefix=API_PREFIX, tags=["content"])
    suspects: set[ObjectId] = set()
    """Objects that turned out damaged while being sent: the next request checks them before it answers."""

    @router.get(
        OBJECT_PATH,
        operation_id="open",
        response_class=StreamingResponse,
        responses={**PROBLEMS, 200: {"content": _BYTES}},
        summary="Returns an object's bytes",
    )
    @needs(Scope.READ)
    def get_object(request: Request, repository: str, object_id: str, name: str = "") -> Response:
        """Returns an object's bytes. `name` is the file name that a browser saves them under."""
        checked = parse_object_id(object_id)
        headers = _headers(checked, name)
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        file = catalog.content.open(repository, checked)
        if checked in suspects:
            _verify(file)
            suspects.discard(checked)
        if is_of_source(file):
            headers[REFERENCE_HEADER] = "1"
        headers["Content-Length"] = str(_length(file))
        first = file.read(_CHUNK)  # what fails at once is still answered as a problem

        def chunks() -> Iterator[bytes]:
            chunk = first
            with file:
                try:
                    while chunk:
                        yield chunk
                        chunk = file.read(_CHUNK)
                except IntegrityError:
                    suspects.add(checked)
                    raise  # breaks the connection off: the answer must not look whole

        return StreamingResponse(chunks(), media_type="application/octet-stream", headers=headers)

    @router.put(
        OBJECT_PATH,
        operation_id="upload",
        status_code=204,
        responses=PROBLEMS,
        openapi_extra={"requestBody": {"required": True, "content": _BYTES}},
        summary="Stores an object",
    )
    @needs(Scope.WRITE)
    async def put_object(request: Request, repository: str, object_id: str) -> Response:
        """Stores the body, if it has the digest in the address. It is durable when the answer comes."""
        checked = parse_object_id(object_id)
        if await run_in_threadpool(catalog.content.missing, repository, [checked]):
            with Incoming(checked) as incoming:
                async for chunk in chunks_of(request):
                    await incoming.take(chunk)
                path = await incoming.finish()
                await run_in_threadpool(catalog.content.upload, repository, [path])
        return Response(status_code=204)

    return router


def _headers(object_id: ObjectId, name: str) -> dict[str, str]:
    file_name = quote(name.replace("\\", "/").rpartition("/")[2] or object_id, safe="")
    return {
        "ETag": f'"{object_id}"',
        "Cache-Control": FOREVER,
        "Content-Disposition": f"attachment; filename*=UTF-8''{file_name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def _length(file: BinaryIO) -> int:
    length = file.seek(0, 2)
    file.seek(0)
    return length


def _verify(file: BinaryIO) -> None:
    """Reads a file to its end, where a damaged one raises."""
    while file.read(_CHUNK):
        pass
    file.seek(0)
