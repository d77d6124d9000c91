"""What was moved between two roots: the same content is gone at one path and new at another.

Whole datasets are paired first, then objects; of several candidates one with the same name, as git does for
exact renames (https://git-scm.com/docs/git-diff, -M). Every path is in one move at most. Empty objects are
never paired: their content says nothing.
"""

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lineageflow_core.model.diff import DatasetDiff, DiffEntry, DiffKind
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.compare import changed_datasets, changed_objects, diff_objects
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.root import RootTree, dataset_of, join, relative_to
from lineageflow_core.tree.source import NodeSource


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


def find_moves(nodes: NodeSource, left: str, right: str) -> Moves:
    """Returns what moved from one root to another. Costs what differs."""
    changed = list(changed_datasets(nodes, left, right))
    before, now = RootTree(nodes, left), RootTree(nodes, right)
    datasets = _pair(
        ((path, _identity(path, one)) for path, one, other in changed if one and not other and one.size),
        ((path, _identity(path, other)) for path, one, other in changed if other and not one),
    )
    datasets = {
        old: new for old, new in datasets.items() if not _is_there(now, old) and not _is_there(before, new)
    }
    whole = {*datasets, *datasets.values()}
    rest = [each for each in changed if each[0] not in whole]
    objects = _pair(
        _one_sided(nodes, rest, now, removed=True), _one_sided(nodes, rest, before, removed=False)
    )
    return Moves(
        datasets=datasets,
        objects=objects,
        datasets_back={new: old for old, new in datasets.items()},
        objects_back={new: old for old, new in objects.items()},
        count=len(objects) + sum(dataset.objects for dataset in map(before.dataset_at, datasets) if dataset),
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
            yield found
        else:
            yield replace(
                found, kind=DiffKind.MOVED, left=found.right, moved_from=old, added=0, size_change=0
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
    other_side: RootTree,
    *,
    removed: bool,
) -> Iterator[tuple[str, Hashable]]:
    """Yields the objects, not empty, that are on one side only, each with what makes it equal to another."""
    for dataset, left, right in datasets:
        if (left if removed else right) is None:
            continue
        crossed = (right if removed else left) is None and _is_there(other_side, dataset)
        for key, one, other in changed_objects(nodes, left, right):
            value = (one if other is None else None) if removed else (other if one is None else None)
            if value is None or not value.size:
                continue
            path = join(dataset, key)
            if not crossed or other_side.object_at(path) is None:
                yield path, (value.id, value.packed)


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
