"""A request's body is read as far as is allowed, and as long as it arrives."""

import asyncio
import gzip
import os
import socket
from urllib.parse import urlsplit

import pytest
from lineageflow_server.api.bodies import chunks_of, read_body
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from tests.server.serving import TOKEN, served


def gzip_of(body: bytes) -> Request:
    """A request whose body says that it is gzip."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-encoding", b"gzip")]}, receive)


def request_of(*chunks: bytes, length: int | None = None) -> Request:
    """A request whose body begins with `chunks`, and never ends."""
    arriving = list(chunks)

    async def receive() -> Message:
        if not arriving:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": arriving.pop(0), "more_body": True}

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def test_a_body_that_announces_too_much_is_refused_before_any_of_it_is_read() -> None:
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(request_of(length=101), limit=100))
    assert (413, {"Connection": "close"}) == (caught.value.status_code, caught.value.headers)


def test_a_body_that_brings_more_than_it_may_is_refused() -> None:
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(request_of(b"x" * 60, b"x" * 60), limit=100))
    assert 413 == caught.value.status_code


@pytest.mark.parametrize("size", [0, 1, 2000])
def test_several_streams_of_gzip_are_one_body(size: int) -> None:
    parts = [bytes(range(256)) * size, b"", b"x" * size]
    body = b"".join(map(gzip.compress, parts))
    assert b"".join(parts) == asyncio.run(read_body(gzip_of(body), limit=1 << 30))


def test_a_body_of_nothing_but_empty_streams_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="10,000 gzip streams"):
        asyncio.run(read_body(gzip_of(gzip.compress(b"") * 100_000), limit=1 << 30))


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_gzip_that_ends_too_early_is_refused(cut: int) -> None:
    with pytest.raises(InvalidInputError, match="too early"):
        asyncio.run(read_body(gzip_of(gzip.compress(os.urandom(1000))[:-cut]), limit=1 << 30))


def test_a_body_that_unpacks_to_more_than_it_may_is_refused() -> None:
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(gzip_of(gzip.compress(b"x" * 101)), limit=100))
    assert 413 == caught.value.status_code
    assert b"x" * 100 == asyncio.run(read_body(gzip_of(gzip.compress(b"x" * 100)), limit=100))


def test_a_body_that_stops_arriving_is_given_up() -> None:
    came: list[bytes] = []

    async def read() -> None:
        async for chunk in chunks_of(request_of(b"a", b"b"), patience=0.05):
            came.append(chunk)  # noqa: PERF401 (what came before it stopped is asked about)

    with pytest.raises(HTTPException) as caught:
        asyncio.run(read())
    assert ([b"a", b"b"], 408) == (came, caught.value.status_code)


def test_a_server_answers_who_announces_too_much_and_sends_nothing() -> None:
    with served(connect("memory:")) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
            connection.sendall(
                f"POST /api/v1/repositories HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer "
                f"{TOKEN}\r\nContent-Length: {1 << 40}\r\n\r\n".encode()
            )
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the body is larger than" in answer
