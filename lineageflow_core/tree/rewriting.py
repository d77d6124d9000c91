"""What runs wrote just as it was: no content tells of it, and it counts as changed all the same.

It counts for as long as the side still has what a run of it wrote; what was put back otherwise does not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from lineageflow_core.model.names import parents_of
from lineageflow_core.tree.compare import Changed
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.read import get_many
from lineageflow_core.tree.root import RootTree
from lineageflow_core.tree.source import NodeSource


def rewritten(
    written: Mapping[str, Collection[str]],
    changed: Collection[str],
    *,
    base: RootTree,
    own: RootTree,
    other: RootTree,
) -> Iterator[str]:
    """Yields the units that runs of a side wrote as they are in the base, and the other side changed.

    `written` has the units of the side's `own` runs with the roots that they left, and `changed` the datasets
    that the `other` side changed.
    """
    for unit in _around(written, changed):
        was = base.digest_below(unit)
        if was == own.digest_below(unit) != other.digest_below(unit):
            roots = (RootTree(own.nodes, root) for root in written[unit])
            if any(root.digest_below(unit) == was for root in roots):
                yield unit


def as_they_were(nodes: NodeSource, root: str, units: Iterable[str]) -> Changed:
    """Returns the datasets that units are or lie in, as if they were changed to what they are at a root."""
    found: dict[str, tuple[Value | None, Value | None]] = {}
    for unit in units:
        paths = [*parents_of(unit), unit]
        values = zip(paths, get_many(nodes, bytes.fromhex(root), paths), strict=True)
        path, value = next((each for each in values if each[1] is not None), (unit, None))
        found[path] = value, value
    return found


def is_in(path: str, folders: Collection[str]) -> bool:
    """Tells whether a path is one of these, or lies in one."""
    return path in folders or any(folder in folders for folder in parents_of(path))


def _around(units: Iterable[str], paths: Collection[str]) -> Iterator[str]:
    """Yields the units that are, hold or lie in one of these paths."""
    above = {folder for path in paths for folder in parents_of(path)}
    return (unit for unit in units if unit in above or is_in(unit, paths))
