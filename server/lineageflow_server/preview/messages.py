"""What the server and its preview worker say to each other: MessagePack, each message after its length.

The worker is not trusted, as it reads files that are not: whatever it says is checked against these types.
"""

from typing import IO

import msgspec

from lineageflow_server.preview.values import TablePreview

LARGEST_READ = 32 << 20
"""Bytes that are lent at once."""
_LARGEST = 64 << 20
_LENGTH_BYTES = 4


class Job(msgspec.Struct, frozen=True):
    """From the server: show these files as one table."""

    sizes: tuple[int, ...]
    """Bytes of each file."""
    limit: int
    """Rows to show."""
    count_all: bool
    """Open every file, to count all rows."""


class Read(msgspec.Struct, frozen=True, tag=True):
    """From the worker: lend me bytes of a file. They follow as the next message."""

    file: int
    offset: int
    length: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """From the worker: this is the table."""

    table: TablePreview


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From the worker: there is no table to show."""

    reason: str


Reply = Read | Done | Failed


def send(pipe: IO[bytes], message: bytes) -> None:
    """Writes one message."""
    pipe.write(len(message).to_bytes(_LENGTH_BYTES) + message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Returns the next message; None where the other side is gone. Raises ValueError for one too large."""
    head = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(head)
    if length > _LARGEST:
        raise ValueError(f"a message of {length} bytes is too large")
    message = pipe.read(length)
    return message if len(head) == _LENGTH_BYTES and len(message) == length else None
