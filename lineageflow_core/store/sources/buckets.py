"""Buckets of the clouds as sources, through fsspec's libraries and their credentials.

fsspec lists a folder whole and knows no conditional reads, so the requests are made one by one here, as each
cloud's documentation has them, through the clients that fsspec made. Each process makes its own.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, ClassVar

from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.storage import Provider, StorageUrl
from lineageflow_core.store.buckets.failures import bucket_errors
from lineageflow_core.store.buckets.over_fsspec import file_system
from lineageflow_core.store.sources import Found, Source, changed_underneath
from lineageflow_core.store.sources.folder import FolderSource
from lineageflow_core.store.sources.ranges import open_ranges

_PAGE = 1000


class _ChangedError(Exception):
    """The storage refused a read, because the version is another one."""


class _BucketSource(ABC):
    """What the clouds have in common."""

    def __init__(self, url: StorageUrl) -> None:
        """Raises InvalidInputError if the library for this provider is not installed."""
        self.url = url
        self._make = file_system(url)
        self._prefix = f"{url.path}/" if url.path else ""
        self._made: dict[int, Any] = {}
        """By process. A parent's is kept in its children, where closing it would wait for ever."""

    def pages(self, *, after: str = "") -> Iterator[list[Found]]:
        is_empty = not after
        with suppress(FileNotFoundError), bucket_errors(self.url, "list"):
            for page in self._list(self._prefix + after if after else ""):
                is_empty = False
                yield [
                    Found(key[len(self._prefix) :], size, version)
                    for key, size, version in page
                    if key > self._prefix + after
                ]
        if is_empty and self.url.path and (single := self.find("")) is not None:
            yield [single]

    def find(self, name: str) -> Found | None:
        try:
            with bucket_errors(self.url, "look up"):
                return self._find(name, self._key(name))
        except FileNotFoundError:
            return None

    def open(self, found: Found) -> BinaryIO:
        if not found.size and (now := self.find(found.name)) != found:  # there is no piece to be refused
            raise self._changed(found, now)
        return open_ranges(lambda start, end: self._read_version(found, start, end), found.size)

    def _read_version(self, found: Found, start: int, end: int) -> bytes:
        _, _, version = found.version.partition(":")
        try:
            with bucket_errors(self.url, "read"):
                return self._read(self._key(found.name), start, end, version)
        except (_ChangedError, FileNotFoundError, LineageFlowError) as error:
            now = self.find(found.name)
            if now != found:
                raise self._changed(found, now) from error
            raise

    def _changed(self, found: Found, now: Found | None) -> LineageFlowError:
        return changed_underneath(
            f"{self.url.provider.value}://{self.url.bucket}/{self._key(found.name)}", found, now
        )

    def _key(self, name: str) -> str:
        return self._prefix + name if name else self.url.path

    @property
    def _files(self) -> Any:
        process = os.getpid()
        if process not in self._made:
            self._made[process] = self._make()
        return self._made[process]

    @abstractmethod
    def _list(self, after: str) -> Iterator[list[Found]]:
        """Yields whole keys, of the keys that begin with the prefix, those behind `after`, or a few more."""

    @abstractmethod
    def _find(self, name: str, key: str) -> Found: ...

    @abstractmethod
    def _read(self, key: str, start: int, end: int, version: str) -> bytes: ...


class S3Source(_BucketSource):
    """As in https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html ."""

    def _list(self, after: str) -> Iterator[list[Found]]:
        while True:
            answer = self._files.call_s3(
                "list_objects_v2",
                Bucket=self.url.bucket,
                Prefix=self._prefix,
                StartAfter=after,
                MaxKeys=_PAGE,
            )
            page = [
                Found(each["Key"], each["Size"], f"etag:{each['ETag']}")
                for each in answer.get("Contents", ())
            ]
            if page:
                yield page
            if not answer.get("IsTruncated") or not page:
                return
            after = page[-1].name

    def _find(self, name: str, key: str) -> Found:
        about = self._files.call_s3("head_object", Bucket=self.url.bucket, Key=key)
        return Found(name, about["ContentLength"], f"etag:{about['ETag']}")

    def _read(self, key: str, start: int, end: int, version: str) -> bytes:
        from fsspec.asyn import sync

        async def read() -> bytes:
            answer = await self._files._call_s3(  # noqa: SLF001 - the public one waits
                "get_object",
                Bucket=self.url.bucket,
                Key=key,
                Range=f"bytes={start}-{end - 1}",
                IfMatch=version,
            )
            async with answer["Body"] as body:
                content: bytes = await body.read()
            if answer["ETag"] != version:  # of a server that does not know If-Match
                raise _ChangedError
            return content

        return bytes(sync(self._files.loop, read))


