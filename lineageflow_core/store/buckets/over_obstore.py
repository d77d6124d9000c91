"""S3 through obstore: the same requests as s3fs makes, without Python in each of them.

Used where obstore is installed. Who we are, where and with which endpoint is what botocore finds, so that
credentials come from the same chain as for s3fs: environment, profile, single sign-on, the machine's role.
obstore's own interface is used, not the one it has for fsspec, which overwrites what it was told to create.

obstore's threads do not survive a fork, and whoever waits for them waits for ever. So a process that was
forked from one that used them works through fsspec.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from lineageflow_core.errors import AccessDeniedError
from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.buckets import Blob, Chunks
from lineageflow_core.store.buckets.failures import bucket_errors, is_not_implemented
from lineageflow_core.store.buckets.over_fsspec import LARGE_BYTES, MOST_PARTS, PART_BYTES, FsspecBucket

if TYPE_CHECKING:
    from obstore.store import S3Store

_PARTS_AT_ONCE = 4
"""Bounds the memory of an upload, with the size of a part."""
_RETRIES = 3
_RETRIED = timedelta(seconds=30)
"""Of a request, by obstore itself. `retries.py` does the rest; together they take minutes, not many."""

_used_by: int | None = None
"""The process that started obstore's threads."""


class ObstoreBucket(FsspecBucket):
    """A `Bucket` over obstore's store for S3."""

    def __init__(self, url: StorageUrl) -> None:
        """Raises ImportError if obstore is not installed, and as `FsspecBucket` does."""
        import obstore  # noqa: F401

        super().__init__(url)
        self._opened: S3Store | None = None

    def read(self, name: str, start: int, end: int) -> bytes:
        import obstore

        store = self._store
        if store is None or start >= end:
            return super().read(name, start, end)
        with bucket_errors(self.url, "read"):
            try:
                return bytes(obstore.get(store, name, options={"range": (start, end)}).bytes())
            except obstore.exceptions.BaseError:
                # A range that begins at or after the end is refused; so is any range of nothing.
                size = self.size(name)
                if size is None or size > start:
                    raise
                return b""

    def size(self, name: str) -> int | None:
        import obstore

        store = self._store
        if store is None:
            return super().size(name)
        with bucket_errors(self.url, "look up"):
            try:
                return obstore.head(store, name)["size"]
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        import obstore

        store = self._store
        if store is None:
            return super().create(name, content)
        with bucket_errors(self.url, "write"):
            try:
                obstore.put(store, name, content, mode="create")
            except obstore.exceptions.AlreadyExistsError:
                return False
            except obstore.exceptions.BaseError as error:
                if not is_not_implemented(error):
                    raise
                self.replace(name, content)
        return True

    def replace(self, name: str, content: bytes) -> None:
        import obstore

        store = self._store
        if store is None:
            super().replace(name, content)
            return
        with bucket_errors(self.url, "write"):
            obstore.put(store, name, content, use_multipart=False)

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        import obstore

        store = self._store
        if store is None or size >= LARGE_BYTES:  # obstore knows no upload that it did not begin itself
            super().upload(name, chunks, size=size)
            return
        with bucket_errors(self.url, "write"):
            obstore.put(
                store,
                name,
                iter(chunks()),
                use_multipart=True,
                chunk_size=max(PART_BYTES, -(-size // MOST_PARTS)),
                max_concurrency=_PARTS_AT_ONCE,
            )

    def copy(self, name: str, to: str) -> None:
        import obstore

        store = self._store
        if store is None:
            super().copy(name, to)
            return
        with bucket_errors(self.url, "copy"):
            obstore.copy(store, name, to)

    def list(self, folder: str) -> Iterator[Blob]:
        import obstore

        store = self._store
        if store is None:
            yield from super().list(folder)
            return
        with bucket_errors(self.url, "list"):
            for page in obstore.list(store, f"{folder}/" if folder else None):
                for about in page:
                    yield Blob(name=about["path"], size=about["size"], modified_at=about["last_modified"])

    def remove(self, name: str) -> None:
        import obstore

        store = self._store
        if store is None:
            super().remove(name)
            return
        with bucket_errors(self.url, "delete"), suppress(FileNotFoundError):
            obstore.delete(store, name)

    @property
    def _store(self) -> "S3Store | None":
        """None in a process that was forked from one that used obstore."""
        global _used_by  # noqa: PLW0603 - obstore's threads are the process's
        if _used_by not in {None, os.getpid()}:
            return None
        _used_by = os.getpid()
        if self._opened is None:
            with bucket_errors(self.url, "connect"):
                self._opened = _open(self.url)
        return self._opened


@cache
def _botocore_data() -> Any:
    """Returns what botocore knows of Amazon's services: several megabytes, read once a process."""
    import botocore.loaders

    return botocore.loaders.create_loader()


def _open(url: StorageUrl) -> "S3Store":
    import botocore.session
    from obstore.store import S3Store

    session = botocore.session.get_session()
    session.register_component("data_loader", _botocore_data())
    region = url.region or session.get_config_variable("region") or "us-east-1"
    client = session.create_client("s3", region_name=region, endpoint_url=url.endpoint_url)
    endpoint = client.meta.endpoint_url
    found = session.get_credentials()

    def credentials() -> Any:
        if found is None:
            raise AccessDeniedError(
                f"no credentials for {url} were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "AWS_PROFILE, or give this machine a role",
                storage=str(url),
            )
        frozen = found.get_frozen_credentials()  # renewed by botocore where they expire
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": getattr(found, "_expiry_time", None),
        }

    return S3Store(
        url.bucket,
        prefix=url.path or None,
        endpoint=endpoint,
        region=region,
        checksum_algorithm="SHA256",
        client_options={"allow_http": endpoint.startswith("http://")},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRIED},
        credential_provider=credentials,
    )
