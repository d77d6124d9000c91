"""Buckets that fail as real ones do, at the calls that a test has planned; and every plan is carried out.

Wrap a bucket, plan faults, work with it, and leave the block: it raises if a fault was never met, because
then the test did not show what it says.

```
with FaultyBucket(bucket, [Fault(kind=FaultKind.LOST_RESPONSE, operation="create")]) as faulty:
    BucketContentStore(faulty).write_objects([b"x"])
```
"""

import threading
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

from lineageflow_core.errors import StorageError
from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.buckets import Blob, Bucket, Chunks

T = TypeVar("T")


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLED = "throttled"
    """The storage refuses for the moment, and does nothing."""
    LOST_RESPONSE = "lost response"
    """The storage does what was asked, but nobody hears of it."""
    TORN_WRITE = "torn write"
    """Only the first half of the bytes is stored, under the final name, and the caller hears of a failure."""
    LATE_LISTING = "late listing"
    """A listing does not have yet what was written through this wrapper."""
    SKEWED_CLOCK = "skewed clock"
    """A listing tells times by a clock that is wrong by `Fault.skew`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong at certain calls."""

    kind: FaultKind
    operation: str
    """A method of Bucket."""
    calls: Container[int] = range(1, 2)
    """Which calls of it, counted from 1; else only the first."""
    per_name: bool = False
    """Calls are counted for each name by itself."""
    skew: timedelta = timedelta()


class FaultyBucket:
    """A `Bucket` over another. Threads may share it."""

    def __init__(self, bucket: Bucket, faults: Sequence[Fault]) -> None:
        self._bucket = bucket
        self._faults = faults
        self._calls: Counter[str | tuple[str, str]] = Counter()
        self._written: set[str] = set()
        self._lock = threading.Lock()
        self.met: Counter[Fault] = Counter()
        """How often each fault happened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        missed = [fault for fault in self._faults if not self.met[fault]]
        if error is None and missed:
            raise AssertionError(f"these faults were planned and never met: {missed}")

    @property
    def url(self) -> StorageUrl:
        return self._bucket.url

    def read(self, name: str, start: int, end: int) -> bytes:
        return self._call("read", name, lambda: self._bucket.read(name, start, end))

    def size(self, name: str) -> int | None:
        return self._call("size", name, lambda: self._bucket.size(name))

    def create(self, name: str, content: bytes) -> bool:
        self._written.add(name)
        return self._call(
            "create",
            name,
            lambda: self._bucket.create(name, content),
            lambda: self._replace_half(name, content),
        )

    def replace(self, name: str, content: bytes) -> None:
        self._written.add(name)
        self._call(
            "replace",
            name,
            lambda: self._bucket.replace(name, content),
            lambda: self._replace_half(name, content),
        )

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        self._written.add(name)
        self._call(
            "upload",
            name,
            lambda: self._bucket.upload(name, chunks, size=size),
            lambda: self._replace_half(name, b"".join(chunks())),
        )

    def copy(self, name: str, to: str) -> None:
        self._written.add(to)
        self._call("copy", name, lambda: self._bucket.copy(name, to))

    def list(self, folder: str) -> Iterator[Blob]:
        before = self.met.copy()
        found = self._call("list", folder, lambda: list(self._bucket.list(folder)))
        now = list(self.met - before)
        late = any(fault.kind is FaultKind.LATE_LISTING for fault in now)
        skew = sum((fault.skew for fault in now), timedelta())
        for blob in found:
            if not (late and blob.name in self._written):
                yield replace(blob, modified_at=blob.modified_at + skew)

    def remove(self, name: str) -> None:
        self._call("remove", name, lambda: self._bucket.remove(name))

    def _replace_half(self, name: str, content: bytes) -> None:
        self._bucket.replace(name, content[: len(content) // 2])

    def _next(self, operation: str, name: str) -> Fault | None:
        """Counts a call, and returns what is to go wrong with it."""
        with self._lock:
            self._calls[operation] += 1
            self._calls[operation, name] += 1
            for fault in self._faults:
                number = self._calls[(operation, name) if fault.per_name else operation]
                if fault.operation == operation and number in fault.calls:
                    self.met[fault] += 1
                    return fault
        return None

    def _call(
        self,
        operation: str,
        name: str,
        call: Callable[[], T],
        tear: Callable[[], None] | None = None,
    ) -> T:
        fault = self._next(operation, name)
        kind = fault.kind if fault is not None else None
        if kind is FaultKind.THROTTLED:
            raise StorageError(f"planned: {operation} was throttled")
        if kind is FaultKind.TORN_WRITE:
            assert tear is not None, f"{operation} writes nothing that could be torn"
            tear()
            raise StorageError(f"planned: {operation} was torn")
        result = call()
        if kind is FaultKind.LOST_RESPONSE:
            raise StorageError(f"planned: the answer to {operation} was lost")
        return result
