"""Bytes in dictionaries."""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from blake3 import blake3

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.storage import StorageReport
from lineageflow_core.store.ports import PackPart, StoredObject
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

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        contents = [_read(source) for source in sources]
        stored = [
            StoredObject(object_id=ObjectId(blake3(content).hexdigest()), size=len(content))
            for content in contents
        ]
        with self._lock:
            self._objects.update(zip((each.object_id for each in stored), contents, strict=True))
        if progress is not None:
            progress(sum(each.size for each in stored))
        return stored

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        with self._lock:
            content = self._objects.get(parse_object_id(object_id))
        if content is None:
            raise object_missing(object_id)
        check_digest(object_id, blake3(content).hexdigest())
        return io.BytesIO(content)

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        with self._lock:
            return {each for each in object_ids if parse_object_id(each) not in self._objects}

    def write_pack(self, pack_id: str, content: bytes) -> None:
        with self._lock:
            if self._packs.setdefault(pack_id, content) != content:
                raise InvalidInputError(f"pack {pack_id} is stored already, with other content")

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise InvalidInputError(f"no pack has {length} bytes at {offset}")
        with self._lock:
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


def _read(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise source_unreadable(source, error.strerror) from error
