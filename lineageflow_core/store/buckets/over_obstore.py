"""S3 through obstore: the same requests as s3fs makes, without Python in each of them.

Used where obstore is installed. Who we are, where and with which endpoint is what botocore finds, so that
credentials come from the same chain as for s3fs: environment, profile, single sign-on, the machine's role.
obstore's own interface is used, not the one it has for fsspec, which overwrites what it was told to create.
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
from lineageflow_core.store.buckets.over_fsspec import PART_BYTES

if TYPE_CHECKING:
    from obstore.store import S3Store

_PARTS_AT_ONCE = 4
"""Bounds the memory of an upload, with the size of a part."""
_MOST_PARTS = 9_000
_RETRIES = 3
_RETRIED = timedelta(seconds=30)
"""Of a request, by obstore itself. `retries.py` does the rest; together they take minutes, not many."""


class ObstoreBucket:
    """A `Bucket` over obstore's store for S3."""

    def __init__(self, url: StorageUrl) -> None:
        """Raises ImportError if obstore or botocore is not installed."""
        import botocore.session  # noqa: F401
        import obstore  # noqa: F401

        self.url = url
        self._made: tuple[int, S3Store] | None = None

    def read(self, name: str, start: int, end: int) -> bytes:
        import obstore

        if start >= end:
            return b""
        with bucket_errors(self.url, "read"):
            try:
                return bytes(obstore.get(self._store, name, options={"range": (start, end)}).bytes())
            except FileNotFoundError:
                raise
            except obstore.exceptions.BaseError:
                # A range that begins at or after the end is refused; so is any range of nothing.
                size = self.size(name)
                if size is None or size > start:
                    raise
                return b""

    def size(self, name: str) -> int | None:
        import obstore

        with bucket_errors(self.url, "look up"):
            try:
                return obstore.head(self._store, name)["size"]
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        import obstore

        with bucket_errors(self.url, "write"):
            try:
                obstore.put(self._store, name, content, mode="create")
            except obstore.exceptions.AlreadyExistsError:
                return False
            except obstore.exceptions.BaseError as error:
                if not is_not_implemented(error):
                    raise
                self.replace(name, content)
        return True

    def replace(self, name: str, content: bytes) -> None:
        import obstore

        with bucket_errors(self.url, "write"):
            obstore.put(self._store, name, content, use_multipart=False)

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        import obstore

        part = max(PART_BYTES, -(-size // _MOST_PARTS))
        with bucket_errors(self.url, "write"):
            obstore.put(
                self._store,
                name,
                iter(chunks()),
                use_multipart=True,
                chunk_size=part,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def list(self, folder: str) -> Iterator[Blob]:
        import obstore

        with bucket_errors(self.url, "list"):
            for page in obstore.list(self._store, f"{folder}/" if folder else None):
                for about in page:
                    yield Blob(name=about["path"], size=about["size"], modified_at=about["last_modified"])

    def remove(self, name: str) -> None:
        import obstore

        with bucket_errors(self.url, "delete"), suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    @property
    def _store(self) -> "S3Store":
        process = os.getpid()
        if self._made is None or self._made[0] != process:
            self._made = process, _open(self.url)
        return self._made[1]


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
        client_options={"allow_http": endpoint.startswith("http://")},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRIED},
        credential_provider=credentials,
    )
