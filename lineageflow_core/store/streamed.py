"""A large object in a bucket, read as a file without ever passing off damaged bytes as whole ones.

Read from start to end, it is fetched a few pieces ahead and hashed on the way, and the read that reaches the
end raises if the digest is wrong; memory holds those pieces. The first read anywhere else fetches the whole
object into a temporary file, verifies it, and is answered from there, as all that follow.
"""

import io
import os
import tempfile
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, cast

from blake3 import blake3

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.verified import CHUNK_BYTES, check_digest

PIECE_BYTES = 8 << 20
_AHEAD = 4
"""Pieces that are on their way at a time: one connection seldom fills the line."""

Fetch = Callable[[int, int], bytes]
"""Returns the bytes from a start to before an end."""


def open_streamed(fetch: Fetch, object_id: ObjectId, *, size: int, first: bytes) -> BinaryIO:
    """Returns a seekable reader of an object whose `first` bytes are here already."""
    return cast(BinaryIO, io.BufferedReader(_StreamedReader(fetch, object_id, size, first), CHUNK_BYTES))


class _StreamedReader(io.RawIOBase):
    def __init__(self, fetch: Fetch, object_id: ObjectId, size: int, first: bytes) -> None:
        self._fetch = fetch
        self._object_id = object_id
        self._size = size
        self._first = first
        self._position = 0
        self._pieces = self._all_pieces()
        self._piece = memoryview(b"")
        """What is left of the piece that is being read."""
        self._read_to = 0
        """Where in the object it begins."""
        self._hasher = blake3()
        self._whole: BinaryIO | None = None
        """The verified object, once it was read out of order."""

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

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub says WriteableBuffer
        view = memoryview(buffer)[: max(0, self._size - self._position)]
        if not view:
            return 0
        if self._whole is None and self._position != self._read_to:
            self._whole = self._fetch_whole()
        if self._whole is not None:
            count = os.preadv(self._whole.fileno(), [view], self._position)
        else:
            count = self._read_on(view)
        self._position += count
        return count

    def close(self) -> None:
        self._pieces.close()
        if self._whole is not None:
            self._whole.close()
        super().close()

    def go_on(self, taken: blake3, position: int) -> None:
        self._hasher = taken
        self._position = self._read_to = position
        self._pieces = self._all_pieces(position)

    def _read_on(self, view: memoryview) -> int:
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
            self._hasher.update(self._piece)
            # The last piece, or one that ends too early, settles the matter before any of it is handed out.
            if not self._piece or self._read_to + len(self._piece) >= self._size:
                check_digest(self._object_id, self._hasher.hexdigest())
        count = min(len(view), len(self._piece))
        view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        self._read_to += count
        return count

    def _fetch_whole(self) -> BinaryIO:
        self._pieces.close()
        hasher = blake3()
        whole = tempfile.TemporaryFile(prefix="lineageflow-")  # noqa: SIM115 - closed with the reader
        try:
            for piece in self._all_pieces():
                hasher.update(piece)
                whole.write(piece)
            check_digest(self._object_id, hasher.hexdigest())
            whole.flush()
        except BaseException:
            whole.close()
            raise
        return cast(BinaryIO, whole)

    def _all_pieces(self, start: int = 0) -> Generator[bytes, None, None]:
        if start < len(self._first):
            yield self._first[start:]
        starts = iter(range(max(start, len(self._first)), self._size, PIECE_BYTES))
        with ThreadPoolExecutor(_AHEAD, thread_name_prefix="lineageflow-read") as pool:
            pending: deque[Future[bytes]] = deque()
            try:
                while True:
                    while len(pending) < _AHEAD and (at := next(starts, None)) is not None:
                        pending.append(pool.submit(self._fetch, at, min(at + PIECE_BYTES, self._size)))
                    if not pending:
                        return
                    yield pending.popleft().result()
            finally:
                for piece in pending:
                    piece.cancel()
