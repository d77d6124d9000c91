"""Changes: what a writer asks to be different in the next commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lineageflow_core.model.objects import ObjectEntry


class ChangeKind(StrEnum):
    """What a change does at its path."""

    PUT = "put"
    """Adds objects, or gives them new content; leaves the rest."""
    DELETE = "delete"
    """Removes everything at and below the path."""
    REPLACE = "replace"
    """Writes a dataset or partition as one thing: what was at and below the path is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `put`, `delete` and `replace` below make them."""

    kind: ChangeKind
    path: str
    dataset: str | None = None
    """The dataset that the path belongs to, where the path alone does not say: a partition names its
    dataset, and a loose file may join one."""
    objects: tuple[ObjectEntry, ...] = ()
    """Their paths are relative to `path`."""


def put(path: str, objects: Iterable[ObjectEntry], *, dataset: str | None = None) -> Change:
    """Returns a change that adds or edits `objects` below `path` (or at it, where their path is '')."""
    return Change(kind=ChangeKind.PUT, path=path, dataset=dataset, objects=tuple(objects))


def delete(path: str) -> Change:
    """Returns a change that removes the object, dataset, partition or folder at `path`."""
    return Change(kind=ChangeKind.DELETE, path=path)


def replace(path: str, objects: Iterable[ObjectEntry], *, dataset: str | None = None) -> Change:
    """Returns a change that writes the dataset at `path` as one thing.

    With `dataset`, `path` is a partition of that dataset, and only the partition is replaced.
    """
    return Change(kind=ChangeKind.REPLACE, path=path, dataset=dataset, objects=tuple(objects))
