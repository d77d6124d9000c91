"""The immutable bytes of one repository: objects and packs, and the trash that they leave through."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, runtime_checkable

from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import StorageReport


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that is durable."""

    object_id: ObjectId
    size: int


class PackPart(NamedTuple):
    """Some bytes of a pack."""

    pack_id: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """An object or a pack, as a listing tells of it."""

    kind: ContentKind
    id: str
    size: int
    modified_at: datetime
    """By the storage's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashedContent:
    """An object or a pack in the trash."""

    kind: ContentKind
    id: str
    size: int
    collection: int
    """The number of the collection that took it."""


class Trash(Protocol):
    """Taking objects and packs out of use, and back.

    What is in the trash is there for all who ask the content store for it: it finds it, and brings it back.
    Every call may be repeated, and a process may die in any of them: a thing is then in one place or in both.
    """

    def now(self) -> datetime:
        """Returns the time by the clock that `StoredContent.modified_at` is told by."""
        ...

    def list_stored(self, kind: ContentKind) -> Iterator[StoredContent]:
        """Yields what is stored and not in the trash, in no order; maybe not what is written meanwhile."""
        ...

    def discard(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        """Moves things into the trash of a collection. Nothing happens to those that are not stored."""
        ...

    def list(self) -> Iterator[TrashedContent]:
        """Yields what is in the trash, in no order."""
        ...

    def recall(self, kind: ContentKind, ids: Iterable[str]) -> set[str]:
        """Brings things back out of the trash of any collection; returns those that are stored now."""
        ...

    def purge(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        """Deletes things for good from the trash of one collection, and from nowhere else."""
        ...

    def erase(self) -> None:
        """Deletes everything for good, in the trash or not: for a repository that is to be no more."""
        ...


class ContentStore(Protocol):
    """Immutable bytes of one repository."""

    @property
    def trash(self) -> Trash: ...

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        """Stores each source under its digest; all are durable on return, in the order given.

        `progress` is told how many more bytes are done, by any thread: in all as many as the sources have.

        Raises StorageFullError or StorageError, leaving at most unreferenced bytes behind.
        """
        ...

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        """Opens an object for reading, seekable, verified. Raises ObjectMissingError, IntegrityError."""
        ...

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        """Returns those that are not stored."""
        ...

    def write_pack(self, pack_id: str, content: bytes) -> None:
        """Stores a pack: the nodes and commits of one publication, as one file."""
        ...

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        """Returns part of a pack, unverified. Raises ObjectMissingError."""
        ...

    def read_packs(self, parts: Sequence[PackPart]) -> list[bytes]:
        """Returns parts of packs in the order given, as `read_pack` does, with as few requests as it can."""
        ...

    def list_packs(self) -> Iterable[str]:
        """Returns every pack's id, so that the rows about history can be rebuilt from the content alone."""
        ...

    def check(self) -> StorageReport:
        """Tries out what the storage lets us do, and tells. Raises nothing about it."""
        ...


@runtime_checkable
class KeptAsFiles(Protocol):
    """A ContentStore whose objects are files of this machine: programs that read files need no copies."""

    def object_file(self, object_id: ObjectId) -> Path:
        """Returns an object's file, which nobody may change, unverified. Raises ObjectMissingError."""
        ...
