"""Writes files into a content folder: temporary files, one flush, then their final names.

The order is the promise: bytes durable, then named, then the names durable. A file that is there already
is not written again, but its name is made durable too, for its writer may have died before that.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from blake3 import blake3

from lineageflow_core.model.given_file import GivenFile
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.durability import (
    CAN_FLUSH_FILE_SYSTEM,
    flush_file_system,
    flush_folder,
    make_folder,
)
from lineageflow_core.store.layout import OBJECTS, PACKS, object_name
from lineageflow_core.store.ports import StoredObject
from lineageflow_core.store.progress import Reported
from lineageflow_core.store.refusals import source_unreadable
from lineageflow_core.store.verified import CHUNK_BYTES

TEMPORARY = "tmp"

_FLUSH_TOGETHER = 16
"""From so many files on, flushing the whole file system is cheaper than flushing each file and folder."""

_READ_ONLY = 0o444


class LocalWriter:
    """One batch of files: `add` them, then `publish`. What is not published is gone when it closes."""

    def __init__(self, root: Path, *, files: int) -> None:
        self._root = root
        self._flush_together = CAN_FLUSH_FILE_SYSTEM and files >= _FLUSH_TOGETHER
        self._prefix = f"{TEMPORARY}/{os.getpid()}-{secrets.token_hex(8)}-"
        self._temporaries: list[str] = []
        self._named: dict[str, str] = {}
        """Final name -> temporary name."""
        self._folders: set[str] = set()
        """Folders of all final names, those of files that were there already too."""

    def __enter__(self) -> Self:
        for folder in (OBJECTS, PACKS, TEMPORARY):
            make_folder(self._root / folder)
        self._fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            for temporary in self._temporaries:
                self._remove(temporary)
        os.close(self._fd)

    def add_object(self, source: bytes | Path, progress: Callable[[int], None] | None = None) -> StoredObject:
        """Takes an object from memory or from a file, and returns what it will be stored as."""
        reported = Reported(progress)
        stored = self._add_whole(source) if isinstance(source, bytes) else self._add_file(source, reported)
        reported.done(stored.size)
        return stored

    def _add_file(self, source: Path, reported: Reported) -> StoredObject:
        try:
            file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise source_unreadable(source, error.strerror) from error
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise source_unreadable(source, "it is not a file")
            if status.st_size > CHUNK_BYTES and self._can_move(source, status):
                stored = self._add_given(source, file, status, reported)
            elif status.st_size > CHUNK_BYTES:
                stored = self._add_stream(file, status.st_size, reported)
            else:
                stored = self._add_whole(_read_to_end(file, status.st_size))
            if _state(os.fstat(file)) != _state(status):
                raise source_unreadable(source, "it changed while it was read")
            return stored
        finally:
            os.close(file)

    def add(self, name: str, content: bytes) -> None:
        """Takes a file with its final name, unless one of that name and size is there already."""
        if not self._is_there(name, len(content)):
            self._named[name] = self._write([content])

    def publish(self) -> None:
        """Gives all files their final names, durably."""
        if self._flush_together and self._named:
            flush_file_system(self._fd)
        changed = self._folders | {os.path.dirname(each) for each in self._folders if self._make(each)}
        for name, temporary in self._named.items():
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        if self._flush_together:
            flush_file_system(self._fd)
        else:
            for folder in changed:
                flush_folder(folder, dir_fd=self._fd)

    def _add_whole(self, content: bytes) -> StoredObject:
        object_id = ObjectId(blake3(content).hexdigest())
        self.add(object_name(object_id), content)
        return StoredObject(object_id=object_id, size=len(content))

    def _add_stream(self, file: int, expected: int, reported: Reported) -> StoredObject:
        # Hashed while it is copied, so that the digest is that of the stored bytes even if the source
        # changes meanwhile. The price is a copy for nothing if the object turns out to be there.
        hasher, size = blake3(), 0

        def chunks() -> Iterator[memoryview]:
            nonlocal size
            buffer = memoryview(bytearray(CHUNK_BYTES))
            # Not beyond the size it had: a file may grow faster than it is read.
            while size <= expected and (count := os.readv(file, [buffer])):
                hasher.update(buffer[:count])
                size += count
                reported.reached(size)
                yield buffer[:count]

        temporary = self._write(chunks())
        object_id = ObjectId(hasher.hexdigest())
        name = object_name(object_id)
        if self._is_there(name, size):
            self._remove(temporary)
        else:
            self._named[name] = temporary
        return StoredObject(object_id=object_id, size=size)

    def _can_move(self, source: Path, status: os.stat_result) -> bool:
        """Tells whether a file is given, by this name alone, and on the file system of this store.

        It may be another mount of it all the same, which only moving tells.
        """
        if not isinstance(source, GivenFile) or status.st_nlink != 1:
            return False
        is_itself = os.path.samestat(os.lstat(source), status)  # and no symbolic link to it
        return is_itself and status.st_dev == os.fstat(self._fd).st_dev

    def _add_given(self, source: Path, file: int, status: os.stat_result, reported: Reported) -> StoredObject:
        hasher, size = blake3(), 0
        buffer = memoryview(bytearray(CHUNK_BYTES))
        while size <= status.st_size and (count := os.readv(file, [buffer])):
            hasher.update(buffer[:count])
            size += count
            reported.reached(size)
        object_id = ObjectId(hasher.hexdigest())
        name = object_name(object_id)
        if not self._is_there(name, size):
            temporary = self._temporary()
            try:
                os.fchmod(file, status.st_mode & _READ_ONLY)
                os.rename(source, temporary, dst_dir_fd=self._fd)
            except OSError:  # another mount of the same file system, or somebody else's file
                os.lseek(file, 0, os.SEEK_SET)
                return self._add_stream(file, status.st_size, reported)
            if not self._flush_together:
                os.fsync(file)
            self._named[name] = temporary
        return StoredObject(object_id=object_id, size=size)

    def _is_there(self, name: str, size: int) -> bool:
        self._folders.add(os.path.dirname(name))
        if name in self._named:
            return True
        try:
            # A damaged file of another size is replaced by the good bytes at hand.
            return os.stat(name, dir_fd=self._fd).st_size == size
        except FileNotFoundError:
            return False

    def _write(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Writes a temporary file and returns its name."""
        temporary = self._temporary()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        output = os.open(temporary, flags, _READ_ONLY, dir_fd=self._fd)
        try:
            for chunk in chunks:
                _write_all(output, chunk)
            if not self._flush_together:
                os.fsync(output)
        finally:
            os.close(output)
        return temporary

    def _temporary(self) -> str:
        """Returns a temporary name that nobody else has."""
        self._temporaries.append(f"{self._prefix}{len(self._temporaries)}")
        return self._temporaries[-1]

    def _make(self, folder: str) -> bool:
        """Makes a folder of final names; tells whether it was missing."""
        try:
            os.mkdir(folder, dir_fd=self._fd)
        except FileExistsError:
            return False
        return True

    def _remove(self, temporary: str) -> None:
        with suppress(OSError):  # It has its final name by now, or it does no harm.
            os.unlink(temporary, dir_fd=self._fd)


def _state(status: os.stat_result) -> tuple[int, int]:
    """Returns what differs once a file was written to."""
    return status.st_size, status.st_mtime_ns


def _read_to_end(file: int, expected: int) -> bytes:
    """Reads a file that held `expected` bytes a moment ago."""
    content = os.read(file, expected + 1)
    if len(content) == expected:
        return content
    rest = iter(lambda: os.read(file, CHUNK_BYTES), b"")
    return content + b"".join(rest)


def _write_all(output: int, content: bytes | memoryview) -> None:
    written = os.write(output, content)
    while written < len(content):
        written += os.write(output, memoryview(content)[written:])
