"""Two roots compared, by dataset and by object. Costs what differs, not what there is."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from lineageflow_core.model.diff import DatasetDiff, DiffEntry, DiffKind
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.diff import diff
from lineageflow_core.tree.node import EMPTY, Value
from lineageflow_core.tree.read import extent, get, get_many
from lineageflow_core.tree.root import (
    RootTree,
    dataset_of,
    join,
    object_entry,
    partition_of,
    range_below,
    relative_to,
)
from lineageflow_core.tree.source import NodeBuffer, NodeSource
from lineageflow_core.tree.walk import new_below

_FEW_PATHS = 32
"""Up to so many, looking at each is cheaper than comparing all; found by trying."""

Changed: TypeAlias = Mapping[str, tuple[Value | None, Value | None]]
"""Datasets that differ, by path: what each was, and what it is."""


def changed_datasets(
    nodes: NodeSource, left: str, right: str, *, path: str = "", after: str = "", start: str = ""
) -> Iterator[tuple[str, Value | None, Value | None]]:
    """Yields datasets that differ and are, hold or lie below `path`, by path.

    From behind the dataset `after` on, or from `start` on.
    """
    roots = bytes.fromhex(left), bytes.fromhex(right)
    homes = [RootTree(nodes, root).dataset_at(path) for root in (left, right)] if path else []
    for found in sorted({home.path for home in homes if home is not None}):
        one, other = (get(nodes, root, found) for root in roots)
        if one != other and found > after and found >= start:
            yield found, one, other
    begin, stop = range_below(path, max(after, start))
    for key, value_left, value_right in diff(nodes, *roots, start=begin, stop=stop):
        if key != after:
            yield key, value_left, value_right


def changed_around(nodes: NodeSource, left: str, right: str, paths: Sequence[str]) -> Changed:
    """Returns the datasets that differ and are, hold or lie below one of `paths`, or lie where one did.

    So whatever is left out has nothing to do with any of them; with many paths, nothing is left out. Costs
    the paths or what differs, whichever can be told beforehand to be less.
    """
    if len(paths) > _FEW_PATHS:
        return {path: (one, other) for path, one, other in changed_datasets(nodes, left, right)}
    roots = bytes.fromhex(left), bytes.fromhex(right)
    at = sorted({*paths, *(folder for path in paths for folder in parents_of(path))})
    before, after = (get_many(nodes, root, at) for root in roots)
    found = {path: (was, now) for path, was, now in zip(at, before, after, strict=True) if was != now}
    for top in outermost([*paths, *found]):
        start, stop = range_below(top)
        found |= {path: (was, now) for path, was, now in diff(nodes, *roots, start=start, stop=stop)}
    return found


def outermost(paths: Iterable[str]) -> list[str]:
    """Returns the paths that lie in no other one, in order."""
    known = set(paths)
    return [path for path in sorted(known) if not known.intersection(parents_of(path))]


def changed_objects(
    nodes: NodeSource, left: Value | None, right: Value | None, *, key: str = "", start: str = ""
) -> Iterator[tuple[str, Value | None, Value | None]]:
    """Yields the objects that differ between two states of one dataset, by path inside it.

    Only those at or below `key`, and from `start` on.
    """
    stop = range_below(key)[1]
    roots = (left.id if left else EMPTY, right.id if right else EMPTY)
    for change in diff(nodes, *roots, start=max(key, start), stop=stop):
        if is_under(change.key, key):  # 'a-b' sorts between 'a' and 'a/b'
            yield change


def new_nodes(buffer: NodeBuffer, before: str, after: str) -> dict[bytes, bytes]:
    """Returns the stored forms by id of what the root `after` needs and `before`, which is stored, lacks."""
    trees = [value.id for _, _, value in changed_datasets(buffer, before, after) if value is not None]
    return new_below(buffer, [bytes.fromhex(after), *trees])


def diff_objects(
    nodes: NodeSource,
    left: str,
    right: str,
    *,
    path: str = "",
    after: str = "",
    untold: Container[str] = frozenset(),
) -> Iterator[DiffEntry]:
    """Yields the objects at or below `path` that differ, by dataset and path, from behind `after` on.

    Each is told in the dataset that it belongs to on the right, if it is there. That what is `untold` (whole
    datasets, and objects) is gone on the right is left out.
    """
    before, now = RootTree(nodes, left), RootTree(nodes, right)
    home = (now if now.object_at(after) else before).dataset_at(after) if after else None
    start = home.path if home else after
    for dataset, value_left, value_right in changed_datasets(nodes, left, right, path=path, start=start):
        if value_right is None and dataset in untold:
            continue
        came_from = before if value_left is None and _has_objects(before, dataset) else None
        went_to = now if value_right is None and _has_objects(now, dataset) else None
        inside = relative_to(path, dataset) if is_under(path, dataset) else ""
        behind = relative_to(after, dataset) if is_under(after, dataset) else ""
        for key, one, other in changed_objects(nodes, value_left, value_right, key=inside, start=behind):
            full = join(dataset, key)
            if dataset == start and full <= after:
                continue
            if other is None and full in untold:
                continue
            if went_to is not None and went_to.object_at(full) is not None:
                continue
            was = object_entry(full, one) if one else came_from.object_at(full) if came_from else None
            is_now = object_entry(full, other) if other else None
            if was != is_now:
                yield DiffEntry(path=full, kind=_kind(was, is_now), left=was, right=is_now)


def diff_datasets(
    nodes: NodeSource, left: str, right: str, *, path: str = "", after: str = ""
) -> Iterator[DatasetDiff]:
    """Yields the datasets that differ, by path, from behind `after` on."""
    for dataset, value_left, value_right in changed_datasets(nodes, left, right, path=path, after=after):
        counts = dict.fromkeys(DiffKind, 0)
        depth = max(
            dataset_of(dataset, value).partition_depth for value in (value_left, value_right) if value
        )
        partitions: dict[str, None] = {}
        for key, one, other in changed_objects(nodes, value_left, value_right):
            counts[_kind(one, other)] += 1
            if depth:
                partitions[partition_of(key, depth)] = None
        yield DatasetDiff(
            path=dataset,
            kind=_kind(value_left, value_right),
            left=SnapshotId(value_left.id.hex()) if value_left else None,
            right=SnapshotId(value_right.id.hex()) if value_right else None,
            added=counts[DiffKind.ADDED],
            removed=counts[DiffKind.REMOVED],
            changed=counts[DiffKind.CHANGED],
            size_change=(value_right.size if value_right else 0) - (value_left.size if value_left else 0),
            partitions=tuple(partitions),
        )


def changed_among(nodes: NodeSource, left: str, right: str, paths: Set[str]) -> set[str]:
    """Returns those of these paths at or below which something differs, or whose dataset was drawn anew.

    Of a dataset, costs the objects that differ or the number of paths, whichever is less.
    """
    found: set[str] = set()
    for dataset, one, other in changed_datasets(nodes, left, right):
        found |= paths & {dataset, *parents_of(dataset)}
        changed = [key for key, _, _ in islice(changed_objects(nodes, one, other), len(paths))]
        if len(changed) < len(paths):
            for key in changed:
                place = join(dataset, key)
                found |= paths & {place, *parents_of(place)}
        else:
            inside = {path: relative_to(path, dataset) for path in paths if is_under(path, dataset)}
            found |= {path for path, key in inside.items() if _differ_inside(nodes, one, other, key)}
    return found


def _differ_inside(nodes: NodeSource, one: Value | None, other: Value | None, key: str) -> bool:
    """Tells whether an object or folder differs between two states of its dataset."""
    roots = [value.id if value else EMPTY for value in (one, other)]
    was, now = (get(nodes, root, key) for root in roots)
    if was is not None or now is not None:
        return was != now
    start, stop = range_below(key)
    return next(diff(nodes, *roots, start=start, stop=stop), None) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much differs from left to right."""

    datasets: int
    added: int
    """Objects, as are those below."""
    removed: int
    changed: int
    size_change: int
    """Bytes."""


