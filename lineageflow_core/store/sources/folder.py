"""A folder of this machine as a source.

A file's version is its time of change, in nanoseconds, and its inode; with the size that tells all changes
but one: rewritten in place, to the same size, within one clock tick of the file system. A file that is open
stays the same even if its name gets another one, and each piece is handed out only after another look at it.
"""

import io
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, cast

from lineageflow_core.errors import StorageError
from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.sources import Found, OfSource, changed_underneath
from lineageflow_core.store.verified import CHUNK_BYTES

_PAGE = 1000


class FolderSource:
    """A `Source` below a folder, or one file. Links are not followed: they may lead anywhere."""

    def __init__(self, url: StorageUrl) -> None:
        self.url = url

    def pages(self, *, after: str = "") -> Iterator[list[Found]]:
        page: list[Found] = []
        for found in self._walk(after):
            page.append(found)
            if len(page) == _PAGE:
                yield page
                page = []
        if page:
            yield page

    def find(self, name: str) -> Found | None:
        try:
            status = os.lstat(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _found(name, status) if stat.S_ISREG(status.st_mode) else None

    def open(self, found: Found) -> BinaryIO:
        path = self._path(found.name)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            now = self.find(found.name)
            if now != found:
                raise changed_underneath(path, found, now) from error
            raise StorageError(f"{path} cannot be read: {error.strerror}", url=path) from error
        reader = _Reader(io.FileIO(handle, "rb"), path, found)
        try:
            reader.check()
        except BaseException:
            reader.close()
            raise
        return cast(BinaryIO, io.BufferedReader(reader, CHUNK_BYTES))

    def _path(self, name: str) -> str:
        return f"{self.url.path.rstrip('/')}/{name}" if name else self.url.path

    def _walk(self, after: str) -> Iterator[Found]:
        if (single := self.find("")) is not None:
            yield from (single,) if not after else ()
            return
        if not os.path.isdir(self.url.path):
            raise StorageError(f"there is no folder {self.url.path}", url=str(self.url))
        folders = [self._entries("", after)]
        while folders:
            entry = next(folders[-1], None)
            if entry is None:
                folders.pop()
            elif isinstance(entry, str):
                folders.append(self._entries(entry, after))
            else:
                yield entry

    def _entries(self, folder: str, after: str) -> Iterator[Found | str]:
        """Yields the files of a folder, and the names of its folders with '/', in the order of a bucket."""
        path = self._path(folder)
        try:
            with os.scandir(path) as scan:
                entries = [
                    (
                        f"{folder}{each.name}/" if each.is_dir(follow_symlinks=False) else folder + each.name,
                        each,
                    )
                    for each in scan
                ]
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{path} cannot be listed: {error.strerror}", url=path) from error
        entries.sort(key=lambda entry: entry[0])
        for name, entry in entries:
            if name.endswith("/"):
                if name > after or after.startswith(name):
                    yield name
            elif name > after:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield _found(name, status) if stat.S_ISREG(status.st_mode) else Found(name, 0, "")


def _found(name: str, status: os.stat_result) -> Found:
    return Found(name, status.st_size, f"mtime:{status.st_mtime_ns}:{status.st_ino}")


class _Reader(OfSource, io.RawIOBase):
    # No `fileno`: who reads the descriptor itself would bypass the check.

    def __init__(self, file: io.FileIO, path: str, expected: Found) -> None:
        self._file = file
        self._path = path
        self._expected = expected
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._expected.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub says WriteableBuffer
        view = memoryview(buffer)[: max(0, self._expected.size - self._position)]
        count = os.preadv(self._file.fileno(), [view], self._position) if view else 0
        self.check()
        self._position += count
        return count

    def check(self) -> None:
        now = _found(self._expected.name, os.fstat(self._file.fileno()))
        if now != self._expected:
            raise changed_underneath(self._path, self._expected, now)

    def close(self) -> None:
        self._file.close()
        super().close()
