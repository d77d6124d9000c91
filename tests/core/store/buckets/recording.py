"""A bucket that tells what was asked of the one below it."""

from collections.abc import Iterator

from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.buckets import Blob, Bucket, Chunks


class RecordingBucket:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.calls: list[str] = []

    @property
    def url(self) -> StorageUrl:
        return self.bucket.url

    def read(self, name: str, start: int, end: int) -> bytes:
        self.calls.append("read")
        return self.bucket.read(name, start, end)

    def size(self, name: str) -> int | None:
        self.calls.append("size")
        return self.bucket.size(name)

    def create(self, name: str, content: bytes) -> bool:
        self.calls.append("create")
        return self.bucket.create(name, content)

    def replace(self, name: str, content: bytes) -> None:
        self.calls.append("replace")
        self.bucket.replace(name, content)

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        self.calls.append("upload")
        self.bucket.upload(name, chunks, size=size)

    def copy(self, name: str, to: str) -> None:
        self.calls.append("copy")
        self.bucket.copy(name, to)

    def list(self, folder: str) -> Iterator[Blob]:
        self.calls.append("list")
        return self.bucket.list(folder)

    def remove(self, name: str) -> None:
        self.calls.append("remove")
        self.bucket.remove(name)
