"""What every bucket can do, whoever keeps it: a narrow port, below any idea of what lies in it.

A bucket here is a folder in a bucket: names below it are relative, and segments are parted by '/'.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.storage import StorageUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What a listing tells of one name."""

    name: str
    size: int
    modified_at: datetime
    """By the storage's clock."""


Chunks = Callable[[], Iterable[bytes]]
"""Gives the same bytes anew for each attempt to send them."""


class Bucket(Protocol):
    """Names and their bytes. Threads may share it, and a forked process may go on using it.

    Besides what is said below, everything raises AccessDeniedError, which another attempt does not help
    against, StorageFullError, and StorageError, against which it may.
    """

    @property
    def url(self) -> StorageUrl: ...

    def read(self, name: str, start: int, end: int) -> bytes:
        """Returns the bytes from `start` to before `end`; fewer where there are no more.

        Raises FileNotFoundError.
        """
        ...

    def size(self, name: str) -> int | None:
        """Returns how many bytes a name has; None where there is none."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Writes bytes under a name that is free; tells whether it was.

        A storage that cannot make sure of that overwrites and says that the name was free.
        """
        ...

    def replace(self, name: str, content: bytes) -> None:
        """Writes bytes under a name, free or not."""
        ...

    def upload(self, name: str, chunks: Chunks, *, size: int) -> None:
        """Writes bytes that come piece by piece, `size` in all, in bounded memory.

        They appear under the name all at once, after the last; not at all if `chunks` raises.
        """
        ...

    def copy(self, name: str, to: str) -> None:
        """Writes a name's bytes under another name, without fetching them. Raises FileNotFoundError."""
        ...

    def list(self, folder: str) -> Iterator[Blob]:
        """Yields everything below a folder, in no order."""
        ...

    def remove(self, name: str) -> None:
        """Removes a name; nothing happens where there is none."""
        ...
