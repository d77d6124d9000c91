"""A large object, read as a file without ever passing off damaged bytes as whole ones.

Read from start to end, it is hashed on the way, and the read that reaches the end raises if the digest
is wrong. The first read anywhere else hashes the whole object before it answers. Small objects need
none of this: read them whole and compare.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, cast, runtime_checkable

from blake3 import blake3

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.refusals import object_damaged

CHUNK_BYTES = 4 << 20
"""Large enough that hashing and the page cache, not Python, set the pace."""


def check_digest(object_id: ObjectId, digest: str) -> None:
    """Raises IntegrityError unless the bytes that have `digest` are the object's."""
    if digest != object_id:
        raise object_damaged(object_id, digest)


@runtime_checkable
class GoesOn(Protocol):
    """A reader that can begin in the middle, for who has the beginning already."""

    def go_on(self, taken: blake3, position: int) -> None:
        """Goes on at `position`, as if the bytes before it, which `taken` has hashed, had been read here."""
        ...


@contextmanager
def going_on(stream: BinaryIO, taken: blake3, position: int) -> Iterator[BinaryIO | None]:
    """Gives the rest of a large object of which nothing was read, for who has what is before `position`.

    Its end raises IntegrityError if the object is damaged, or what was taken is not its beginning. None where
    a reader can only begin at the beginning.
    """
    raw = getattr(stream, "raw", None)
    if not isinstance(raw, GoesOn):
        yield None
        return
    raw.go_on(taken, position)
    yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, raw), CHUNK_BYTES))


def open_verified(file: io.FileIO, object_id: ObjectId) -> BinaryIO:
    """Returns a seekable reader over `file`, which it owns from now on."""
    return cast(BinaryIO, io.BufferedReader(_VerifiedReader(file, object_id), CHUNK_BYTES))


class _VerifiedReader(io.RawIOBase):
    # No `fileno`: who reads the descriptor itself would bypass the check.

    def __init__(self, file: io.FileIO, object_id: ObjectId) -> None:
        self._file = file
        self._object_id = object_id
        self._size = os.fstat(file.fileno()).st_size
        self._position = 0
        self._hasher = blake3()
        self._hashed = 0
        self._verified = False

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
        if not self._verified and self._position != self._hashed:
            self._verify_whole()
        count = os.preadv(self._file.fileno(), [view], self._position)
        if not self._verified:
            self._take(view[:count])
        self._position += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()

    def go_on(self, taken: blake3, position: int) -> None:
        self._hasher = taken
        self._hashed = self._position = position

    def _verify_whole(self) -> None:
        buffer = memoryview(bytearray(CHUNK_BYTES))
        while not self._verified:
            self._take(buffer[: os.preadv(self._file.fileno(), [buffer], self._hashed)])

    def _take(self, chunk: memoryview) -> None:
        """Hashes the next bytes in order; the last ones (or a premature end) settle the matter."""
        self._hasher.update(chunk)
        self._hashed += len(chunk)
        if self._hashed >= self._size or not chunk:
            check_digest(self._object_id, self._hasher.hexdigest())
            self._verified = True
