"""A bucket that is asked again where it failed for the moment: throttled, out of order, the answer lost.

Pauses grow exponentially and are drawn evenly from nothing up to that ("full jitter",
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter), so that many clients that failed
together do not come back together. The cloud libraries retry too, most of them single requests; this is for
what is left, as the loss of the answer that ends an upload in parts.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from lineageflow_core.errors import ObjectMissingError, StorageError, StorageFullError
from lineageflow_core.model.storage import StorageUrl
from lineageflow_core.store.buckets import Blob, Bucket, Chunks

T = TypeVar("T")

ATTEMPTS = 5
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
"""Seconds."""


class RetryingBucket:
    """A `Bucket` over another. Everything it does may be done twice, so everything is tried again."""

    def __init__(self, bucket: Bucket, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` replaces the waiting, in tests."""
        self._bucket = bucket
        self._pause = pause

    @property
    def url(self) -> StorageUrl:
        return self._bucket.url

    def read(self, name: str, start: int, end: int) -> bytes:
        return self._again(lambda: self._bucket.read(name, start, end))

    def size(self, name: str) -> int | None:
        return self._again(lambda: self._bucket.size(name))

    def create(self, name: str, content: bytes) -> bool:
        """Tells that the name was taken also where only the answer to our own creation was lost."""
        return self._again(lambda: self._bucket.create(name, content))

    def replace(self, name: str, content: bytes) -> None:
        self._again(lambda: self._bucket.replace(name, content))

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        failed = False

        def send() -> None:
            nonlocal failed
            # What failed last time may only have been the answer.
            if not (failed and self._bucket.size(name) == size):
                failed = True
                self._bucket.upload(name, chunks, size=size)

        self._again(send)

    def copy(self, name: str, to: str) -> None:
        self._again(lambda: self._bucket.copy(name, to))

    def list(self, folder: str) -> Iterator[Blob]:
        yield from self._again(lambda: list(self._bucket.list(folder)))

    def remove(self, name: str) -> None:
        self._again(lambda: self._bucket.remove(name))

    def _again(self, call: Callable[[], T]) -> T:
        """Returns what `call` returns, called up to five times while it raises StorageError."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return call()
            except (StorageFullError, ObjectMissingError):
                raise
            except StorageError:
                if attempt == ATTEMPTS:
                    raise
                self._pause(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)))
        raise AssertionError("the last attempt returns or raises")
