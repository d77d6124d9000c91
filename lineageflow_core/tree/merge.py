"""Three-way merge of roots.

What only one side changed since the base is taken; what both changed alike is one change. Beyond paths, it
knows what was written as one thing: where a side *replaced* a dataset or partition, any other change below
it on the other side conflicts, even if no single path does. A path-wise union would silently double rows.

What a *run* wrote counts as changed, even where it wrote what was there in the base: if the other side
changed that, both cannot be had. Otherwise a run that makes old content again would not bring it to a branch
that has other content by now, and yet seem to have succeeded.

Properties: merging disjoint changes equals applying both, in any order; ours and theirs swapped give the
same root; a conflict that nothing decides never yields a root.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from blake3 import blake3

from lineageflow_core.model.merge import Conflict, ConflictKind, Side
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import (
    Changed,
    changed_around,
    changed_datasets,
    changed_objects,
    outermost,
)
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.rewriting import as_they_were, is_in, rewritten
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
    ours_written: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Those of them that runs wrote, with the roots that they left."""
    theirs_written: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """What is to be at a path: what one side has there, or what somebody chose."""

    value: Value | None
    """None: nothing."""
    dataset: str | None
    """None: the one that the path belongs to on either side, else one of its own."""
    partition_depth: int


Choice: TypeAlias = Side | Mapping[str, Placed]
"""How a conflict is decided: by a side, or by content of its own, by whole path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a merge."""

    result: str
    """The root, with undecided conflicts as ours has them."""
    conflicts: tuple[Conflict, ...]
    """Those that nothing decided."""
    decided: tuple[tuple[str, Choice], ...] = ()
    """Conflicts that were decided, by path."""

    @property
    def root(self) -> str | None:
        """The root; None while there are conflicts."""
        return None if self.conflicts else self.result


_States = dict[str, Placed]


def merge_roots(
    nodes: NodeBuffer, sides: MergeInput, picks: Mapping[str, Choice], *, strategy: Side | None = None
) -> Merged:
    """Merges `theirs` into `ours`. `picks` decides conflicts, by their path, and `strategy` all others."""
    merge = _Merge(nodes, sides, picks, strategy)
    return merge.run()


def virtual_base(nodes: NodeBuffer, sides: MergeInput) -> str:
    """Merges two bases of a criss-cross history into one, where conflicts become content of their own.

    So the outer merge sees that both its sides differ from the base there, as with git's recursive
    strategy (https://git-scm.com/docs/merge-strategies).
    """
    merged = merge_roots(nodes, sides, {})
    tree, edit = RootTree(nodes, merged.result), RootEdit(nodes, merged.result)
    for conflict in merged.conflicts:
        for home, entry in tree.objects_in_datasets(conflict.path):
            marker = Value(blake3(f"conflict {entry.object_id}".encode()).digest(), 0, None)
            edit.place(entry.path, marker, dataset=home.path, partition_depth=home.partition_depth)
    return edit.finish()


