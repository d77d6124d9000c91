"""Reading a request's body into memory, never more of it than is allowed.

The limit holds for what arrives and for what gzip makes of it: a small body cannot unpack to a large one.
"""

import zlib

from starlette.exceptions import HTTPException
from starlette.requests import Request

from lineageflow_core.errors import InvalidInputError

_GZIP = 16 + zlib.MAX_WBITS


async def read_body(request: Request, *, limit: int) -> bytes:
    """Returns the body, unpacked if it is gzip. Raises InvalidInputError, HTTPException (413)."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        raise InvalidInputError(f"the body's encoding is {coding[:100]!r}; send it plain or as gzip")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            raise _too_large(limit)
    return _unpack(bytes(received), limit) if coding == "gzip" else bytes(received)


def _unpack(packed: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise InvalidInputError(f"the body is not gzip, as its Content-Encoding says: {error}") from error
    if len(content) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise InvalidInputError("the gzip body ends too early: send it again")
    return content


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {limit} bytes; send less at once")
