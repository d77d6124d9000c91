"""What a commit holds: objects, and the datasets that they belong to."""

from dataclasses import dataclass, field
from enum import StrEnum

from lineageflow_core.model.ids import ObjectId, SnapshotId


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry:
    """A path and its content. Bytes are immutable and stored once per content."""

    path: str
    """In a commit: the whole path. In a change: relative to the change's path ('' is that path itself)."""
    object_id: ObjectId
    size: int
    """Length in bytes."""
    media_type: str | None = None
    """As in RFC 6838, where it is not what the file's ending says."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Facts that travel with the content and count as part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A named path that is written and read as one thing, as it is at one commit."""

    path: str
    snapshot: SnapshotId
    objects: int
    """How many objects it holds."""
    size: int
    """Their bytes, added up."""
    partition_depth: int = 0
    """How many leading path segments name a partition; 0 where the dataset has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The exact content of a dataset, or of one partition of it."""

    dataset: str
    partition: str
    """The partition's path inside the dataset; '' is the whole dataset."""
    snapshot: SnapshotId
    objects: int
    size: int
    """Bytes."""


class ItemKind(StrEnum):
    """What stands at a path."""

    FOLDER = "folder"
    DATASET = "dataset"
    OBJECT = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a folder's listing."""

    path: str
    kind: ItemKind
    objects: int
    """How many objects are at or below the path."""
    size: int
    """Their bytes."""
    dataset: str | None = None
    """The dataset that the path belongs to; None for a folder above datasets."""
    object_id: ObjectId | None = None
    """Set where the path itself is an object (a single-file dataset is one, too)."""
    snapshot: SnapshotId | None = None
    """Set where the path is a dataset."""
