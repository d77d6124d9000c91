"""Three-way merge of roots.

What only one side changed since the base is taken; what both changed alike is one change. Beyond paths, it
knows what was written as one thing: where a side *replaced* a dataset or partition, any other change below
it on the other side conflicts, even if no single path does. A path-wise union would silently double rows.

Properties: merging disjoint changes equals applying both, in any order; ours and theirs swapped give the
same root; a conflict never yields a root.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blake3 import blake3

from lineageflow_core.model.merge import Conflict, ConflictKind, Side
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import changed_datasets, changed_objects
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.root import RootTree, dataset_of, join, object_value
from lineageflow_core.tree.source import NodeBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInput:
    """The three roots, and what each side replaced since the base."""

    base: str
    ours: str
    theirs: str
    ours_replaced: frozenset[str] = frozenset()
    theirs_replaced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a merge: a root, or the conflicts that are in its way."""

    root: str | None
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class _State:
    """What one side has at a path that it changed."""

    value: Value | None
    dataset: str
    partition_depth: int


_States = dict[str, _State]
_Changed = Mapping[str, tuple[Value | None, Value | None]]
"""Datasets that one side changed: before and after."""


def merge_roots(nodes: NodeBuffer, sides: MergeInput, picks: Mapping[str, Side]) -> Merged:
    """Merges `theirs` into `ours`. `picks` decides conflicts, by their path."""
    merge = _Merge(nodes, sides, picks)
    return merge.run()


def virtual_base(nodes: NodeBuffer, sides: MergeInput) -> str:
    """Merges two bases of a criss-cross history into one, where conflicts become content of their own.

    So the outer merge sees that both its sides differ from the base there, as with git's recursive
    strategy (https://git-scm.com/docs/merge-strategies).
    """
    merged = merge_roots(nodes, sides, {})
    if merged.root is not None:
        return merged.root
    marked = [conflict.path for conflict in merged.conflicts]
    kept = merge_roots(nodes, sides, dict.fromkeys(marked, Side.OURS)).root
    assert kept is not None  # every conflict was decided
    tree, edit = RootTree(nodes, kept), RootEdit(nodes, kept)
    for path in marked:
        for home, entry in tree.objects_in_datasets(path):
            marker = Value(blake3(f"conflict {entry.object_id}".encode()).digest(), 0, None)
            edit.place(entry.path, marker, dataset=home.path, partition_depth=home.partition_depth)
    return edit.finish()