class GcsSource(_BucketSource):
    """As in https://cloud.google.com/storage/docs/json_api/v1/objects/list ."""

    _FIELDS: ClassVar[str] = "nextPageToken,items(name,size,generation)"

    def _list(self, after: str) -> Iterator[list[Found]]:
        token: dict[str, str] = {}
        while True:
            answer = self._files.call(
                "GET", "b/{}/o", self.url.bucket, prefix=self._prefix, startOffset=after, maxResults=_PAGE,
                fields=self._FIELDS, json_out=True, **token,
            )  # fmt: skip
            yield [_of_gcs(each["name"], each) for each in answer.get("items", ())]
            if "nextPageToken" not in answer:
                return
            token = {"pageToken": answer["nextPageToken"]}

    def _find(self, name: str, key: str) -> Found:
        return _of_gcs(name, self._files.call("GET", "b/{}/o/{}", self.url.bucket, key, json_out=True))

    def _read(self, key: str, start: int, end: int, version: str) -> bytes:
        headers, content = self._files.call(
            "GET",
            self._files.url(f"{self.url.bucket}/{key}"),
            headers={"Range": f"bytes={start}-{end - 1}"},
            ifGenerationMatch=version,
        )
        if headers.get("X-Goog-Generation", version) != version:
            raise _ChangedError
        return bytes(content)


def _of_gcs(name: str, about: dict[str, Any]) -> Found:
    return Found(name, int(about["size"]), f"generation:{about['generation']}")


class AzureSource(_BucketSource):
    """As in https://learn.microsoft.com/rest/api/storageservices/list-blobs ."""

    def _list(self, after: str) -> Iterator[list[Found]]:
        from fsspec.asyn import sync

        async def first() -> Any:
            container = self._files.service_client.get_container_client(self.url.bucket)
            return container.list_blobs(name_starts_with=self._prefix, results_per_page=5 * _PAGE).by_page()

        async def following(pages: Any) -> list[Found] | None:
            try:
                page = await anext(pages)
            except StopAsyncIteration:
                return None
            return [Found(each.name, each.size, f"etag:{each.etag.strip(chr(34))}") async for each in page]

        pages = sync(self._files.loop, first)
        while (page := sync(self._files.loop, following, pages)) is not None:
            yield page  # Azure cannot start in the middle: what is not behind `after` is passed over

    def _find(self, name: str, key: str) -> Found:
        from fsspec.asyn import sync

        async def properties() -> Any:
            return await self._blob(key).get_blob_properties()

        about = sync(self._files.loop, properties)
        return Found(name, about.size, f"etag:{about.etag.strip(chr(34))}")

    def _read(self, key: str, start: int, end: int, version: str) -> bytes:
        from azure.core import MatchConditions
        from fsspec.asyn import sync

        async def read() -> bytes:
            stream = await self._blob(key).download_blob(
                offset=start,
                length=end - start,
                etag=f'"{version}"',
                match_condition=MatchConditions.IfNotModified,
            )
            content: bytes = await stream.readall()
            return content

        return bytes(sync(self._files.loop, read))

    def _blob(self, key: str) -> Any:
        return self._files.service_client.get_blob_client(self.url.bucket, key)


class MemorySource(_BucketSource):
    """fsspec's memory, for trying things out. It looks before and after a read."""

    def _list(self, after: str) -> Iterator[list[Found]]:
        root = f"/{self.url.bucket}/"
        keys = [path[len(root) :] for path in self._files.find(root + self._prefix)]
        page = [self._find(key, key) for key in keys]
        if page := sorted(each for each in page if each.name.startswith(self._prefix) and each.name > after):
            yield page

    def _find(self, name: str, key: str) -> Found:
        about = self._files.info(f"/{self.url.bucket}/{key}")
        if about["type"] != "file":
            raise FileNotFoundError(key)
        return Found(name, about["size"], f"created:{about['created']}")

    def _read(self, key: str, start: int, end: int, version: str) -> bytes:
        path = f"/{self.url.bucket}/{key}"
        before = self._find("", key)
        content = bytes(self._files.cat_file(path, start=start, end=end))
        if {before.version, self._find("", key).version} != {f"created:{version}"}:
            raise _ChangedError
        return content


_SOURCES: dict[Provider, type[_BucketSource]] = {
    Provider.S3: S3Source,
    Provider.GCS: GcsSource,
    Provider.AZURE: AzureSource,
    Provider.MEMORY: MemorySource,
}


def open_source(url: StorageUrl) -> Source:
    """Returns the source at a URL. Raises InvalidInputError if a library that it needs is not installed."""
    if url.provider is Provider.FOLDER:
        return FolderSource(url)
    return _SOURCES[url.provider](url)
