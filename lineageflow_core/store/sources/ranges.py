"""One version of an object in a bucket, read as a file: some megabytes at a time, all of that version."""

import io
import os
from collections.abc import Callable
from typing import BinaryIO, cast

from lineageflow_core.errors import IntegrityError
from lineageflow_core.store.sources import OfSource

PIECE_BYTES = 8 << 20


def open_ranges(read: Callable[[int, int], bytes], size: int) -> BinaryIO:
    """Returns a seekable reader. `read` gives the bytes from a start to before an end, or raises.

    The first piece is read at once, so that what is not there any more shows here.
    """
    reader = _RangeReader(read, size)
    reader.fetch(0)
    return cast(BinaryIO, reader)


class _RangeReader(OfSource, io.BufferedIOBase):
    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self._size = size
        self._position = 0
        self._start = 0
        self._piece = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        end = self._size if size is None or size < 0 else min(self._position + size, self._size)
        parts = []
        while self._position < end:
            part = self._here(end - self._position)
            parts.append(part)
            self._position += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read1(self, size: int = -1, /) -> bytes:
        part = self._here(self._size if size < 0 else size)
        self._position += len(part)
        return part

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub says WriteableBuffer
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def fetch(self, start: int) -> None:
        """Reads the piece that begins at `start`."""
        end = min(start + PIECE_BYTES, self._size)
        self._piece = self._read(start, end) if start < end else b""
        self._start = start
        if len(self._piece) != end - start:
            raise IntegrityError(
                f"{end - start} bytes at {start} were asked for, and {len(self._piece)} came"
            )

    def _here(self, most: int) -> bytes:
        """Returns at least one byte from the position on, unless that is the end."""
        if self._position >= self._size or most <= 0:
            return b""
        if not self._start <= self._position < self._start + len(self._piece):
            self.fetch(self._position)
        at = self._position - self._start
        return self._piece[at : at + most]
