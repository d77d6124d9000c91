"""Bytes in dictionaries."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO

from blake3 import blake3

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.storage import StorageReport
from lineageflow_core.store.ports import PackPart, StoredContent, StoredObject, Trash, TrashedContent
from lineageflow_core.store.refusals import (
    object_missing,
    pack_missing,
    pack_too_short,
    source_unreadable,
)
from lineageflow_core.store.verified import check_digest


class MemoryContentStore:
    """A `ContentStore` that holds everything in memory."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._objects: dict[ObjectId, bytes] = {}
        self._packs: dict[str, bytes] = {}
        self._trash = MemoryTrash(
            self._lock, {ContentKind.OBJECT: self._objects, ContentKind.PACK: self._packs}
        )
        self.trash: Trash = self._trash

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        contents = [_read(source) for source in sources]
        stored = [
            StoredObject(object_id=ObjectId(blake3(content).hexdigest()), size=len(content))
            for content in contents
        ]
        with self._lock:
            for each, content in zip(stored, contents, strict=True):
                self._objects[each.object_id] = content
                self._trash.written(ContentKind.OBJECT, each.object_id)
        if progress is not None:
            progress(sum(each.size for each in stored))
        return stored

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        with self._lock:
            self._trash.recall(ContentKind.OBJECT, [parse_object_id(object_id)])
            content = self._objects.get(object_id)
        if content is None:
            raise object_missing(object_id)
        check_digest(object_id, blake3(content).hexdigest())
        return io.BytesIO(content)

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        with self._lock:
            absent = {each for each in object_ids if parse_object_id(each) not in self._objects}
            return absent - self._trash.recall(ContentKind.OBJECT, absent)

    def write_pack(self, pack_id: str, content: bytes) -> None:
        with self._lock:
            if self._packs.setdefault(pack_id, content) != content:
                raise InvalidInputError(f"pack {pack_id} is stored already, with other content")
            self._trash.written(ContentKind.PACK, pack_id)

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise InvalidInputError(f"no pack has {length} bytes at {offset}")
        with self._lock:
            self._trash.recall(ContentKind.PACK, [pack_id])
            content = self._packs.get(pack_id)
        if content is None:
            raise pack_missing(pack_id)
        if offset + length > len(content):
            raise pack_too_short(pack_id, offset + length)
        return content[offset : offset + length]

    def read_packs(self, parts: Sequence[PackPart]) -> list[bytes]:
        return [self.read_pack(*part) for part in parts]

    def list_packs(self) -> Iterable[str]:
        with self._lock:
            return sorted(self._packs)

    def check(self) -> StorageReport:
        return StorageReport(storage="memory:", checks=())


class MemoryTrash:
    """A `Trash` of dictionaries."""

    def __init__(self, lock: RLock, stored: dict[ContentKind, dict[Any, bytes]]) -> None:
        self._lock = lock
        self._stored = stored
        self._written: dict[tuple[ContentKind, str], datetime] = {}
        self._trashed: dict[tuple[ContentKind, str, int], bytes] = {}

    def written(self, kind: ContentKind, content_id: str) -> None:
        """Takes note that something is stored since now, if it was not before."""
        self._written.setdefault((kind, content_id), self.now())

    def now(self) -> datetime:
        return datetime.now(UTC)

    def list_stored(self, kind: ContentKind) -> Iterator[StoredContent]:
        with self._lock:
            found = [
                StoredContent(kind=kind, id=each, size=len(content), modified_at=self._written[kind, each])
                for each, content in self._stored[kind].items()
            ]
        yield from found

    def discard(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        with self._lock:
            for each in ids:
                if (content := self._stored[kind].pop(each, None)) is not None:
                    self._trashed[kind, each, collection] = content
                    del self._written[kind, each]

    def list(self) -> Iterator[TrashedContent]:
        with self._lock:
            found = [
                TrashedContent(kind=kind, id=each, size=len(content), collection=collection)
                for (kind, each, collection), content in self._trashed.items()
            ]
        yield from found

    def recall(self, kind: ContentKind, ids: Iterable[str]) -> set[str]:
        with self._lock:
            wanted = set(ids)
            for place in [place for place in self._trashed if place[0] is kind and place[1] in wanted]:
                self._stored[kind][place[1]] = self._trashed.pop(place)
                self._written[kind, place[1]] = self.now()
            return {each for each in wanted if each in self._stored[kind]}

    def purge(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        with self._lock:
            for each in ids:
                self._trashed.pop((kind, each, collection), None)

    def erase(self) -> None:
        with self._lock:
            for stored in self._stored.values():
                stored.clear()
            self._written.clear()
            self._trashed.clear()


def _read(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise source_unreadable(source, error.strerror) from error
