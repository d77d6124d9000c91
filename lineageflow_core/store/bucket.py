"""Content in a bucket: one immutable object an object, one a pack, laid out as in a folder (`layout.py`).

A name is its content's digest, so whoever writes it writes the same bytes, and nothing here needs the storage
to refuse a second writer: where it can, a transfer is saved. What an interrupted call stored stays, and is
not sent again. An object of another size than it should have is one that was torn, and is replaced.

Threads make the requests, many at once: small objects whole, large ones in parts, in bounded memory. A large
file is hashed twice, before it is sent (under which name?) and while it is (are these still those bytes?),
and becomes visible only if both agree.
"""

import io
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import StorageReport
from lineageflow_core.store.bucket_trash import BucketTrash, at_once
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.retries import RetryingBucket
from lineageflow_core.store.layout import PACKS, object_name, pack_name
from lineageflow_core.store.ports import PackPart, StoredObject
from lineageflow_core.store.probe import probe
from lineageflow_core.store.progress import Reported
from lineageflow_core.store.refusals import object_missing, pack_missing, pack_too_short, source_unreadable
from lineageflow_core.store.streamed import PIECE_BYTES, open_streamed
from lineageflow_core.store.verified import CHUNK_BYTES, check_digest

_GAP_BYTES = 64 << 10
"""Bytes between two parts of a pack that are read and thrown away: sooner than another request."""
WHOLE_BYTES = PIECE_BYTES
"""Objects up to this size are read with one request, and verified in one go."""


