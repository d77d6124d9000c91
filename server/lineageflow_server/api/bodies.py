"""Reading a request's body: never more of it into memory than is allowed, and not for ever.

The limit holds for what is announced, for what arrives, and for what gzip makes of it: a small body cannot
unpack to a large one. A body that stops arriving is given up. One that trickles is not: that, and heads that
never end, are for a proxy in front of a public server to bound.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request

from lineageflow_core.errors import InvalidInputError

_GZIP = 16 + zlib.MAX_WBITS
_PATIENCE = 60.0
"""Seconds in which some of a body has to arrive."""
_CLOSE = {"Connection": "close"}
"""What else the client sends belongs to a request that is answered."""


async def chunks_of(request: Request, *, patience: float = _PATIENCE) -> AsyncIterator[bytes]:
    """Yields the body as it arrives. Raises HTTPException (408) where nothing came for `patience` seconds."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HTTPException(
                408, f"nothing of the body came for {patience:g} seconds; send it again", headers=_CLOSE
            ) from None
        yield chunk


async def read_body(request: Request, *, limit: int, taken: Callable[[int], None] = lambda _: None) -> bytes:
    """Returns the body, unpacked if it is gzip. Raises InvalidInputError, HTTPException (408, 413).

    `taken` is told how many bytes are held, as they come, and may raise.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        raise InvalidInputError(f"the body's encoding is {coding[:100]!r}; send it plain or as gzip")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    received = bytearray()
    async for chunk in chunks_of(request):
        received += chunk
        if len(received) > limit:
            raise _too_large(limit)
        taken(len(chunk))
    if coding != "gzip":
        return bytes(received)
    content = _unpack(bytes(received), limit)
    taken(len(content))
    return content


def _unpack(packed: bytes, limit: int) -> bytes:
    content = bytearray()
    while True:  # several streams one after the other are one, as RFC 1952 has it
        unpacker = zlib.decompressobj(_GZIP)
        try:
            content += unpacker.decompress(packed, limit + 1 - len(content))
        except zlib.error as error:
            raise InvalidInputError(f"the body is not gzip, as its Content-Encoding says: {error}") from error
        if len(content) > limit:
            raise _too_large(limit)
        if not unpacker.eof:
            raise InvalidInputError("the gzip body ends too early: send it again")
        packed = unpacker.unused_data
        if not packed:
            return bytes(content)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {limit} bytes; send less at once", headers=_CLOSE)
