"""What was read from far away, kept on this machine: a folder of whole entries, bounded in bytes.

Names stand for content that never changes, so an entry is never stale. Each carries its digest, so a torn or
damaged one is dropped, not returned, and nothing needs to be flushed. Any number of processes may share the
folder, and any may be killed at any time.

The bound holds at every instant. The size of the file `tally` is the number of blocks that were promised to
entries since it was last set right: whoever adds an entry makes it longer first, in one atomic write, under a
shared lock. Whoever finds no room left takes the lock alone, drops the entries that were not used for
longest, and sets the tally to what is there. While it has the lock nobody writes, so that whatever is
unfinished is nobody's, and goes too.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blake3 import blake3

CAPACITY = 4 << 30
"""Bytes."""
_BLOCK = 4096
"""What file systems give out."""
_KEPT = 0.75
"""Of the capacity, after entries were dropped."""
_LARGEST = 0.125
"""Of the capacity: a larger entry would drive out too many others."""
_DIGEST = 32


class ReadCache:
    """Bytes by name. A cache that cannot be used, as on a full or read-only disk, is an empty one."""

    def __init__(self, root: Path, *, capacity: int = CAPACITY) -> None:
        """`root` is made by the first entry; `capacity` is in bytes."""
        self._root = root
        self._blocks = capacity // _BLOCK

    def get(self, name: str) -> bytes | None:
        """Returns the bytes that were put under a name, if they are still there and whole."""
        path = self._path(name)
        try:
            with open(path, "rb", buffering=0) as file:
                entry = file.readall()
                os.utime(file.fileno())  # it was used just now
        except OSError:
            return None
        content = entry[_DIGEST:]
        if entry[:_DIGEST] == _digest(name, content):
            return content
        with suppress(OSError):
            os.unlink(path)
        return None

    def put(self, name: str, content: bytes) -> None:
        """Keeps bytes for as long as there is room."""
        entry = _digest(name, content) + content
        blocks = _blocks_of(len(entry))
        if blocks > self._blocks * _LARGEST:
            return
        with suppress(OSError):
            if not self._add(name, entry, blocks):
                self._drop(room_for=blocks)
                self._add(name, entry, blocks)

    def _add(self, name: str, entry: bytes, blocks: int) -> bool:
        """Writes an entry; tells whether there was room."""
        with self._tally(fcntl.LOCK_SH) as tally:
            if os.fstat(tally).st_size + blocks > self._blocks:
                return False
            os.write(tally, bytes(blocks))
            if os.fstat(tally).st_size > self._blocks:  # others promised the same room at the same time
                return False
            path = self._path(name)
            temporary = self._root / "tmp" / f"{os.getpid()}-{secrets.token_hex(8)}"
            temporary.parent.mkdir(exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            temporary.write_bytes(entry)
            temporary.replace(path)
        return True

    def _drop(self, *, room_for: int) -> None:
        """Drops the entries that were not used for longest, unless another process just did."""
        with self._tally(fcntl.LOCK_EX) as tally:
            if os.fstat(tally).st_size + room_for <= self._blocks:
                return
            for unfinished in _files(self._root / "tmp"):
                os.unlink(unfinished)
            entries = []
            for folder in os.scandir(self._root):
                if folder.is_dir() and folder.name != "tmp":
                    entries += [(file.stat(), file.path) for file in _files(Path(folder.path))]
            entries.sort(key=lambda entry: entry[0].st_mtime_ns)
            left = sum(_blocks_of(status.st_size) for status, _ in entries)
            for status, path in entries:
                if left <= self._blocks * _KEPT:
                    break
                os.unlink(path)
                left -= _blocks_of(status.st_size)
            os.ftruncate(tally, left)

    @contextmanager
    def _tally(self, lock: int) -> Iterator[int]:
        self._root.mkdir(parents=True, exist_ok=True)
        tally = os.open(self._root / "tally", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(tally, lock)
            yield tally
        finally:
            os.close(tally)

    def _path(self, name: str) -> Path:
        digest = blake3(name.encode()).hexdigest()
        return self._root / digest[:2] / digest[2:]


def _digest(name: str, content: bytes) -> bytes:
    # The name is in it, so that a file under another's name is found out.
    return blake3(content, key=blake3(name.encode()).digest()).digest()


def _blocks_of(size: int) -> int:
    return -(-size // _BLOCK)


def _files(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []
