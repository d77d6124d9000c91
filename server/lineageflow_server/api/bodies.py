"""Reading a request's body: never more of it into memory than is allowed, and not for ever.

The limit holds for what is announced, for what arrives, and for what gzip makes of it: a small body cannot
unpack to a large one. A body that stops arriving is given up. One that trickles is not: that, and heads that
never end, are for a proxy in front of a public server to bound.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from lineageflow_core.errors import InvalidInputError

_GZIP = 16 + zlib.MAX_WBITS
_SMALL = 16 << 10
"""Bytes that are unpacked sooner than a thread is woken to unpack them."""
_PIECE = 64 << 10
_MOST_STREAMS = 10_000
"""Of gzip in one body: each costs time, and may be empty."""
_PATIENCE = 60.0
"""Seconds in which some of a body has to arrive."""
_CLOSE = {"Connection": "close"}
"""What else the client sends belongs to a request that is answered."""


async def chunks_of(request: Request, *, patience: float = _PATIENCE) -> AsyncIterator[bytes]:
    """Yields the body as it arrives. Raises HTTPException (408) where nothing came for `patience` seconds.

    Raises ClientDisconnect where the client is gone.
    """
    is_more = True
    while is_more:
        try:
            async with asyncio.timeout(patience):
                message = await request.receive()
        except TimeoutError:
            raise HTTPException(
                408, f"nothing of the body came for {patience:g} seconds; send it again", headers=_CLOSE
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        is_more = message.get("more_body", False)
        yield message.get("body", b"")


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
    if len(received) <= _SMALL:
        content = _unpack(bytes(received), limit)
    else:
        content = await run_in_threadpool(_unpack, bytes(received), limit)
    taken(len(content))
    return content


def _unpack(packed: bytes, limit: int) -> bytes:
    content = bytearray()
    read = 0
    for _ in range(_MOST_STREAMS):  # several one after the other are one, as RFC 1952 has it
        unpacker = zlib.decompressobj(_GZIP)
        while not unpacker.eof:
            piece = packed[read : read + _PIECE]
            if not piece:
                raise InvalidInputError("the gzip body ends too early: send it again")
            try:
                content += unpacker.decompress(piece, limit + 1 - len(content))
            except zlib.error as error:
                raise InvalidInputError(
                    f"the body is not gzip, as its Content-Encoding says: {error}"
                ) from error
            if len(content) > limit:
                raise _too_large(limit)
            read += len(piece) - len(unpacker.unused_data)
        if read == len(packed):
            return bytes(content)
    raise InvalidInputError(f"the body is more than {_MOST_STREAMS:,} gzip streams: send it as one")


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {limit} bytes; send less at once", headers=_CLOSE)