class _Merge:
    def __init__(self, nodes: NodeBuffer, sides: MergeInput, picks: Mapping[str, Side]) -> None:
        self._nodes = nodes
        self._sides = sides
        self._picks = picks
        self._edit = RootEdit(nodes, sides.ours)
        self._conflicts: list[Conflict] = []
        self._trees = {
            name: RootTree(nodes, root)
            for name, root in (("base", sides.base), ("ours", sides.ours), ("theirs", sides.theirs))
        }

    def run(self) -> Merged:
        sides = self._sides
        ours = {path: (one, two) for path, one, two in changed_datasets(self._nodes, sides.base, sides.ours)}
        theirs = {
            path: (one, two) for path, one, two in changed_datasets(self._nodes, sides.base, sides.theirs)
        }
        for group in _group([*ours, *theirs]):
            group_ours = {path: ours[path] for path in group if path in ours}
            group_theirs = {path: theirs[path] for path in group if path in theirs}
            if not group_theirs or group_ours == group_theirs:
                continue
            if not group_ours:
                for path, (_, value) in group_theirs.items():
                    self._edit.take(path, value)
            else:
                replaced, recut = self._replaced_around(group[0]), _cut_differently(group_ours, group_theirs)
                units = _outermost([*replaced, *recut])
                self._merge_objects(self._states(group_ours), self._states(group_theirs), units)
        if self._conflicts:
            return Merged(root=None, conflicts=tuple(sorted(self._conflicts, key=lambda found: found.path)))
        return Merged(root=self._edit.finish(), conflicts=())

    def _states(self, datasets: _Changed) -> _States:
        """Returns what one side has at every path that it changed in these datasets."""
        gone: _States = {}
        there: _States = {}
        for dataset, (before, after) in datasets.items():
            depth = dataset_of(dataset, after).partition_depth if after else 0
            for key, _, value in changed_objects(self._nodes, before, after):
                path = join(dataset, key)
                (gone if value is None else there)[path] = _State(value, dataset, depth)
        return gone | there  # an object that only changed its dataset is still there

    def _replaced_around(self, top: str) -> Iterator[str]:
        for unit in self._sides.ours_replaced | self._sides.theirs_replaced:
            if is_under(unit, top) or is_under(top, unit):
                yield unit

    def _merge_objects(self, ours: _States, theirs: _States, units: Iterable[str]) -> None:
        for unit in units:
            self._merge_unit(unit, ours, theirs)
        incoming: _States = {}
        for path, state in theirs.items():
            mine = ours.get(path)
            same = mine is None or mine.value == state.value  # even so, theirs may draw its dataset wider
            if same or self._pick(path, ConflictKind.OBJECT) is Side.THEIRS:
                incoming[path] = state
        self._accept(incoming)

    def _merge_unit(self, unit: str, ours: _States, theirs: _States) -> None:
        """Decides a unit that both sides touched, as a whole, and takes it out of both."""
        mine = {path: state for path, state in ours.items() if is_under(path, unit)}
        other = {path: state for path, state in theirs.items() if is_under(path, unit)}
        if not mine or not other:
            return
        if not _same(mine, other) and self._pick(unit, ConflictKind.UNIT) is Side.THEIRS:
            self._take(unit)
        for path in mine:
            del ours[path]
        for path in other:
            del theirs[path]

    def _take(self, unit: str) -> None:
        """Makes a unit what theirs has there, whole."""
        whole = {entry.path: _State(None, "", 0) for entry in self._trees["ours"].objects(unit)}
        for home, entry in self._trees["theirs"].objects_in_datasets(unit):
            whole[entry.path] = _State(object_value(entry), home.path, home.partition_depth)
        self._edit.clear(unit)
        self._accept(whole)

    def _accept(self, incoming: _States) -> None:
        """Applies their side of these paths to ours, unless a path would be object and folder at once."""
        for path, state in incoming.items():
            if state.value is None:
                self._edit.remove(path)
        for path, state in incoming.items():
            if state.value is None:
                continue
            clashes = self._clashes(path, incoming)
            if clashes and self._pick(path, ConflictKind.PATH) is not Side.THEIRS:
                continue
            for clash in clashes:
                self._edit.remove(clash)
            self._edit.place(path, state.value, dataset=state.dataset, partition_depth=state.partition_depth)

    def _clashes(self, path: str, incoming: _States) -> list[str]:
        """Returns objects of ours, not removed by theirs, that cannot stand beside an object at `path`."""
        ours = self._trees["ours"]
        if self._trees["base"].object_at(path) is not None and ours.object_at(path) is not None:
            return []
        candidates = [folder for folder in parents_of(path) if ours.object_at(folder) is not None]
        candidates += [entry.path for entry in ours.objects(path) if entry.path != path]
        return [found for found in candidates if found not in incoming or incoming[found].value is not None]

    def _pick(self, path: str, kind: ConflictKind) -> Side | None:
        """Returns the side chosen for a conflict; without a choice, notes the conflict."""
        if path in self._picks:
            return self._picks[path]
        self._conflicts.append(
            Conflict(
                path=path,
                kind=kind,
                base=self._trees["base"].digest_at(path),
                ours=self._trees["ours"].digest_at(path),
                theirs=self._trees["theirs"].digest_at(path),
            )
        )
        return None


def _cut_differently(ours: _Changed, theirs: _Changed) -> Iterator[str]:
    """Yields datasets of which only one side's can be: they are partitioned, and the other's are not so."""
    depths = [
        {path: dataset_of(path, after).partition_depth for path, (_, after) in side.items() if after}
        for side in (ours, theirs)
    ]
    for one, other in (depths, depths[::-1]):
        for path, depth in one.items():
            if other.get(path, depth) != depth:
                yield path
            yield from (outer for outer in parents_of(path) if outer in other and (depth or other[outer]))


def _same(ours: _States, theirs: _States) -> bool:
    """Tells whether both sides have the same objects, in the same datasets."""
    return ours.keys() == theirs.keys() and all(
        state == theirs[path] or (state.value is None and theirs[path].value is None)
        for path, state in ours.items()
    )


def _group(paths: Iterable[str]) -> list[list[str]]:
    """Groups paths that are or lie in one another; the outermost comes first in its group."""
    known = set(paths)
    groups: dict[str, list[str]] = {}
    for path in sorted(known):
        top = next((folder for folder in parents_of(path) if folder in known), path)
        groups.setdefault(top, []).append(path)
    return list(groups.values())


def _outermost(units: Iterable[str]) -> list[str]:
    """Returns the units that lie in no other one, in order."""
    known = set(units)
    return [unit for unit in sorted(known) if not known.intersection(parents_of(unit))]
