"""A large object that is saved as a file, and goes on where an earlier attempt stopped.

What was saved so far lies beside it under a name of its own, the *part*, which is renamed in the end. Nobody
trusts a part: it is hashed before it is gone on with, and the object's digest has the last word on the whole.
So a part that was torn or changed costs the time to begin anew, and never a wrong file.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from lineageflow_core.errors import IntegrityError, StorageError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.buckets.parts import TEMPORARY
from lineageflow_core.store.verified import CHUNK_BYTES, going_on

LARGE_BYTES = 64 << 20
"""From here on a file is worth a part."""


def save(
    open_object: Callable[[], BinaryIO],
    place: Path,
    *,
    object_id: ObjectId,
    size: int,
    progress: Callable[[int], None] = lambda _size: None,
) -> None:
    """Makes `place` a file with an object's bytes, `size` in all, in place of what is there.

    `progress` is told how many more are saved. What is saved stays for the next attempt if this one fails or
    is killed. Raises IntegrityError where the object itself is damaged, StorageError where another process is
    saving it, and as `open_object` does.
    """
    part = part_of(place, object_id)
    with _locked(part) as file:
        taken, position = _taken(
            file, size - 1
        )  # the last byte is read in any case: that compares the digest
        if position and _go_on(open_object, file, taken, position, progress):
            part.replace(place)
            return
        file.truncate(0)
        try:
            _append_all(open_object, file, size, progress)
        except IntegrityError:
            file.truncate(0)
            raise
        part.replace(place)


def part_of(place: Path, object_id: ObjectId) -> Path:
    """Returns where an object is while it is saved at a place: beside it."""
    return place.with_name(TEMPORARY + blake3(f"{object_id}/{place.name}".encode()).hexdigest()[:32])


def _go_on(
    open_object: Callable[[], BinaryIO],
    file: BinaryIO,
    taken: blake3,
    position: int,
    progress: Callable[[int], None],
) -> bool:
    """Appends the rest; tells whether the whole is right then, which also a damaged beginning prevents."""
    with open_object() as stream, going_on(stream, taken, position) as rest:
        if rest is None:
            return False
        progress(position)
        with suppress(IntegrityError):
            _append(rest, file, progress)
            return True
    return False


def _append_all(
    open_object: Callable[[], BinaryIO], file: BinaryIO, size: int, progress: Callable[[int], None]
) -> None:
    with open_object() as stream:
        count = _append(stream, file, progress)
    if count != size:
        raise IntegrityError(f"{size} bytes were expected, and {count} came")


def _append(stream: BinaryIO, file: BinaryIO, progress: Callable[[int], None]) -> int:
    count = 0
    while chunk := stream.read(CHUNK_BYTES):
        file.write(chunk)
        file.flush()
        count += len(chunk)
        progress(len(chunk))
    return count


def _taken(file: BinaryIO, most: int) -> tuple[blake3, int]:
    """Returns the hash of what is saved, and how much it is; cuts off what is more than `most`."""
    file.truncate(min(os.fstat(file.fileno()).st_size, most))
    file.seek(0)
    hasher, count = blake3(), 0
    while chunk := file.read(CHUNK_BYTES):
        hasher.update(chunk)
        count += len(chunk)
    return hasher, count


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """Opens a part for one process at a time, and removes it if it is empty in the end."""
    while True:
        with _opened(part) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(f"{part} is being written by another process; wait for it") from None
            if not _is_still(file, part):  # somebody has finished and renamed it meanwhile
                continue
            try:
                yield file
            finally:
                if not os.fstat(file.fileno()).st_size and _is_still(file, part):
                    part.unlink()
            return


def _opened(part: Path) -> BinaryIO:
    """Opens or makes a part, and follows no link that lies in its place: it may lead anywhere."""
    with suppress(FileNotFoundError):
        status = part.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            part.unlink()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(part, flags, 0o666), "a+b")


def _is_still(file: BinaryIO, part: Path) -> bool:
    """Tells whether an open file still has the name of the part."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), part.lstat())
    except FileNotFoundError:
        return False
