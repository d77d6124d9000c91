"""The trash of a bucket: `trash/<collection>/`, below which everything lies as it did before.

Whatever moves is copied by the storage, then removed where it was: a thing is in one place or in both at
every instant, also where an answer is lost or the process dies.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import uuid4

from lineageflow_core.errors import StorageError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.layout import OBJECTS, PACKS, TRASH, content_name, folder_of, id_in, trash_name
from lineageflow_core.store.ports import StoredContent, TrashedContent

S = TypeVar("S")
T = TypeVar("T")

AT_ONCE = 32
"""Requests at a time: enough to hide a storage's latency, with small objects in memory that often."""
_ERASED_AT_ONCE = 1000
_CLOCK = "tmp/clock"


class BucketTrash:
    """A `Trash` in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def now(self) -> datetime:
        marker = f"{_CLOCK}/{uuid4().hex}"
        self._bucket.replace(marker, b"what time is it?")
        try:
            for blob in self._bucket.list(_CLOCK):
                if blob.name == marker:
                    return blob.modified_at
        finally:
            self._bucket.remove(marker)
        raise StorageError(f"{self._bucket.url} does not list what was just written: try again")

    def list_stored(self, kind: ContentKind) -> Iterator[StoredContent]:
        for blob in self._bucket.list(folder_of(kind)):
            yield StoredContent(
                kind=kind, id=id_in(kind, blob.name), size=blob.size, modified_at=blob.modified_at
            )

    def discard(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        at_once(
            lambda each: self._move(content_name(kind, each), trash_name(collection, kind, each)), list(ids)
        )

    def list(self) -> Iterator[TrashedContent]:
        for blob in self._bucket.list(TRASH):
            _, collection, folder, *_ = blob.name.split("/")
            for kind in ContentKind:
                if folder == folder_of(kind) and collection.isdecimal():
                    yield TrashedContent(
                        kind=kind, id=id_in(kind, blob.name), size=blob.size, collection=int(collection)
                    )

    def recall(self, kind: ContentKind, ids: Iterable[str]) -> set[str]:
        wanted = set(ids)
        if not wanted:
            return set()
        # One listing: what is in the trash of which collection is known to nobody else down here.
        found = {each.id: each.collection for each in self.list() if each.kind is kind and each.id in wanted}
        back = at_once(
            lambda each: self._move(trash_name(found[each], kind, each), content_name(kind, each)),
            list(found),
        )
        there = {each for each, moved in zip(found, back, strict=True) if moved}
        rest = list(wanted - there)
        sizes = at_once(lambda each: self._bucket.size(content_name(kind, each)), rest)
        return there | {each for each, size in zip(rest, sizes, strict=True) if size is not None}

    def purge(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        at_once(lambda each: self._bucket.remove(trash_name(collection, kind, each)), list(ids))

    def erase(self) -> None:
        for folder in (OBJECTS, PACKS, TRASH):
            names = (blob.name for blob in self._bucket.list(folder))
            while some := list(islice(names, _ERASED_AT_ONCE)):
                at_once(self._bucket.remove, some)

    def _move(self, name: str, to: str) -> bool:
        """Moves something; tells whether it was there."""
        try:
            self._bucket.copy(name, to)
        except FileNotFoundError:
            return False
        self._bucket.remove(name)
        return True


def at_once(call: Callable[[S], T], values: Sequence[S]) -> list[T]:
    """Returns what `call` returns for each value, in order, many at a time. Raises the first error."""
    if len(values) <= 1:
        return [call(value) for value in values]
    with ThreadPoolExecutor(min(AT_ONCE, len(values)), thread_name_prefix="lineageflow-bucket") as pool:
        try:
            return list(pool.map(call, values))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