class _Merge:
    def __init__(
        self, nodes: NodeBuffer, sides: MergeInput, picks: Mapping[str, Choice], strategy: Side | None
    ) -> None:
        self._nodes = nodes
        self._sides = sides
        self._picks = picks
        self._strategy = strategy
        self._edit = RootEdit(nodes, sides.ours)
        self._conflicts: list[Conflict] = []
        self._decided: dict[str, Choice] = {}
        self._rewritten: set[str] = set()
        """Units that runs of one side wrote as they were, and the other side changed."""
        self._trees = {
            name: RootTree(nodes, root)
            for name, root in (("base", sides.base), ("ours", sides.ours), ("theirs", sides.theirs))
        }

    def run(self) -> Merged:
        sides = self._sides
        self._nodes.get_many(
            [bytes.fromhex(root) for root in (sides.base, sides.ours, sides.theirs)]
        )  # at once
        ours, theirs = self._changed()
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
                units = outermost([*replaced, *recut])
                self._merge_objects(self._states(group_ours), self._states(group_theirs), units)
        return Merged(
            result=self._edit.finish(),
            conflicts=tuple(sorted(self._conflicts, key=lambda found: found.path)),
            decided=tuple(sorted(self._decided.items())),
        )

    def _changed(self) -> tuple[Changed, Changed]:
        """Returns the datasets that ours changed, around all that theirs did, and those that theirs changed.

        Those that a run wrote as they were are among them, if the other side changed what it wrote.
        """
        sides = self._sides
        changed = changed_datasets(self._nodes, sides.base, sides.theirs)
        theirs = {path: (one, other) for path, one, other in changed}
        wrote = [unit for unit in sides.theirs_written if not is_in(unit, theirs)]
        around = [*theirs, *wrote] if sides.ours != sides.base else []
        ours = changed_around(self._nodes, sides.base, sides.ours, around)
        nodes, (base, mine, other) = self._nodes, self._trees.values()
        ours_again = list(rewritten(sides.ours_written, theirs, base=base, own=mine, other=other))
        theirs_again = list(rewritten(sides.theirs_written, ours, base=base, own=other, other=mine))
        self._rewritten = {*ours_again, *theirs_again}
        return (
            {**as_they_were(nodes, sides.base, ours_again), **ours},
            {**as_they_were(nodes, sides.base, theirs_again), **theirs},
        )

    def _states(self, datasets: Changed) -> _States:
        """Returns what one side has at every path that it changed in these datasets."""
        gone: _States = {}
        there: _States = {}
        for dataset, (before, after) in datasets.items():
            depth = dataset_of(dataset, after).partition_depth if after else 0
            for key, _, value in changed_objects(self._nodes, before, after):
                path = join(dataset, key)
                (gone if value is None else there)[path] = Placed(value, dataset, depth)
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
            # Even if both have the same there, theirs may draw its dataset wider.
            same = mine is None or mine.value == state.value
            choice = Side.THEIRS if same else self._choice(path, ConflictKind.OBJECT)
            if choice is Side.THEIRS:
                incoming[path] = state
            elif isinstance(choice, Mapping):
                incoming |= {path: Placed(None, None, 0), **choice}
        self._accept(incoming)

    def _merge_unit(self, unit: str, ours: _States, theirs: _States) -> None:
        """Decides a unit that both sides touched, as a whole, and takes it out of both."""
        mine = {path: state for path, state in ours.items() if is_under(path, unit)}
        other = {path: state for path, state in theirs.items() if is_under(path, unit)}
        if not (mine and other) and not any(is_under(each, unit) for each in self._rewritten):
            return
        if not _same(mine, other):
            choice = self._choice(unit, ConflictKind.UNIT, ours=len(mine), theirs=len(other))
            if choice is Side.THEIRS:
                self._take(unit, self._whole(unit))
            elif isinstance(choice, Mapping):
                self._take(unit, choice)
        for path in mine:
            del ours[path]
        for path in other:
            del theirs[path]

    def _whole(self, unit: str) -> _States:
        """Returns all that theirs has in a unit."""
        return {
            entry.path: Placed(object_value(entry), home.path, home.partition_depth)
            for home, entry in self._trees["theirs"].objects_in_datasets(unit)
        }

    def _take(self, unit: str, content: Mapping[str, Placed]) -> None:
        """Makes this the unit's whole content."""
        gone = {entry.path: Placed(None, None, 0) for entry in self._trees["ours"].objects(unit)}
        self._edit.clear(unit)
        self._accept({**gone, **content})

    def _accept(self, incoming: Mapping[str, Placed]) -> None:
        """Makes these paths so in ours, unless one would be object and folder at once."""
        for path, state in incoming.items():
            if state.value is None:
                self._edit.remove(path)
        for path, state in incoming.items():
            if state.value is None:
                continue
            clashes = self._clashes(path, incoming)
            content: Mapping[str, Placed] = {path: state}
            if clashes:
                choice = self._choice(path, ConflictKind.PATH, ours=len(clashes))
                if choice is None or choice is Side.OURS:
                    continue
                if isinstance(choice, Mapping):
                    content = choice
            for clash in clashes:
                self._edit.remove(clash)
            for place, placed in content.items():
                self._place(place, placed)

    def _place(self, path: str, placed: Placed) -> None:
        if placed.value is None:
            return
        dataset, depth = placed.dataset, placed.partition_depth
        if dataset is None:
            dataset, depth = self._home_of(path)
        self._edit.place(path, placed.value, dataset=dataset, partition_depth=depth)

    def _home_of(self, path: str) -> tuple[str, int]:
        """Returns the dataset that a path belongs to, or would, and how deep its partitions are."""
        for name in ("theirs", "ours", "base"):
            home = self._trees[name].dataset_at(path)
            if home is not None:
                return home.path, home.partition_depth
        return path, 0

    def _clashes(self, path: str, incoming: Mapping[str, Placed]) -> list[str]:
        """Returns objects of ours, not removed by theirs, that cannot stand beside an object at `path`."""
        ours = self._trees["ours"]
        if self._trees["base"].object_at(path) is not None and ours.object_at(path) is not None:
            return []
        candidates = [folder for folder in parents_of(path) if ours.object_at(folder) is not None]
        candidates += [entry.path for entry in ours.objects(path) if entry.path != path]
        return [found for found in candidates if found not in incoming or incoming[found].value is not None]

    def _choice(self, path: str, kind: ConflictKind, *, ours: int = 1, theirs: int = 1) -> Choice | None:
        """Returns how a conflict is decided; if nothing decides it, notes the conflict.

        `ours` and `theirs` are how many objects each side changed.
        """
        choice = self._picks.get(path, self._strategy)
        if choice is not None:
            self._decided[path] = choice
            return choice
        self._conflicts.append(
            Conflict(
                path=path,
                kind=kind,
                base=self._trees["base"].digest_at(path),
                ours=self._trees["ours"].digest_at(path),
                theirs=self._trees["theirs"].digest_at(path),
                ours_objects=ours,
                theirs_objects=theirs,
            )
        )
        return None


def _cut_differently(ours: Changed, theirs: Changed) -> Iterator[str]:
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
