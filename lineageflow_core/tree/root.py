"""The tree of a commit, read: datasets on the first level, the objects of each on the second.

The root maps a dataset's path to its tree, whose digest is the dataset's snapshot id; that tree maps paths
relative to the dataset to objects. A dataset that is a single file holds one object with the path ''.
Datasets never nest and are never empty, so every path belongs to at most one.
"""

from collections.abc import Iterator

from lineageflow_core.model.ids import ObjectId, SnapshotId
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.objects import Dataset, ObjectEntry, Snapshot
from lineageflow_core.tree.build import subtree
from lineageflow_core.tree.node import EMPTY, Value
from lineageflow_core.tree.read import children, extent, get, get_many, prefix_range, scan
from lineageflow_core.tree.source import NodeBuffer, NodeSource

_OBJECTS = "n"
_DEPTH = "d"
_MEDIA_TYPE = "t"
_METADATA = "m"

EMPTY_ROOT = EMPTY.hex()
"""The root of a repository without datasets."""


def join(folder: str, relative: str) -> str:
    """Returns the path of `relative` in `folder`; either may be ''."""
    return f"{folder}/{relative}" if folder and relative else folder or relative


def relative_to(path: str, folder: str) -> str:
    """Returns `path` relative to `folder`, which it must be or lie in."""
    return path[len(folder) + 1 :] if folder else path


def object_value(entry: ObjectEntry) -> Value:
    """Returns an object as a value of a dataset's tree."""
    extra: dict[str, object] = {}
    if entry.media_type is not None:
        extra[_MEDIA_TYPE] = entry.media_type
    if entry.metadata:
        extra[_METADATA] = dict(sorted(entry.metadata.items()))
    return Value.of(bytes.fromhex(entry.object_id), entry.size, extra)


def object_entry(path: str, value: Value) -> ObjectEntry:
    """Returns a value of a dataset's tree as the object at `path`."""
    extra = value.extra
    return ObjectEntry(
        path=path,
        object_id=ObjectId(value.id.hex()),
        size=value.size,
        media_type=extra.get(_MEDIA_TYPE),
        metadata=extra.get(_METADATA, {}),
    )


def dataset_value(tree: bytes, *, objects: int, size: int, partition_depth: int) -> Value:
    """Returns a dataset as a value of the root."""
    depth = {_DEPTH: partition_depth} if partition_depth else {}
    return Value.of(tree, size, {_OBJECTS: objects} | depth)


def dataset_of(path: str, value: Value) -> Dataset:
    """Returns a value of the root as the dataset at `path`."""
    extra = value.extra
    return Dataset(
        path=path,
        snapshot=SnapshotId(value.id.hex()),
        objects=extra.get(_OBJECTS, 0),
        size=value.size,
        partition_depth=extra.get(_DEPTH, 0),
    )


def partition_of(relative: str, depth: int) -> str:
    """Returns the partition that an object's path inside its dataset lies in; '' if it has none."""
    return "/".join(relative.split("/")[:depth]) if depth else ""


