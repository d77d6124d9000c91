"""Differences between two commits, by object and by dataset."""

from dataclasses import dataclass
from enum import StrEnum

from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.objects import ObjectEntry


class DiffKind(StrEnum):
    """How something differs from left to right."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The same content is gone from another path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffEntry:
    """One object that differs."""

    path: str
    kind: DiffKind
    left: ObjectEntry | None
    """Of what moved: the object where it was."""
    right: ObjectEntry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDiff:
    """One dataset that differs, with how many of its objects do."""

    path: str
    kind: DiffKind
    left: SnapshotId | None
    right: SnapshotId | None
    added: int
    removed: int
    changed: int
    size_change: int
    """Bytes on the right less bytes on the left."""
    partitions: tuple[str, ...] = ()
    """The partitions that differ, where the dataset has partitions."""
    moved: int = 0
    """Objects that came here from another path, in whatever dataset: not added here, nor removed there."""
    moved_from: str | None = None
    """Where a dataset was that moved whole."""
