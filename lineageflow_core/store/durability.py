"""What makes files durable, and what a failing disk is called.

A file is durable under its name when its bytes, then its folder's entry, have reached the disk
(POSIX `fsync`; see also fsync(2) on Linux about folders). Many files are cheaper to flush with their
whole file system at once (Linux `syncfs`).
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineageflow_core.errors import StorageError, StorageFullError

# EFBIG: a limit on file sizes (ulimit -f, or the file system's own) stops a write just as a full disk does.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Turns what the operating system says about `place` into StorageFullError or StorageError."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(
                f"no space is left for {place} ({error.strerror}): free some or raise the quota, then try "
                "again; nothing was published",
                place=str(place),
            ) from error
        raise StorageError(f"{place} failed: {error}; mend it, then try again", place=str(place)) from error


def make_folder(folder: Path) -> None:
    """Makes `folder` and what is missing above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


def flush_folder(folder: Path | str, *, dir_fd: int | None = None) -> None:
    """Makes the entries of `folder` durable; a relative path starts at `dir_fd`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY, dir_fd=dir_fd)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _find_syncfs() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


_syncfs = _find_syncfs()

CAN_FLUSH_FILE_SYSTEM = _syncfs is not None
"""Whether `flush_file_system` is there."""


def flush_file_system(fd: int) -> None:
    """Makes durable all that was written before to the file system that `fd` is on.

    `fd` must have been open since before the writes, so that a failed one is reported here.
    """
    assert _syncfs is not None
    if _syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
