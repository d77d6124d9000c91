"""Turns that threads and processes on one machine take, first come first served.

A turn is a lock on one byte of a file that need not have it: as many turns as there are names, and never
more than one file. Linux' open file description locks (fcntl(2), "Open file description locks") make it
simple: each waiter has a description of its own, so threads exclude each other as processes do; the kernel
queues them; and a turn is free as soon as its holder's description is closed, even by `kill -9`.
Elsewhere there are no such locks, and turns are taken as they come: nothing is wrong then, only less fair.
"""

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

_FLOCK = struct.Struct("hhqqi0q")
"""Linux' `struct flock` where `off_t` has 64 bits: l_type, l_whence, l_start, l_len, l_pid."""

_LARGEST_OFFSET = (1 << 62) - 1

_open_files: set[int] = set()
"""The descriptors of all turns, held and awaited, of this process."""


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
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        _open_files.add(file)
        try:
            if _LOCK_AND_WAIT is not None:
                request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, offset_of(name), 1, 0)
                fcntl.fcntl(file, _LOCK_AND_WAIT, request)
            held.add(name)
            yield
        finally:
            held.discard(name)
            _open_files.discard(file)
            os.close(file)  # which gives the turn up


def offset_of(name: str) -> int:
    """Returns the byte that stands for a name: 62 bits of its digest, so that no two names share one."""
    return int.from_bytes(blake3(name.encode()).digest(length=8)) & _LARGEST_OFFSET


def _forget_open_files() -> None:
    # A forked child shares the descriptions of its parent: kept open, they would outlive the parent's death.
    for file in _open_files:
        os.close(file)
    _open_files.clear()


os.register_at_fork(after_in_child=_forget_open_files)
