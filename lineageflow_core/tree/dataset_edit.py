"""One dataset that is being changed: its tree as it was, and what is put and removed since.

Invariant: what is told of it, and what `finish` makes, is what is where afterwards, however it came about.
A path is not an object and a folder at once.
"""

from collections.abc import Iterable, Sequence

from lineageflow_core.errors import PathConflictError
from lineageflow_core.model.names import is_under
from lineageflow_core.tree.edit import edit
from lineageflow_core.tree.node import EMPTY, Value
from lineageflow_core.tree.read import ceilings, extent, get, get_many, scan
from lineageflow_core.tree.root import dataset_value, join, range_below
from lineageflow_core.tree.source import NodeBuffer, NodeSource


class DatasetEdit:
    """What becomes of one dataset. Once it is empty it is no dataset any more."""

    def __init__(
        self, nodes: NodeBuffer, path: str, partition_depth: int, *, tree: bytes = EMPTY, objects: int = 0
    ) -> None:
        self.path = path
        self.partition_depth = partition_depth
        self._nodes = nodes
        self._start(tree, objects)

    def _start(self, tree: bytes, objects: int) -> None:
        self._tree = tree
        self._edits: dict[str, Value | None] = {}
        self._objects = objects
        self._removed: set[str] = set()
        self._written: set[str] = set()

    @property
    def is_empty(self) -> bool:
        return not self._written and len(self._removed) == self._objects

    def entries(self, key: str = "") -> dict[str, Value]:
        """Returns the objects at or below `key`, as edited so far."""
        start, stop = range_below(key)
        entries: dict[str, Value | None] = dict(scan(self._nodes, self._tree, start=start, stop=stop))
        entries[key] = get(self._nodes, self._tree, key)
        entries |= {each: value for each, value in self._edits.items() if is_under(each, key)}
        return {key: value for key, value in entries.items() if value is not None}

    def put(self, key: str, value: Value) -> None:
        self._removed.discard(key)
        self._written.add(key)
        self._edits[key] = value

    def remove(self, key: str) -> None:
        """Removes an object, if it is there."""
        self._remove(key, is_stored=get(self._nodes, self._tree, key) is not None)

    def clear(self) -> None:
        """Removes everything."""
        self._start(EMPTY, 0)

    def clear_inside(self, key: str) -> bool:
        """Removes everything at and below `key`; tells whether there was anything."""
        start, stop = range_below(key)
        stored = {found for found, _ in scan(self._nodes, self._tree, start=start, stop=stop)}
        if get(self._nodes, self._tree, key) is not None:
            stored.add(key)
        found = stored.union(each for each in self._edits if is_under(each, key))
        there = any(self._edits.get(each, True) is not None for each in found)
        for each in found:
            self._remove(each, is_stored=each in stored)
        return there

    def move(self, path: str) -> "DatasetEdit":
        """Returns this dataset as it is so far, at another path, and leaves nothing here."""
        moved = DatasetEdit(self._nodes, path, self.partition_depth, tree=self._tree, objects=self._objects)
        moved._edits, moved._removed, moved._written = self._edits, self._removed, self._written
        self.clear()
        return moved

    def finish(self) -> Value | None:
        """Returns the dataset as a value of the root; None if it is empty. Raises PathConflictError."""
        tree = edit(self._nodes, self._tree, sorted(self._edits.items()))
        objects, size = extent(self._nodes, tree)
        if not objects:
            return None
        clash = None if tree == self._tree else self._find_clash(tree)
        if clash is not None:
            path = join(self.path, clash)
            raise PathConflictError(
                f"{path!r} would be an object and a folder at once; rename one of the two", path=path
            )
        return dataset_value(tree, objects=objects, size=size, partition_depth=self.partition_depth)

    def _find_clash(self, tree: bytes) -> str | None:
        added = sorted(key for key, value in self._edits.items() if value is not None)
        return find_clash(self._nodes, tree, added, only_added=self._tree == EMPTY)

    def _remove(self, key: str, *, is_stored: bool) -> None:
        self._written.discard(key)
        if is_stored:
            self._removed.add(key)
        self._edits[key] = None


def find_clash(nodes: NodeSource, tree: bytes, added: Sequence[str], *, only_added: bool) -> str | None:
    """Returns a key of `tree` that is a folder of another one, if an added key takes part in that.

    `only_added` says that the tree holds nothing else, which saves half of the search.
    """
    folders = sorted(_folders_of(added))
    for folder, value in zip(folders, get_many(nodes, tree, folders), strict=True):
        if value is not None:
            return folder
    if only_added:
        return None
    probes = sorted((f"{key}/" if key else "\x00", key) for key in added)
    found_keys = ceilings(nodes, tree, (probe for probe, _ in probes))
    for (probe, key), found in zip(probes, found_keys, strict=True):
        if found is not None and (found.startswith(probe) or not key):
            return key
    return None


def _folders_of(keys: Iterable[str]) -> set[str]:
    folders: set[str] = set()
    for key in keys:
        folder = key
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in folders:
                break
            folders.add(folder)
    return folders
