"""What a merge would do, and what stands in its way."""

from dataclasses import dataclass
from enum import StrEnum

from lineageflow_core.model.ids import CommitId


class ConflictKind(StrEnum):
    """Why both sides cannot be had."""

    OBJECT = "object"
    """Both changed the object at this path, differently."""
    UNIT = "unit"
    """One side wrote this dataset or partition as one thing, and the other changed it too."""
    PATH = "path"
    """The path would be an object and a folder at once."""


class Side(StrEnum):
    """A side of a merge to take an item from."""

    OURS = "ours"
    """The branch merged into."""
    THEIRS = "theirs"
    """The ref merged from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One item that a person (or policy) must decide. Ids are of objects or of snapshots, by kind."""

    path: str
    kind: ConflictKind
    base: str | None
    """Content where the two sides parted; None where nothing was there."""
    ours: str | None
    theirs: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """What merging `source` into `into` would do now. Nothing has happened yet."""

    source: CommitId
    into: CommitId
    base: CommitId | None
    """Where the two histories parted."""
    up_to_date: bool
    """Nothing to merge: `into` has all of `source`."""
    datasets: tuple[str, ...]
    """Datasets that would differ on the branch afterwards."""
    conflicts: tuple[Conflict, ...]
