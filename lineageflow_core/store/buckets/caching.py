"""A bucket whose small objects and packs are read from this machine once they were read from afar.

Only for names that stand for content which never changes. Of packs whole blocks are fetched and kept, because
a tree's nodes lie side by side: one request then brings what would else take one for each. A large object is
passed on as it comes, since it would drive out thousands of others.
"""

from collections.abc import Iterator

from blake3 import blake3

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.buckets import Blob, Bucket, Chunks
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.layout import PACKS, object_name

BLOCK_BYTES = 1 << 20
"""At usual speeds, this much more takes no longer than the request itself."""


class CachingBucket:
    """A `Bucket` over another."""

    def __init__(self, bucket: Bucket, cache: ReadCache) -> None:
        self._bucket = bucket
        self._cache = cache

    @property
    def url(self) -> StorageUrl:
        return self._bucket.url

    def read(self, name: str, start: int, end: int) -> bytes:
        if _is_pack(name):
            first, last = start // BLOCK_BYTES, -(-end // BLOCK_BYTES)
            content = b"".join(self._block(name, number) for number in range(first, last))
            return content[start - first * BLOCK_BYTES : end - first * BLOCK_BYTES]
        if start:
            return self._bucket.read(name, start, end)
        kept = self._cache.get(self._key(name))
        if kept is None:
            kept = self._bucket.read(name, 0, end)
            # Only what is whole and right is kept, so that what is mended in the storage is mended here.
            if len(kept) < end and object_name(ObjectId(blake3(kept).hexdigest())) == name:
                self._cache.put(self._key(name), kept)
        return kept[:end]

    def size(self, name: str) -> int | None:
        return self._bucket.size(name)

    def create(self, name: str, content: bytes) -> bool:
        created = self._bucket.create(name, content)
        if _is_pack(name):  # the next commit reads it first
            for at in range(0, len(content), BLOCK_BYTES):
                self._cache.put(self._key(name, at // BLOCK_BYTES), content[at : at + BLOCK_BYTES])
        return created

    def replace(self, name: str, content: bytes) -> None:
        self._bucket.replace(name, content)

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        self._bucket.upload(name, chunks, size=size)

    def copy(self, name: str, to: str) -> None:
        self._bucket.copy(name, to)

    def list(self, folder: str) -> Iterator[Blob]:
        return self._bucket.list(folder)

    def remove(self, name: str) -> None:
        self._bucket.remove(name)

    def _block(self, name: str, number: int) -> bytes:
        kept = self._cache.get(self._key(name, number))
        if kept is None:
            kept = self._bucket.read(name, number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES)
            self._cache.put(self._key(name, number), kept)
        return kept

    def _key(self, name: str, block: int = 0) -> str:
        # With the place, although equal names mean equal bytes: one repository must not give another's.
        return f"{self.url}/{name}#{block}"


def _is_pack(name: str) -> bool:
    return name.startswith(f"{PACKS}/")
