"""Buckets and folders of others, which are listed and read, and never written: a narrow port.

A listing never has everything in memory and can go on behind any name. Every read is of one version: an
implementation asks the storage for exactly that where it can (If-Match on S3 and Azure, the generation on
Google Cloud Storage), and else looks before and after. So nobody gets bytes of two versions, or of another
one than was listed.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from lineageflow_core.errors import ChangedUnderneathError
from lineageflow_core.model.storage import StorageUrl


class Found(NamedTuple):
    """What a listing tells of one object. A tuple, because they are made by the million."""

    name: str
    """Below the source; '' where the source itself is the object."""
    size: int
    version: str
    """As in `model.transfer.Reference`; '' where it is no object at all, but a link or a pipe."""


class OfSource:
    """Marks readers of bytes that are kept elsewhere: their object's id is not the bytes' digest."""


def is_of_source(file: BinaryIO) -> bool:
    """Tells whether a reader's bytes are kept elsewhere."""
    return isinstance(getattr(file, "raw", file), OfSource)


class Source(Protocol):
    """What lies below a URL. Threads may share it, and a forked process may go on using it.

    Everything raises AccessDeniedError and StorageError.
    """

    @property
    def url(self) -> StorageUrl: ...

    def pages(self, *, after: str = "") -> Iterator[list[Found]]:
        """Yields all objects behind the name `after`, ascending by code point, some at a time."""
        ...

    def find(self, name: str) -> Found | None:
        """Returns what has a name now."""
        ...

    def open(self, found: Found) -> BinaryIO:
        """Opens exactly this version, seekable. This, or a read, raises ChangedUnderneathError."""
        ...


def changed_underneath(url: str, expected: Found, found: Found | None) -> ChangedUnderneathError:
    """Returns the error for an object that is no longer what was imported."""
    return ChangedUnderneathError(
        f"{url} was changed after it was imported: {describe(expected)} was expected, and "
        f"{describe(found)} is there; `lineageflow import` again takes what is there now as a new "
        "version, and `import --copy` would have kept the bytes",
        url=url,
        expected=describe(expected),
        found=describe(found),
    )


def describe(found: Found | None) -> str:
    """Returns a version for people."""
    return f"{found.size} bytes, {found.version}" if found is not None else "nothing"
