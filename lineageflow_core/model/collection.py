"""Collection: what nothing needs any more goes to the trash, and from there for good."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ContentKind(StrEnum):
    """What bytes in the storage are."""

    OBJECT = "object"
    PACK = "pack"
    """Tree nodes and commits of one publication."""


class CollectedState(StrEnum):
    """How far a thing is on its way out."""

    LEAVING = "leaving"
    """A collection found it dead, and moves it into the trash."""
    TRASHED = "trashed"
    PURGED = "purged"
    """It is gone, or will be in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """An object or a pack that a collection took."""

    kind: ContentKind
    id: str
    state: CollectedState
    size: int
    collection: int
    """The number of the collection."""
    reason: str
    """Why it was dead: the retention rule, or that nothing named it any more."""
    at: datetime | None = None
    """Since when it is in the trash, by the storage's clock; None: it was never confirmed to be there."""
    dataset: str | None = None
    """One that it belonged to, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedGroup:
    """What goes of one dataset for one reason."""

    dataset: str | None
    """None: it belonged to no version that can be named."""
    reason: str
    kind: ContentKind
    count: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What a collection did, or would do."""

    collection: int | None
    """Its number; None: it was only planned."""
    trashed: tuple[CollectedGroup, ...]
    """What goes to the trash."""
    purged: tuple[CollectedGroup, ...] = ()
    """What was in the trash for long enough, and is deleted."""
    recalled: int = 0
    """Things in the trash that are needed, and were brought back."""
    kept: int = 0
    """Objects that something needs."""
    kept_size: int = 0
    """Bytes of those."""
    young: int = 0
    """Objects that nothing needs, and that are too young to go."""
    repacked: int = 0
    """Packs that were mostly dead: what is live in them was written into others, and they go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashEntry:
    """One object or pack in the trash."""

    kind: ContentKind
    id: str
    size: int
    reason: str
    dataset: str | None
    collection: int
    at: datetime | None
    """Since when."""
    until: datetime | None
    """When a collection may purge it, if nothing needs it until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back out of the trash."""

    count: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why something is kept, or why it goes."""

    what: str
    """An object, a snapshot or a commit, as it was found."""
    kept: bool
    reasons: tuple[str, ...]
    """Every reason why it is kept; else why it goes, or where it went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many bytes a repository takes, and how many it would take if nothing were shared. All in bytes."""

    objects: int
    """Number of objects that are stored."""
    stored: int
    """Of objects, without the trash."""
    packs: int
    """Of the packs: trees and commits, compressed."""
    trash: int
    tips: int
    """If each branch and tag had a copy of its own of what is at its tip."""
    history: int
    """If each commit had a copy of its own of what it changed: nothing shared, but for what it left alone."""
    saved: int
    """What deduplication saves of `history`."""