class RootTree:
    """The tree of one commit."""

    def __init__(self, nodes: NodeSource, root: str) -> None:
        self.nodes = nodes
        self.root = bytes.fromhex(root)

    def dataset_at(self, path: str) -> Dataset | None:
        """Returns the dataset that `path` is or lies in."""
        paths = [*parents_of(path), path]
        for found, value in zip(paths, get_many(self.nodes, self.root, paths), strict=True):
            if value is not None:
                return dataset_of(found, value)
        return None

    def datasets(self, folder: str = "", *, after: str = "") -> Iterator[Dataset]:
        """Yields the datasets that are `folder` or lie in it, by path, from behind `after` on."""
        if folder and not after and (value := get(self.nodes, self.root, folder)) is not None:
            yield dataset_of(folder, value)
        start, stop = range_below(folder, after)
        for path, value in scan(self.nodes, self.root, start=start, stop=stop):
            if path != after:
                yield dataset_of(path, value)

    def object_at(self, path: str) -> ObjectEntry | None:
        """Returns the object at `path`."""
        dataset = self.dataset_at(path)
        if dataset is None:
            return None
        value = get(self.nodes, bytes.fromhex(dataset.snapshot), relative_to(path, dataset.path))
        return object_entry(path, value) if value is not None else None

    def objects(self, folder: str = "", *, after: str = "") -> Iterator[ObjectEntry]:
        """Yields the objects at or below `folder` (by dataset, then by path), from behind `after` on."""
        for _, entry in self.objects_in_datasets(folder, after=after):
            yield entry

    def objects_in_datasets(
        self, folder: str = "", *, after: str = ""
    ) -> Iterator[tuple[Dataset, ObjectEntry]]:
        """Yields the same objects as `objects`, each with the dataset that it belongs to."""
        inside = self.dataset_at(folder) if folder else None
        resume = self.dataset_at(after) if after else None
        if inside is not None:
            datasets: Iterator[Dataset] = iter((inside,))
        else:
            datasets = self._datasets_from(folder, after, resume)
        for dataset in datasets:
            within = relative_to(folder, dataset.path) if is_under(folder, dataset.path) and folder else ""
            behind = relative_to(after, dataset.path) if resume and resume.path == dataset.path else None
            tree = bytes.fromhex(dataset.snapshot)
            for key, value in _entries(self.nodes, tree, within, behind):
                yield dataset, object_entry(join(dataset.path, key), value)

    def partitions(self, dataset: Dataset, *, after: str = "") -> Iterator[str]:
        """Yields the partitions of `dataset` by path, or '' where it has none."""
        if not dataset.partition_depth:
            if not after:
                yield ""
            return
        yield from self._folders_at(dataset, "", dataset.partition_depth, after and f"{after}/")

    def snapshot(self, dataset: Dataset, partition: str = "") -> Snapshot | None:
        """Returns the exact content of `dataset` or of one partition; None if the partition is empty."""
        tree = bytes.fromhex(dataset.snapshot)
        if not partition:
            objects, size, digest = dataset.objects, dataset.size, dataset.snapshot
        else:
            start, stop = range_below(partition)
            objects, size = extent(self.nodes, tree, start=start, stop=stop)
            digest = SnapshotId(subtree(NodeBuffer(self.nodes), tree, partition + "/").hex())
        if not objects:
            return None
        return Snapshot(
            dataset=dataset.path, partition=partition, snapshot=digest, objects=objects, size=size
        )

    def digest_at(self, path: str) -> str | None:
        """Returns the id of the object, dataset or partition at `path`; None if there is none."""
        dataset = self.dataset_at(path)
        if dataset is None:
            return None
        key = relative_to(path, dataset.path)
        if key and (value := get(self.nodes, bytes.fromhex(dataset.snapshot), key)) is not None:
            return value.id.hex()
        found = self.snapshot(dataset, key)
        return found.snapshot if found is not None else None

    def digest_below(self, path: str) -> str | None:
        """Returns a digest of all that is at or below `path`, even above datasets; None if nothing is."""
        if self.dataset_at(path) is not None:
            return self.digest_at(path)
        start, stop = range_below(path)
        if not extent(self.nodes, self.root, start=start, stop=stop).entries:
            return None
        return subtree(NodeBuffer(self.nodes), self.root, start).hex()

    def _datasets_from(self, folder: str, after: str, resume: Dataset | None) -> Iterator[Dataset]:
        if resume is not None and is_under(resume.path, folder):
            yield resume
        yield from self.datasets(folder, after=resume.path if resume else after)

    def _folders_at(self, dataset: Dataset, folder: str, depth: int, after: str) -> Iterator[str]:
        tree = bytes.fromhex(dataset.snapshot)
        for child in children(self.nodes, tree, folder):
            # Compared as keys, '/' included: `a/` comes behind `a-b/`.
            if child.value is not None or (child.key <= after and not after.startswith(child.key)):
                continue
            if depth > 1:
                yield from self._folders_at(dataset, child.key, depth - 1, after)
            elif child.key != after:
                yield child.key.removesuffix("/")


def range_below(folder: str, after: str = "") -> tuple[str, str | None]:
    """Returns the range of the keys below `folder`; with `after`, from that key on."""
    start, stop = prefix_range(folder + "/" if folder else "")
    return max(start, after), stop


def _entries(nodes: NodeSource, tree: bytes, within: str, behind: str | None) -> Iterator[tuple[str, Value]]:
    """Yields the entries of a dataset's tree at or below `within`, from behind the key `behind` on."""
    if within and behind is None and (value := get(nodes, tree, within)) is not None:
        yield within, value
    start, stop = range_below(within, behind or "")
    for key, value in scan(nodes, tree, start=start, stop=stop):
        if key != behind:
            yield key, value
