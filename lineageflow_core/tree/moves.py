"""What was moved between two roots: the same content is gone at one path and new at another.

Whole datasets are paired first, then objects; of several candidates one with the same name, as git does for
exact renames (https://git-scm.com/docs/git-diff, -M). Every path is in one move at most. Empty objects are
never paired: their content says nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lineageflow_core.model.diff import DatasetDiff, DiffEntry, DiffKind
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.compare import changed_datasets, changed_objects, diff_objects
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.root import RootTree, dataset_of, join, relative_to
from lineageflow_core.tree.source import NodeSource

MOST_PAIRED = 50_000
"""Objects that differ and are looked at for moves: of more, it is told that they were added and removed."""

_Objects = dict[str, tuple[str, Hashable]]
"""Objects by path: the dataset that each is in, and what makes it equal to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Where things went, each way."""

    datasets: Mapping[str, str] = field(default_factory=dict)
    """The new path of a dataset that moved whole, by its old one."""
    objects: Mapping[str, str] = field(default_factory=dict)
    """The new path of any other object, by its old one."""
    datasets_back: Mapping[str, str] = field(default_factory=dict)
    objects_back: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    """How many objects moved, those of datasets among them."""
    came: Mapping[str, int] = field(default_factory=dict)
    """How many of `objects` came into a dataset, by its path on the right."""
    left: Mapping[str, int] = field(default_factory=dict)
    """How many of `objects` went from a dataset, by its path on the left."""

    def source(self, path: str) -> str | None:
        """Returns where the object at `path` was, if it moved."""
        found = self.objects_back.get(path)
        if found is not None or not self.datasets_back:
            return found
        folders = (folder for folder in (path, *parents_of(path)) if folder in self.datasets_back)
        home = next(folders, None)
        return join(self.datasets_back[home], relative_to(path, home)) if home is not None else None

    def at(self, path: str) -> Iterator[tuple[str, str]]:
        """Yields the moves that have one end at or below `path`: that end, and the other."""
        for there in (self.datasets, self.datasets_back, self.objects, self.objects_back):
            yield from ((one, other) for one, other in there.items() if is_under(one, path))


def find_moves(nodes: NodeSource, left: str, right: str, *, path: str = "", most: float = math.inf) -> Moves:
    """Returns what moved from one root to another, inside a folder or dataset.

    Costs what differs there. Where more than `most` objects do, only whole datasets are paired.
    """
    changed = list(changed_datasets(nodes, left, right, path=path))
    before, now = RootTree(nodes, left), RootTree(nodes, right)
    datasets = _pair(
        ((path, _identity(path, one)) for path, one, other in changed if one and not other and one.size),
        ((path, _identity(path, other)) for path, one, other in changed if other and not one),
    )
    datasets = {
        old: new
        for old, new in datasets.items()
        if not _is_there(now, old)
        and not _is_there(before, new)
        and is_under(old, path)
        and is_under(new, path)
    }
    whole = {*datasets, *datasets.values()}
    rest = [each for each in changed if each[0] not in whole]
    gone, new = _one_sided(nodes, rest, before, now, path=path, most=most)
    objects = _pair(
        ((place, content) for place, (_, content) in gone.items()),
        ((place, content) for place, (_, content) in new.items()),
    )
    return Moves(
        datasets=datasets,
        objects=objects,
        datasets_back={new: old for old, new in datasets.items()},
        objects_back={new: old for old, new in objects.items()},
        count=len(objects) + sum(dataset.objects for dataset in map(before.dataset_at, datasets) if dataset),
        came=Counter(new[place][0] for place in objects.values()),
        left=Counter(gone[place][0] for place in objects),
    )


def diff_with_moves(
    nodes: NodeSource, left: str, right: str, moves: Moves, *, path: str = "", after: str = ""
) -> Iterator[DiffEntry]:
    """Yields what `diff_objects` does, a move with both its ends at or below `path` as one.

    It stands at its new path.
    """
    before = RootTree(nodes, left)
    told_elsewhere = _Ends((moves.datasets, moves.objects), path)
    for entry in diff_objects(nodes, left, right, path=path, after=after, untold=told_elsewhere):
        old = moves.source(entry.path) if entry.kind is DiffKind.ADDED else None
        if old is None or not is_under(old, path):
            yield entry
        else:
            yield replace(entry, kind=DiffKind.MOVED, left=before.object_at(old))


def datasets_with_moves(
    moves: Moves, datasets: Iterable[DatasetDiff], *, path: str = ""
) -> Iterator[DatasetDiff]:
    """Yields the datasets that differ at or below `path`, one that moved whole inside it as one."""
    for found in datasets:
        new = moves.datasets.get(found.path)
        if new is not None and is_under(new, path):
            continue
        old = moves.datasets_back.get(found.path)
        if old is None or not is_under(old, path):
            came, left = moves.came.get(found.path, 0), moves.left.get(found.path, 0)
            yield replace(found, added=found.added - came, removed=found.removed - left, moved=came)
        else:
            yield replace(
                found,
                kind=DiffKind.MOVED,
                left=found.right,
                moved_from=old,
                added=0,
                moved=found.added,
                size_change=0,
            )


class _Ends(Container[str]):
    """The paths that some moves lead away from, to somewhere at or below a folder."""

    def __init__(self, moves: Iterable[Mapping[str, str]], folder: str) -> None:
        self._moves = tuple(moves)
        self._folder = folder

    def __contains__(self, path: object) -> bool:
        found = (moves.get(str(path)) for moves in self._moves)
        return any(new is not None and is_under(new, self._folder) for new in found)


def _identity(path: str, value: Value) -> Hashable:
    return value.id, dataset_of(path, value).partition_depth


def _is_there(tree: RootTree, path: str) -> bool:
    return next(tree.objects(path), None) is not None


def _one_sided(
    nodes: NodeSource,
    datasets: Iterable[tuple[str, Value | None, Value | None]],
    before: RootTree,
    now: RootTree,
    *,
    path: str,
    most: float,
) -> tuple[_Objects, _Objects]:
    """Returns the objects, not empty, that are only on the left, and only on the right.

    None at all where more than `most` objects differ.
    """
    gone: _Objects = {}
    new: _Objects = {}
    walked = 0
    for dataset, left, right in datasets:
        went = right is None and _is_there(now, dataset)
        was = left is None and _is_there(before, dataset)
        inside = relative_to(path, dataset) if is_under(path, dataset) else ""
        for key, one, other in changed_objects(nodes, left, right, key=inside):
            walked += 1
            if walked > most:
                return {}, {}
            place = join(dataset, key)
            value = one if other is None else other if one is None else None
            if value is None or not value.size:
                continue
            found, is_redrawn, there = (gone, went, now) if other is None else (new, was, before)
            if not is_redrawn or there.object_at(place) is None:
                found[place] = dataset, (value.id, value.packed)
    return gone, new


def _pair(old: Iterable[tuple[str, Hashable]], new: Iterable[tuple[str, Hashable]]) -> dict[str, str]:
    """Returns the new path by the old one, of paths that are equal, each in one pair at most."""
    by_content: dict[Hashable, dict[str, None]] = defaultdict(dict)
    by_name: dict[tuple[Hashable, str], dict[str, None]] = defaultdict(dict)
    for path, content in old:
        by_content[content][path] = None
        by_name[content, _name(path)][path] = None
    pairs: dict[str, str] = {}
    left_over: list[tuple[str, Hashable]] = []
    if not by_content:
        return pairs
    for path, content in new:
        if content not in by_content:
            continue
        namesakes = by_name.get((content, _name(path)))
        if namesakes:
            found = next(iter(namesakes))
            del namesakes[found], by_content[content][found]
            pairs[found] = path
        else:
            left_over.append((path, content))
    for path, content in left_over:
        if candidates := by_content[content]:
            found = next(iter(candidates))
            del candidates[found]
            pairs[found] = path
    return pairs


def _name(path: str) -> str:
    return path.rpartition("/")[2]
