"""Buckets through fsspec: gcsfs, s3fs, adlfs, a folder, memory.

Each process makes its own file system, because their connections do not survive a fork. Listings are never
cached: what another process wrote is seen at once. Uploads in parts become visible when the file is closed,
so one that is given up must never be closed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.storage import Provider, StorageUrl
from lineageflow_core.store.buckets import Blob, Chunks
from lineageflow_core.store.buckets.failures import bucket_errors, is_not_implemented
from lineageflow_core.store.buckets.parts import can_go_on, upload_parts

PART_BYTES = 16 << 20
"""Of an upload in parts. Memory holds two of them."""
MOST_PARTS = 9_000
"""S3 takes 10,000."""
LARGE_BYTES = 4 * PART_BYTES
"""From here on an upload goes on where an earlier one stopped: for less, the questions do not pay."""

_CHECKED: dict[Provider, dict[str, Any]] = {Provider.AZURE: {"validate_content": True}}
"""What makes a library send a checksum along, which the storage compares. botocore always does."""

_MODIFIED = ("LastModified", "last_modified", "updated", "created", "mtime")
"""What file systems call the time of the last change."""


class FsspecBucket:
    """A `Bucket` over a file system of fsspec."""

    def __init__(self, url: StorageUrl) -> None:
        """Raises InvalidInputError if the library for this provider is not installed."""
        self.url = url
        self._make = file_system(url)
        self._root = f"{url.bucket}/{url.path}".rstrip("/") if url.bucket else url.path
        self._checked = _CHECKED.get(url.provider, {})
        self._made: dict[int, Any] = {}
        """By process. A parent's is kept in its children, where closing it would wait for ever."""

    def read(self, name: str, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        with bucket_errors(self.url, "read"):
            try:
                return bytes(self._files.cat_file(self._path(name), start=start, end=end))
            except FileNotFoundError:
                raise
            except Exception as error:
                # A range that begins at or after the end is refused; so is any range of nothing.
                size = self.size(name) if _is_range_error(error) else None
                if size is None or size > start:
                    raise
                return b""

    def size(self, name: str) -> int | None:
        with bucket_errors(self.url, "look up"):
            try:
                return int(self._files.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        with bucket_errors(self.url, "write"):
            try:
                self._make_folder(name)
                self._files.pipe_file(self._path(name), content, mode="create", **self._checked)
            except FileExistsError:
                return False
            except Exception as error:
                if not is_not_implemented(error):
                    raise
                self._files.pipe_file(self._path(name), content, **self._checked)
        return True

    def replace(self, name: str, content: bytes) -> None:
        with bucket_errors(self.url, "write"):
            self._make_folder(name)
            self._files.pipe_file(self._path(name), content, **self._checked)

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        if self.url.provider in {Provider.FOLDER, Provider.MEMORY}:  # they show a file while it is written
            self.replace(name, b"".join(chunks()))
            return
        part = max(PART_BYTES, -(-size // MOST_PARTS))
        if size >= LARGE_BYTES and can_go_on(self.url):
            upload_parts(self._files, self.url, self._path(name), chunks(), part=part, root=self._root)
            return
        with bucket_errors(self.url, "write"):
            file = self._files.open(self._path(name), "wb", block_size=part)
            try:
                for chunk in chunks():
                    file.write(chunk)
            except BaseException:
                with suppress(Exception):
                    file.discard()
                file.closed = True
                raise
            file.close()

    def copy(self, name: str, to: str) -> None:
        with bucket_errors(self.url, "copy"):
            self._make_folder(to)
            self._files.cp_file(self._path(name), self._path(to))

    def list(self, folder: str) -> Iterator[Blob]:
        with bucket_errors(self.url, "list"):
            try:
                found = self._files.find(self._path(folder), detail=True, withdirs=False)
            except FileNotFoundError:
                return
        for path, about in found.items():
            name = path.lstrip("/")[len(self._root.lstrip("/")) :].lstrip("/")
            yield Blob(name=name, size=int(about["size"]), modified_at=_modified(about))

    def remove(self, name: str) -> None:
        with bucket_errors(self.url, "delete"), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if self._root else name

    def _make_folder(self, name: str) -> None:
        if self.url.provider is Provider.FOLDER:
            os.makedirs(os.path.dirname(self._path(name)), exist_ok=True)

    @property
    def _files(self) -> Any:
        process = os.getpid()
        if process not in self._made:
            self._made[process] = self._make()
        return self._made[process]


def file_system(url: StorageUrl) -> Callable[[], Any]:
    """Returns what makes a file system for a URL. Raises InvalidInputError if that is not installed."""
    try:
        return _MAKERS[url.provider](url)
    except ImportError as error:
        extra = {Provider.S3: "s3", Provider.GCS: "gcs", Provider.AZURE: "azure"}[url.provider]
        raise InvalidInputError(
            f"{url} needs {error.name or extra}: pip install 'lineageflow-core[{extra}]'"
        ) from error


_FRESH: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}


def _s3(url: StorageUrl) -> Callable[[], Any]:
    from s3fs import S3FileSystem

    region = {"region_name": url.region} if url.region else {}
    return lambda: S3FileSystem(endpoint_url=url.endpoint_url, client_kwargs=region, **_FRESH)


def _gcs(_url: StorageUrl) -> Callable[[], Any]:
    # Not gcsfs.GCSFileSystem: that one asks for the kind of each bucket over gRPC first, and waits for a
    # minute where nothing answers, as behind a firewall, or with an emulator.
    from gcsfs.core import GCSFileSystem

    return lambda: GCSFileSystem(consistency="md5", **_FRESH)


def _azure(url: StorageUrl) -> Callable[[], Any]:
    from adlfs import AzureBlobFileSystem

    return lambda: AzureBlobFileSystem(account_name=url.account, **_FRESH)


def _folder(_url: StorageUrl) -> Callable[[], Any]:
    from fsspec.implementations.local import LocalFileSystem

    return lambda: LocalFileSystem(skip_instance_cache=True)


def _memory(_url: StorageUrl) -> Callable[[], Any]:
    from fsspec.implementations.memory import MemoryFileSystem

    return lambda: MemoryFileSystem(skip_instance_cache=True)


_MAKERS: dict[Provider, Callable[[StorageUrl], Callable[[], Any]]] = {
    Provider.S3: _s3,
    Provider.GCS: _gcs,
    Provider.AZURE: _azure,
    Provider.FOLDER: _folder,
    Provider.MEMORY: _memory,
}


def _is_range_error(error: Exception) -> bool:
    said = str(error)
    return any(sign in said for sign in ("InvalidRange", "not satisfiable", "416", "Range Not Satisfiable"))


def _modified(about: dict[str, Any]) -> datetime:
    for name in _MODIFIED:
        value = about.get(name)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    return datetime.now(UTC)
