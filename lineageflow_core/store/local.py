"""Content in a folder: one immutable, read-only file an object, one a pack.

```
objects/<first 2 digits of the id>/<the other 62>      packs/<first 2 characters>/<id>      tmp/      trash/
```

A file gets its final name only when its bytes are on the disk, so whatever stands under such a name is
whole, and a call returns only when the names are on the disk too. What a killed process leaves in `tmp`
is harmless. Several processes may write at once: equal names mean equal bytes.
"""

import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import Provider, StorageReport, StorageUrl
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.durability import storage_errors
from lineageflow_core.store.layout import PACKS, object_name, objects_by_folder, pack_name
from lineageflow_core.store.local_trash import LocalTrash
from lineageflow_core.store.local_writer import LocalWriter
from lineageflow_core.store.ports import PackPart, StoredObject
from lineageflow_core.store.probe import probe
from lineageflow_core.store.refusals import object_missing, pack_missing, pack_too_short
from lineageflow_core.store.verified import check_digest, open_verified

WHOLE_BYTES = 8 << 20
"""Objects up to this size are read and verified in one go."""
_LISTED = 2
"""Files of a folder that are listed for each one that is asked for. Listing one takes a third of the time of
asking for one by its name."""


class LocalContentStore:
    """A `ContentStore` in the folder `root`, which is made by the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.trash = LocalTrash(root)

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        if not sources:
            return []
        with storage_errors(self._root), LocalWriter(self._root, files=len(sources)) as writer:
            stored = [writer.add_object(source, progress) for source in sources]
            writer.publish()
        return stored

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        path = self._root / object_name(object_id)
        with storage_errors(path):
            try:
                file = io.FileIO(path)
            except FileNotFoundError:
                if not self.trash.recall(ContentKind.OBJECT, [object_id]):
                    raise object_missing(object_id) from None
                file = io.FileIO(path)
            if os.fstat(file.fileno()).st_size > WHOLE_BYTES:
                return open_verified(file, object_id)
            with file:
                content = file.readall()
        check_digest(object_id, blake3(content).hexdigest())
        return io.BytesIO(content)

    def object_file(self, object_id: ObjectId) -> Path:
        path = self._root / object_name(object_id)
        if not path.exists() and not self.trash.recall(ContentKind.OBJECT, [object_id]):
            raise object_missing(object_id)
        return path

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        root = os.fspath(self._root)
        absent: set[ObjectId] = set()
        for folder, asked in objects_by_folder(object_ids).items():
            unseen = asked.keys() - _listed(f"{root}/{folder}", at_most=_LISTED * len(asked))
            absent.update(asked[name] for name in unseen if not os.path.exists(f"{root}/{folder}/{name}"))
        return absent - self.trash.recall(ContentKind.OBJECT, absent)

    def write_pack(self, pack_id: str, content: bytes) -> None:
        name = pack_name(pack_id)
        with storage_errors(self._root), LocalWriter(self._root, files=1) as writer:
            writer.add(name, content)
            writer.publish()

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        return self.read_packs([PackPart(pack_id, offset, length)])[0]

    def read_packs(self, parts: Sequence[PackPart]) -> list[bytes]:
        found: dict[PackPart, bytes] = {}
        for pack_id, some in groupby(sorted(set(parts)), key=lambda part: part.pack_id):
            path = self._root / pack_name(pack_id)
            with storage_errors(path):
                try:
                    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    if not self.trash.recall(ContentKind.PACK, [pack_id]):
                        raise pack_missing(pack_id) from None
                    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    found |= {part: os.pread(fd, part.length, part.offset) for part in some}
                finally:
                    os.close(fd)
        for part, content in found.items():
            if len(content) != part.length:
                raise pack_too_short(part.pack_id, part.offset + part.length)
        return [found[part] for part in parts]

    def list_packs(self) -> Iterable[str]:
        return sorted(path.name for path in (self._root / PACKS).glob("*/*"))

    def check(self) -> StorageReport:
        return probe(FsspecBucket(StorageUrl(provider=Provider.FOLDER, path=str(self._root.absolute()))))


def _listed(folder: str, *, at_most: int) -> set[str]:
    """Returns names of what is in a folder, not all if there are more: the others have to be looked at."""
    with suppress(OSError), os.scandir(folder) as listing:
        return {item.name for item in islice(listing, at_most)}
    return set()
