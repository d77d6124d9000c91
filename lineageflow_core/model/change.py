"""Changes: what a writer asks to be different in the next commit."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as with_fields
from enum import StrEnum

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import check_path
from lineageflow_core.model.objects import ObjectEntry

_TOO_LARGE = 1 << 63
"""What databases and file systems count with has 63 bits."""


class ChangeKind(StrEnum):
    """What a change does at its path."""

    PUT = "put"
    """Adds objects, or gives them new content; leaves the rest."""
    DELETE = "delete"
    """Removes everything at and below the path."""
    REPLACE = "replace"
    """Writes a dataset or partition as one thing: what was at and below the path is gone."""
    MOVE = "move"
    """Gives an object, dataset, partition or folder another path; its content stays what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `put`, `delete`, `replace` and `move` below make them."""

    kind: ChangeKind
    path: str
    dataset: str | None = None
    """The dataset that the path belongs to, where the path alone does not say: a partition names its
    dataset, and a loose file may join one."""
    objects: tuple[ObjectEntry, ...] = ()
    """Their paths are relative to `path`."""
    target: str | None = None
    """The path that a move leads to."""


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


def paths_of(changes: Iterable[Change]) -> list[str]:
    """Returns the paths that changes touch: of each object, and where things go as a whole, of that."""
    found: list[str] = []
    for change in changes:
        if change.kind is not ChangeKind.PUT:
            found.append(change.path)
        if change.target is not None:
            found.append(change.target)
        found += ["/".join(filter(None, (change.path, entry.path))) for entry in change.objects]
    return found


def move(path: str, target: str, *, dataset: str | None = None) -> Change:
    """Returns a change that moves what is at `path` to `target`, where nothing may be.

    What leaves its dataset joins the one that `target` lies in, else becomes one: `dataset`, or `target`.
    """
    return Change(kind=ChangeKind.MOVE, path=path, target=target, dataset=dataset)


def check_change(change: Change) -> Change:
    """Returns `change` with its paths in Unicode NFC, as `check_path` does.

    Raises InvalidInputError if a path cannot be one, or if two objects have the same.
    """
    path = check_path(change.path)
    if (change.target is not None) != (change.kind is ChangeKind.MOVE):
        raise InvalidInputError(f"a move has a target, and nothing else has: change {path!r} accordingly")
    target = check_path(change.target) if change.target is not None else None
    objects = tuple(_check_entry(entry, path) for entry in change.objects)
    counts = Counter(entry.path for entry in objects)
    if len(counts) < len(objects):
        twice = "/".join(filter(None, (path, counts.most_common(1)[0][0])))
        raise InvalidInputError(
            f"two objects of the change to {path!r} have one path, {twice!r} (names that are the same in "
            "Unicode NFC are one); give each its own",
            path=twice,
        )
    dataset = check_path(change.dataset) if change.dataset is not None else None
    return with_fields(change, path=path, dataset=dataset, objects=objects, target=target)


def _check_entry(entry: ObjectEntry, folder: str) -> ObjectEntry:
    if not 0 <= entry.size < _TOO_LARGE:
        raise InvalidInputError(f"no object has {entry.size} bytes; pass on what the upload returned")
    if not entry.path:
        return entry
    path = check_path(f"{folder}/{entry.path}")[len(folder) + 1 :]
    return entry if path == entry.path else with_fields(entry, path=path)
