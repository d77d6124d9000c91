"""Turns that threads and processes on one machine take, first come first served.

A turn is a lock on one byte of a file that need not have it: as many turns as there are names, and never
more than one file. Linux' open file description locks (fcntl(2), "Open file description locks") make it
simple: each waiter has a description of its own, so threads exclude each other as processes do; the kernel
queues them; and a turn is free as soon as its holder's description is closed, even by `kill -9`.
Elsewhere there are no such locks, and turns are taken as they come: nothing is wrong then, only less fair.
"""

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blake3 import blake3

from lineageflow_core.store.refusals import turn_held

_LOCK_AND_WAIT: int | None = getattr(fcntl, "F_OFD_SETLKW", None)
_LOCK_OR_FAIL: int | None = getattr(fcntl, "F_OFD_SETLK", None)
_HELD_BY_OTHERS = frozenset({errno.EACCES, errno.EAGAIN})

_FLOCK = struct.Struct("hhqqi0q")
"""Linux' `struct flock` where `off_t` has 64 bits: l_type, l_whence, l_start, l_len, l_pid."""

_LARGEST_OFFSET = (1 << 62) - 1

_open_files: set[int] = set()
"""The descriptors of all turns, held and awaited, of this process."""
_changing = threading.Lock()
"""Held while a descriptor is opened or closed, so that a fork happens when the set is true."""


class FileTurns:
    """One queue a name, in the lock file `path`, which is made by the first turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = threading.local()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Waits for the caller's turn and holds it. Raises StateError if this thread holds it already."""
        held: set[str] = self._held.__dict__.setdefault("names", set())
        if name in held:
            raise turn_held()
        file = _open(self._path)
        try:
            if _LOCK_AND_WAIT is not None:
                fcntl.fcntl(file, _LOCK_AND_WAIT, _request(name))
            held.add(name)
            yield
        finally:
            held.discard(name)
            _close(file)  # which gives the turn up

    @contextmanager
    def turn_if_free(self, name: str) -> Iterator[bool]:
        """Holds the turn if nobody has it, and tells whether that is so. Never waits.

        Where the file system has no locks, everybody is told that it is.
        """
        file = _open(self._path)
        try:
            yield _try_lock(file, name)
        finally:
            _close(file)


def offset_of(name: str) -> int:
    """Returns the byte that stands for a name: 62 bits of its digest, so that no two names share one."""
    return int.from_bytes(blake3(name.encode()).digest(length=8)) & _LARGEST_OFFSET


def _request(name: str) -> bytes:
    return _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, offset_of(name), 1, 0)


def _try_lock(file: int, name: str) -> bool:
    if _LOCK_OR_FAIL is None:
        return True
    try:
        fcntl.fcntl(file, _LOCK_OR_FAIL, _request(name))
    except OSError as error:
        return error.errno not in _HELD_BY_OTHERS
    return True


def _open(path: Path) -> int:
    with _changing:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        _open_files.add(file)
    return file


def _close(file: int) -> None:
    with _changing:
        if file in _open_files:  # not in a child that was forked during the turn
            _open_files.discard(file)
            os.close(file)


def _after_fork_in_child() -> None:
    # A child shares its parent's descriptions: left open, they would keep turns that the parent gives up.
    for file in _open_files:
        os.close(file)
    _open_files.clear()
    _changing.release()


os.register_at_fork(
    before=_changing.acquire, after_in_parent=_changing.release, after_in_child=_after_fork_in_child
)
