"""Folders and buckets of others that are written to: file by file, each of which appears whole or not at all.

Nothing outside the target is written, whatever links lie there.
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from lineageflow_core.errors import IntegrityError, InvalidInputError, StorageError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import Provider, StorageUrl
from lineageflow_core.store.buckets.parts import TEMPORARY
from lineageflow_core.store.buckets.retries import RetryingBucket
from lineageflow_core.store.durability import storage_errors
from lineageflow_core.store.open import open_bucket
from lineageflow_core.store.partial import LARGE_BYTES, save

_CHUNK = 4 << 20
_READ_MOST = 1 << 34


class Target(Protocol):
    """Names below a URL. Threads may share it. Raises AccessDeniedError, StorageError."""

    def read(self, name: str) -> bytes | None:
        """Returns a small file's bytes; None where there is none."""
        ...

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        """Writes a file of this size in place of what is there. Raises IntegrityError for another size."""
        ...

    def save(self, name: str, open_object: Callable[[], BinaryIO], *, object_id: ObjectId, size: int) -> None:
        """Writes an object, as `write` does; a large one goes on where an earlier attempt stopped."""
        ...

    def link(self, name: str, file: Path) -> None:
        """Gives a file of this machine one more name, in place of what is there."""
        ...

    def remove(self, name: str) -> None:
        """Removes a file, and the folders that are empty then; nothing happens where there is none."""
        ...


def open_target(url: StorageUrl) -> Target:
    """Returns the target at a URL. Raises InvalidInputError if a library that it needs is not installed."""
    return _Folder(Path(url.path)) if url.provider is Provider.FOLDER else _Bucket(url)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: set[Path] = set()
        """Those that were looked at, and are there."""

    def read(self, name: str) -> bytes | None:
        with storage_errors(self._root):
            try:
                return (self._root / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        with storage_errors(self._root):
            place = self._place(name)
            temporary = place.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
            try:
                with temporary.open("xb") as file:
                    for chunk in _chunks(content, size, name):
                        file.write(chunk)
                temporary.replace(place)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def save(self, name: str, open_object: Callable[[], BinaryIO], *, object_id: ObjectId, size: int) -> None:
        if size < LARGE_BYTES:
            with open_object() as content:
                self.write(name, content, size=size)
            return
        with storage_errors(self._root):
            save(open_object, self._place(name), object_id=object_id, size=size)

    def link(self, name: str, file: Path) -> None:
        with storage_errors(self._root):
            place = self._place(name)
            temporary = place.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
            try:
                os.link(file, temporary)
            except OSError as error:
                raise InvalidInputError(
                    f"{place} cannot be a link to the lake's file ({error.strerror}): links need one file "
                    "system; leave --link out to copy"
                ) from error
            try:
                temporary.replace(place)
            finally:
                temporary.unlink(missing_ok=True)  # a link to the same file is not moved, but left

    def remove(self, name: str) -> None:
        with storage_errors(self._root):
            place = self._root / name
            if not _is_inside(place.parent, self._root):
                return
            place.unlink(missing_ok=True)
            with suppress(OSError):  # it is not empty, or somebody else was faster
                for folder in place.parents:
                    if folder == self._root:
                        break
                    folder.rmdir()

    def _place(self, name: str) -> Path:
        place = self._root / name
        if place.parent not in self._folders:
            self._make_folder(place.parent)
            self._folders.add(place.parent)
        return place

    def _make_folder(self, folder: Path) -> None:
        there = folder
        while not os.path.lexists(there):
            there = there.parent
        if there != self._root and self._root in there.parents and not _is_inside(there, self._root):
            raise InvalidInputError(
                f"{str(there)!r} leads out of {str(self._root)!r}; remove the link, or choose another target"
            )
        folder.mkdir(parents=True, exist_ok=True)


def _is_inside(folder: Path, root: Path) -> bool:
    return folder.resolve().is_relative_to(root.resolve())


class _Bucket:
    def __init__(self, url: StorageUrl) -> None:
        self._bucket = RetryingBucket(open_bucket(url))

    def read(self, name: str) -> bytes | None:
        try:
            return self._bucket.read(name, 0, _READ_MOST)
        except FileNotFoundError:
            return None

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if size <= _CHUNK:
            self._bucket.replace(name, b"".join(_chunks(content, size, name)))
            return
        with tempfile.TemporaryFile(prefix="lineageflow-") as copy:  # an upload may have to begin anew
            for chunk in _chunks(content, size, name):
                copy.write(chunk)

            def again() -> Iterator[bytes]:
                copy.seek(0)
                while chunk := copy.read(_CHUNK):
                    yield chunk

            self._bucket.remove(name)  # what is there under a retried upload would be taken for ours
            self._bucket.upload(name, again, size=size)

    def save(self, name: str, open_object: Callable[[], BinaryIO], *, object_id: ObjectId, size: int) -> None:
        with open_object() as content:
            self.write(name, content, size=size)

    def link(self, name: str, file: Path) -> None:
        raise InvalidInputError("--link makes links on this machine, and a bucket has none; leave it out")

    def remove(self, name: str) -> None:
        self._bucket.remove(name)


def _chunks(content: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    left = size
    while chunk := content.read(_CHUNK):
        left -= len(chunk)
        yield chunk
    if left:
        raise IntegrityError(f"{name!r} should have {size} bytes, and {size - left} came")


def check_empty_name(root: StorageUrl, name: str) -> None:
    """Raises StorageError where a target is a single file."""
    if not name:
        raise StorageError(f"{root} is a file; name a folder or bucket to export to")