class BucketContentStore:
    """A `ContentStore` in a bucket."""

    def __init__(self, bucket: Bucket, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` replaces the waiting between attempts, in tests."""
        self._bare = bucket
        self._bucket = RetryingBucket(bucket, pause=pause)
        self.trash = BucketTrash(self._bucket)

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        batch = _Batch(self._bucket, progress)
        with _existing(self._bucket):
            return at_once(batch.write, sources)

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        name = object_name(object_id)
        try:
            first = self._bucket.read(name, 0, WHOLE_BYTES + 1)
        except FileNotFoundError:
            if not self.trash.recall(ContentKind.OBJECT, [object_id]):
                raise object_missing(object_id) from None
            first = self._bucket.read(name, 0, WHOLE_BYTES + 1)
        if len(first) > WHOLE_BYTES:
            size = self._bucket.size(name) or 0
            return open_streamed(
                lambda start, end: self._bucket.read(name, start, end), object_id, size=size, first=first
            )
        check_digest(object_id, blake3(first).hexdigest())
        return io.BytesIO(first)

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        asked = list(dict.fromkeys(object_ids))
        sizes = at_once(self._bucket.size, [object_name(each) for each in asked])
        absent = {each for each, size in zip(asked, sizes, strict=True) if size is None}
        return absent - self.trash.recall(ContentKind.OBJECT, absent)

    def write_pack(self, pack_id: str, content: bytes) -> None:
        with _existing(self._bucket):
            _Batch(self._bucket).put(pack_name(pack_id), content)

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise InvalidInputError(f"no pack has {length} bytes at {offset}")
        try:
            content = self._bucket.read(pack_name(pack_id), offset, offset + length)
        except FileNotFoundError:
            if not self.trash.recall(ContentKind.PACK, [pack_id]):
                raise pack_missing(pack_id) from None
            content = self._bucket.read(pack_name(pack_id), offset, offset + length)
        if len(content) != length:
            raise pack_too_short(pack_id, offset + length)
        return content

    def read_packs(self, parts: Sequence[PackPart]) -> list[bytes]:
        spans = list(_spans(parts))
        contents = at_once(lambda span: self.read_pack(*span), spans)
        found: dict[PackPart, bytes] = {}
        at = 0
        for part in sorted(set(parts)):
            while not _covers(spans[at], part):
                at += 1
            start = part.offset - spans[at].offset
            found[part] = contents[at][start : start + part.length]
        return [found[part] for part in parts]

    def list_packs(self) -> Iterable[str]:
        return sorted(blob.name.rpartition("/")[2] for blob in self._bucket.list(PACKS))

    def check(self) -> StorageReport:
        return probe(self._bare)


class _Batch:
    """Writes that look first whether a thing is there, as long as most are: then that saves sending them.

    Where the last one was not there, the next is sent at once, as a creation, which saves the question.
    """

    def __init__(self, bucket: Bucket, progress: Callable[[int], None] | None = None) -> None:
        self._bucket = bucket
        self._progress = progress
        self._likely_there = True

    def write(self, source: bytes | Path) -> StoredObject:
        """Stores an object. Raises InvalidInputError if the file cannot be read."""
        reported = Reported(self._progress)
        stored = (
            self._write_whole(source) if isinstance(source, bytes) else self._write_file(source, reported)
        )
        reported.done(stored.size)
        return stored

    def _write_file(self, source: Path, reported: Reported) -> StoredObject:
        try:
            with source.open("rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise source_unreadable(source, "it is not a file")
                if status.st_size <= CHUNK_BYTES:
                    return self._write_whole(file.readall())
                return self._write_large(source, status.st_size, reported)
        except OSError as error:
            if isinstance(error, StorageError) or error.filename != str(source):
                raise
            raise source_unreadable(source, error.strerror) from error

    def put(self, name: str, content: bytes) -> None:
        """Makes sure that `name` has these bytes, which no other content ever has."""
        if self._likely_there and self._bucket.size(name) == len(content):
            return
        was_there = not self._bucket.create(name, content)
        self._likely_there = was_there  # for the next one; other threads change it meanwhile
        if was_there and self._bucket.size(name) != len(content):
            self._bucket.replace(name, content)

    def _write_whole(self, content: bytes) -> StoredObject:
        object_id = ObjectId(blake3(content).hexdigest())
        self.put(object_name(object_id), content)
        return StoredObject(object_id=object_id, size=len(content))

    def _write_large(self, source: Path, size: int, reported: Reported) -> StoredObject:
        object_id = ObjectId(blake3(max_threads=blake3.AUTO).update_mmap(source).hexdigest())
        name = object_name(object_id)
        if self._bucket.size(name) != size:
            self._bucket.upload(name, lambda: reported.chunks(_chunks(source, object_id, size)), size=size)
        return StoredObject(object_id=object_id, size=size)


def _chunks(source: Path, object_id: ObjectId, size: int) -> Iterator[bytes]:
    """Yields a file's bytes. Raises InvalidInputError, before the end, if they are not that object's."""
    hasher, left = blake3(), size
    with source.open("rb", buffering=0) as file:
        while left > 0:
            chunk = file.read(min(CHUNK_BYTES, left))
            left -= len(chunk)
            hasher.update(chunk)
            if not chunk or (left == 0 and hasher.hexdigest() != object_id):
                raise source_unreadable(source, "it changed while it was read")
            yield chunk


def _spans(parts: Iterable[PackPart]) -> Iterator[PackPart]:
    """Yields larger parts that hold these, in order: what lies close together is read with one request."""
    span: PackPart | None = None
    for part in sorted(set(parts)):
        if span is not None and part.pack_id == span.pack_id:
            end = max(span.offset + span.length, part.offset + part.length)
            if part.offset - span.offset - span.length <= _GAP_BYTES and end - span.offset <= WHOLE_BYTES:
                span = PackPart(span.pack_id, span.offset, end - span.offset)
                continue
        if span is not None:
            yield span
        span = part
    if span is not None:
        yield span


def _covers(span: PackPart, part: PackPart) -> bool:
    return (
        span.pack_id == part.pack_id
        and span.offset <= part.offset
        and part.offset + part.length <= span.offset + span.length
    )


@contextmanager
def _existing(bucket: Bucket) -> Iterator[None]:
    """Says so where the bucket itself is missing; in what is written to it, nothing else can be."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(
            f"there is no bucket for {bucket.url}: make it, or name another storage", storage=str(bucket.url)
        ) from error
