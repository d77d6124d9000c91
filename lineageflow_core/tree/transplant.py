"""Some paths of one root put into another, which stays what it is elsewhere.

So some of the changes between two roots are chosen, and the rest is what is left: putting paths of the later
root into the earlier one keeps only the changes there, and the other way round takes them back.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.objects import Dataset
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import changed_datasets, changed_objects
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.read import get
from lineageflow_core.tree.root import RootTree, join, object_value, relative_to
from lineageflow_core.tree.source import NodeBuffer

_Placed: TypeAlias = tuple[Dataset, str, Value]
"""What is put where, and the dataset that it belongs to in the source."""


def transplant(nodes: NodeBuffer, root: str, source: str, paths: Iterable[str]) -> str:
    """Returns `root` with all that is at or below `paths` as it is in `source`. Costs what differs there.

    Where datasets would nest, the outer one takes the inner one in, as in a merge. Raises PathConflictError
    where a path would be an object and a folder at once, InvalidInputError where a part of a dataset does not
    fit the other's partitions.
    """
    edit = RootEdit(nodes, root)
    here, there = RootTree(nodes, root), RootTree(nodes, source)
    known = set(paths)
    placed: list[_Placed] = []
    for path in sorted(known):
        if not known.intersection(parents_of(path)):
            placed += _clear(edit, nodes, here, there, path)
    # Only now, for a dataset that has nothing left is none, and takes nothing in.
    for dataset, place, value in placed:
        edit.place(place, value, dataset=dataset.path, partition_depth=dataset.partition_depth)
    return edit.finish()


def _clear(
    edit: RootEdit, nodes: NodeBuffer, here: RootTree, there: RootTree, path: str
) -> Iterator[_Placed]:
    """Takes away what differs at a path, takes whole datasets over, and yields what is to be placed."""
    home, other = here.dataset_at(path), there.dataset_at(path)
    if all(found is None or found.path == path for found in (home, other)):
        for changed, _, value in changed_datasets(nodes, here.root.hex(), there.root.hex(), path=path):
            if value is None:
                edit.clear(changed)
            else:
                edit.take(changed, value)
    elif home is None or other is None or _cut(home) != _cut(other):
        _check_partitions(here, home, other, path)
        edit.clear(path)
        for dataset, entry in there.objects_in_datasets(path):
            yield dataset, entry.path, object_value(entry)
    else:
        values = (get(nodes, tree.root, home.path) for tree in (here, there))
        for key, _, value in changed_objects(nodes, *values, key=relative_to(path, home.path)):
            if value is None:
                edit.remove(join(home.path, key))
            else:
                yield home, join(home.path, key), value


def _cut(dataset: Dataset) -> tuple[str, int]:
    return dataset.path, dataset.partition_depth


def _check_partitions(here: RootTree, home: Dataset | None, other: Dataset | None, path: str) -> None:
    """Raises InvalidInputError where what is put there would be in no partition of its dataset."""
    if home is not None and other is not None:
        unfit = home if home.partition_depth else None
    elif other is not None and other.partition_depth:
        beside = (found for found in here.datasets(other.path) if not is_under(found.path, path))
        unfit = other if next(beside, None) is not None else None
    else:
        unfit = None
    if unfit is not None:
        raise InvalidInputError(
            f"{unfit.path!r} has partitions on one side only, so {path!r} cannot be taken out of it; choose "
            f"{unfit.path!r} as a whole",
            path=path,
            dataset=unfit.path,
        )
