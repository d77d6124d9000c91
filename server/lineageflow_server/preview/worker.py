"""The process that reads what is not trusted: `python -m lineageflow_server.preview.worker`.

Parquet's reader is native code, which a file made for it can crash. Here it crashes alone, with little
memory, and without the lake: the bytes of the files are lent to it, and all it gives back is a table.
"""

import io
import os
import sys
from typing import IO, cast

import msgspec

from lineageflow_server.preview.messages import (
    LARGEST_READ,
    Done,
    Failed,
    Job,
    Read,
    Reply,
    receive,
    send,
)
from lineageflow_server.preview.parquet import read_parquet

_MOST_MEMORY = 2 << 30
_LONGEST_REASON = 300


def main() -> None:
    """Does one job after another, until the server is gone."""
    _limit_memory()
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native code prints must not get between the messages
    while (message := receive(source)) is not None:
        job = msgspec.msgpack.decode(message, type=Job)
        send(sink, msgspec.msgpack.encode(_do(job, source, sink)))


def _do(job: Job, source: IO[bytes], sink: IO[bytes]) -> Reply:
    files = [_LentFile(index, size, source, sink) for index, size in enumerate(job.sizes)]
    try:
        return Done(
            table=read_parquet(cast(list[IO[bytes]], files), limit=job.limit, count_all=job.count_all)
        )
    except Exception as error:  # noqa: BLE001 (whatever a reader stumbles over in a file that is not trusted)
        return Failed(reason=str(error)[:_LONGEST_REASON] or type(error).__name__)


class _LentFile(io.RawIOBase):
    """A file whose bytes the server has."""

    def __init__(self, index: int, size: int, source: IO[bytes], sink: IO[bytes]) -> None:
        self._index, self._size, self._position = index, size, 0
        self._source, self._sink = source, sink

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        parts = []
        while wanted > 0:
            part = self._lend(min(wanted, LARGEST_READ))
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _lend(self, length: int) -> bytes:
        request = Read(file=self._index, offset=self._position, length=length)
        send(self._sink, msgspec.msgpack.encode(request))
        part = receive(self._source)
        if not part:
            raise EOFError("the file ended too early")
        self._position += len(part)
        return part


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return  # not on Windows
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
