"""The tree of a commit, changed: from a root and changes to the next root.

Invariants: the result depends only on what is where afterwards, never on how it came about; datasets do not
nest; a path is not an object and a folder at once. Nothing is written but new nodes into the overlay.
"""

from collections.abc import Sequence

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, PathConflictError
from lineageflow_core.model.change import Change, ChangeKind
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.objects import Dataset
from lineageflow_core.tree.dataset_edit import DatasetEdit
from lineageflow_core.tree.edit import edit
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.read import extent
from lineageflow_core.tree.root import (
    RootTree,
    dataset_value,
    join,
    object_value,
    relative_to,
)
from lineageflow_core.tree.source import NodeBuffer


class RootEdit:
    """Collects changes to a root; `finish` returns the next one."""

    def __init__(self, nodes: NodeBuffer, root: str) -> None:
        self._nodes = nodes
        self._before = RootTree(nodes, root)
        self._touched: dict[str, DatasetEdit] = {}
        self._touched_below: dict[str, dict[str, None]] = {}
        """By folder, so that many loose files do not search all of the others each."""
        self._taken: dict[str, Value | None] = {}
        self.replaced: set[str] = set()

    def apply(self, changes: Sequence[Change]) -> None:
        """Applies changes, whose paths are checked, in order.

        Raises InvalidInputError, ObjectNotFoundError, PathConflictError.
        """
        for change in changes:
            match change.kind:
                case ChangeKind.PUT:
                    self._put(change.path, change)
                case ChangeKind.DELETE:
                    self._delete(change.path)
                case ChangeKind.REPLACE:
                    self._replace(change.path, change)
                case ChangeKind.MOVE:
                    assert change.target is not None  # the change is checked
                    self._move(change.path, change.target, change)

    def replace_tree(self, path: str, tree: bytes, *, partition_depth: int) -> None:
        """Writes the dataset at `path` as one thing, whose tree is built already. Raises as `apply` does."""
        self._replace_whole(path, Change(kind=ChangeKind.REPLACE, path=path))
        self.replaced.add(path)
        objects, size = extent(self._nodes, tree)
        if objects:
            self._declare(path, partition_depth, absorb=False)
            del self._touched[path]
            self._taken[path] = dataset_value(
                tree, objects=objects, size=size, partition_depth=partition_depth
            )

    def take(self, dataset: str, value: Value | None) -> None:
        """Makes a dataset what it is in another root, whole. It must not be touched otherwise."""
        self._taken[dataset] = value

    def place(self, path: str, value: Value, *, dataset: str, partition_depth: int) -> None:
        """Puts one object where another root has it; of datasets that would nest, the outer one stays."""
        home = self._covering(path)
        if home is None or (home.path != dataset and is_under(home.path, dataset)):
            home = self._declare(dataset, partition_depth, absorb=True)
        home.put(relative_to(path, home.path), value)

    def remove(self, path: str) -> None:
        """Removes the object at `path`, if it is there."""
        home = self._covering(path)
        if home is not None:
            home.remove(relative_to(path, home.path))

    def clear(self, path: str) -> bool:
        """Removes everything at and below `path`; tells whether there was anything."""
        home = self._covering(path)
        if home is None:
            below = self._datasets_below(path)
            for dataset in below:
                dataset.clear()
            return bool(below)
        if home.path == path:
            home.clear()
            return True
        return home.clear_inside(relative_to(path, home.path))

    def finish(self) -> str:
        """Returns the new root. Raises PathConflictError."""
        edits = dict(self._taken)
        for touched in self._touched.values():
            edits[touched.path] = touched.finish()
        return edit(self._nodes, self._before.root, sorted(edits.items())).hex()

    def _put(self, path: str, change: Change) -> None:
        home = self._home(path, change) if self._belongs_together(path, change) else None
        for entry in change.objects:
            full = join(path, entry.path)
            here = home or self._covering(full)
            if here is None:
                raise InvalidInputError(
                    f"{path!r} holds datasets already, and {full!r} is in none of them; put it with the path "
                    "of a dataset, or name its dataset",
                    path=full,
                )
            self._set(here, full, object_value(entry))

    def _belongs_together(self, path: str, change: Change) -> bool:
        return (
            change.dataset is not None
            or self._covering(path) is not None
            or not self._datasets_below(path)
            or any(entry.path == "" for entry in change.objects)
        )

    def _home(self, path: str, change: Change, partition_depth: int = 0) -> DatasetEdit:
        """Returns the dataset that `path` belongs to, declaring it where there is none."""
        dataset = path if change.dataset is None else change.dataset
        if not is_under(path, dataset):
            raise InvalidInputError(f"path {path!r} does not lie in the dataset {dataset!r} that was named")
        home = self._covering(path)
        if home is None:
            return self._declare(dataset, partition_depth, absorb=False)
        if change.dataset is not None and home.path != dataset:
            raise InvalidInputError(
                f"{path!r} belongs to the dataset {home.path!r}, so it cannot be put into {dataset!r}",
                path=path,
                dataset=home.path,
            )
        return home

    def _delete(self, path: str) -> None:
        if not self.clear(path):
            raise ObjectNotFoundError(f"there is nothing at {path!r} to delete", path=path)

    def _replace(self, path: str, change: Change) -> None:
        if change.dataset is None or change.dataset == path:
            self._replace_whole(path, change)
        else:
            self._replace_partition(path, change)
        self.replaced.add(path)

    def _replace_whole(self, path: str, change: Change) -> None:
        home = self._covering(path)
        if home is not None and home.path != path:
            raise InvalidInputError(
                f"{path!r} lies in the dataset {home.path!r}; to replace it as a partition, name the dataset",
                path=path,
                dataset=home.path,
            )
        self.clear(path)
        if change.objects:
            home = self._declare(path, 0, absorb=False)
            for entry in change.objects:
                self._set(home, join(path, entry.path), object_value(entry))

    def _replace_partition(self, path: str, change: Change) -> None:
        assert change.dataset is not None
        depth = relative_to(path, change.dataset).count("/") + 1 if is_under(path, change.dataset) else 0
        home = self._home(path, change, depth)
        if home.partition_depth != depth:
            raise InvalidInputError(
                f"dataset {home.path!r} has partitions of {home.partition_depth} path segments, and "
                f"{path!r} would be one of {depth}; replace the whole dataset to partition it anew",
                dataset=home.path,
            )
        home.clear_inside(relative_to(path, home.path))
        for entry in change.objects:
            if not entry.path:
                raise InvalidInputError(f"partition {path!r} must be a folder: give its objects names")
            self._set(home, join(path, entry.path), object_value(entry))

    def _move(self, path: str, target: str, change: Change) -> None:
        if path == target:
            raise InvalidInputError(f"{path!r} would be moved to where it is; give another path", path=path)
        home = self._covering(path)
        if home is not None and home.path != path:
            self._move_inside(home, path, target, change)
            return
        moved = [home] if home is not None else self._datasets_below(path)
        if not moved:
            raise ObjectNotFoundError(f"there is nothing at {path!r} to move", path=path)
        self.replaced |= {dataset.path for dataset in moved}
        taken = [dataset.move(join(target, relative_to(dataset.path, path))) for dataset in moved]
        self._check_free(target)
        joins = self._covering(target) is not None or change.dataset not in {None, target}
        for dataset in taken:
            self.replaced.add(dataset.path)
            if not joins:
                self._add(dataset)
                continue
            into = self._home(target, change)
            for key, value in dataset.entries().items():
                self._set(into, join(dataset.path, key), value)

    def _move_inside(self, home: DatasetEdit, path: str, target: str, change: Change) -> None:
        """Moves an object, folder or partition out of its dataset, or inside it."""
        key = relative_to(path, home.path)
        moved = home.entries(key)
        if not moved:
            raise ObjectNotFoundError(f"there is nothing at {path!r} to move", path=path)
        is_partition = key not in moved and key.count("/") + 1 == home.partition_depth
        home.clear_inside(key)
        self._check_free(target)
        stays = is_under(target, home.path) and change.dataset in {None, home.path}
        if not stays:
            depth = 0
            if is_partition and change.dataset is not None and is_under(target, change.dataset):
                depth = relative_to(target, change.dataset).count("/") + 1
            home = self._home(target, change, depth)
        for each, value in moved.items():
            self._set(home, join(target, relative_to(each, key)), value)
        if is_partition:
            self.replaced |= {path, target}

    def _check_free(self, target: str) -> None:
        home = self._covering(target)
        if home is not None:
            is_taken = bool(home.entries(relative_to(target, home.path)))
        else:
            is_taken = bool(self._datasets_below(target))
        if is_taken:
            raise PathConflictError(
                f"there is something at {target!r} already; delete it first, or move to another path",
                path=target,
            )

    def _set(self, home: DatasetEdit, path: str, value: Value) -> None:
        key = relative_to(path, home.path)
        if home.partition_depth and key.count("/") < home.partition_depth:
            raise InvalidInputError(
                f"{path!r} is in no partition of {home.path!r}, whose partitions are named by "
                f"{home.partition_depth} path segment(s)",
                path=path,
            )
        home.put(key, value)

    def _covering(self, path: str) -> DatasetEdit | None:
        """Returns the dataset, as edited so far, that `path` is or lies in."""
        paths = [*parents_of(path), path]
        for candidate in paths:
            touched = self._touched.get(candidate)
            if touched is not None and not touched.is_empty:
                return touched
        before = self._before.dataset_at(path)
        if before is None or before.path in self._touched:
            return None
        return self._touch(before)

    def _touch(self, dataset: Dataset) -> DatasetEdit:
        tree = bytes.fromhex(dataset.snapshot)
        touched = DatasetEdit(
            self._nodes, dataset.path, dataset.partition_depth, tree=tree, objects=dataset.objects
        )
        return self._add(touched)

    def _add(self, dataset: DatasetEdit) -> DatasetEdit:
        self._touched[dataset.path] = dataset
        for folder in parents_of(dataset.path):
            self._touched_below.setdefault(folder, {})[dataset.path] = None
        return dataset

    def _datasets_below(self, folder: str) -> list[DatasetEdit]:
        """Returns the datasets, as edited so far, strictly below `folder`."""
        for dataset in self._before.datasets(folder):
            if dataset.path not in self._touched and dataset.path != folder:
                self._touch(dataset)
        inside = map(self._touched.__getitem__, self._touched_below.get(folder, ()))
        return [touched for touched in inside if not touched.is_empty]

    def _declare(self, path: str, partition_depth: int, *, absorb: bool) -> DatasetEdit:
        below = self._datasets_below(path)
        if below and not absorb:
            raise PathConflictError(
                f"{path!r} cannot be a dataset: it is a folder that holds the dataset {below[0].path!r}",
                path=path,
            )
        declared = self._add(DatasetEdit(self._nodes, path, partition_depth))
        for inner in below:
            for key, value in inner.entries().items():
                declared.put(relative_to(join(inner.path, key), path), value)
            inner.clear()
        return declared