def count_changes(nodes: NodeSource, left: str, right: str) -> Counts:
    """Returns how much differs. What is only on one side is not read, but for how large it is."""
    before, now = RootTree(nodes, left), RootTree(nodes, right)
    counts: Counter[DiffKind] = Counter()
    datasets = 0
    gone: list[str] = []
    new: list[str] = []
    for dataset, one, other in changed_datasets(nodes, left, right):
        datasets += 1
        if one is not None and other is not None:
            for _, value_left, value_right in changed_objects(nodes, one, other):
                counts[_kind(value_left, value_right)] += 1
        else:
            only = one or other
            assert only is not None  # it differs, so it is somewhere
            (new if one is None else gone).append(dataset)
            counts[_kind(one, other)] += dataset_of(dataset, only).objects
    few, tree = (gone, now) if len(gone) < len(new) else (new, before)
    if any(_has_objects(tree, dataset) for dataset in few):
        # Objects are in another dataset than before, and only some of them differ.
        counts = Counter(entry.kind for entry in diff_objects(nodes, left, right))
    return Counts(
        datasets=datasets,
        added=counts[DiffKind.ADDED],
        removed=counts[DiffKind.REMOVED],
        changed=counts[DiffKind.CHANGED],
        size_change=extent(nodes, now.root).size - extent(nodes, before.root).size,
    )


def _has_objects(tree: RootTree, path: str) -> bool:
    return next(tree.objects(path), None) is not None


def _kind(left: object | None, right: object | None) -> DiffKind:
    if left is None:
        return DiffKind.ADDED
    return DiffKind.REMOVED if right is None else DiffKind.CHANGED
