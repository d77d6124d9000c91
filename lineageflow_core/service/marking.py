"""Marking: the set of everything that is kept, each distinct tree node visited once.

Takes time in proportion to the distinct nodes that commits lead to, whatever the number of commits that share
them, and memory up to a bound (`id_set.py`). Of leaves whose objects are kept only the column of ids is used,
and leaves whose objects are not are not even read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineageflow_core.errors import ObjectMissingError
from lineageflow_core.model.ids import DIGEST_BYTES, CommitId
from lineageflow_core.service.id_set import IdSet
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.pins import Pins
from lineageflow_core.service.retention import tell_kept
from lineageflow_core.tree.build import subtree
from lineageflow_core.tree.node import EMPTY, Node
from lineageflow_core.tree.read import extent, prefix_range, scan
from lineageflow_core.tree.source import NodeBuffer, NodeSource

_NODES_AT_ONCE = 256


@dataclass(slots=True, kw_only=True)
class Marked:
    """What is kept, and what is known of what is not."""

    nodes: IdSet = field(default_factory=IdSet)
    """Tree nodes."""
    objects: IdSet = field(default_factory=IdSet)
    commits: set[CommitId] = field(default_factory=set)
    past: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    """Dataset trees whose objects rules let go: by tree, the dataset and the reason."""

    def close(self) -> None:
        """Gives files up."""
        self.nodes.close()
        self.objects.close()


def mark(opened: OpenRepository) -> Marked:
    """Returns what is kept now."""
    marker = _Marker(opened.nodes)
    tell_kept(opened, marker)
    return marker.marked


class _Marker:
    """A `Keeper` that marks."""

    def __init__(self, source: NodeSource) -> None:
        self.marked = Marked()
        self._source = source
        self._lenient = False
        self._roots: list[bytes] = []
        """What is to be read with others: one by one, the questions take longer than the work."""
        self._remains: list[bytes] = []
        self._whole = IdSet()
        """Nodes below which everything is marked."""

    def whole(self, root: bytes, commit: CommitId, why: str) -> None:
        self._take(root, commit, self._roots)

    def remains(self, root: bytes, commit: CommitId, why: str) -> None:
        self._take(root, commit, self._remains)

    def version(self, dataset: str, tree: bytes, why: str) -> None:
        self._mark_version(tree)

    def past(self, dataset: str, tree: bytes, why: str) -> None:
        self.marked.past.setdefault(tree, (dataset, why))

    def tree(self, root: bytes, commit: CommitId) -> None:
        self.marked.commits.add(commit)
        pending = [root] if self.marked.nodes.add(root) else []
        while pending:
            for node in self._next(pending):
                if node.level:
                    pending += [child for child in _children(node) if self.marked.nodes.add(child)]

    def pinned(self, pins: Pins) -> None:
        self._mark_roots()
        self._lenient = True
        for _, snapshot in pins.snapshots:
            if is_digest(snapshot):
                self._mark_version(bytes.fromhex(snapshot))
        self._lenient = False
        self._mark_partitions(pins)
        self._mark_nodes(self.marked.past)

    def _mark_partitions(self, pins: Pins) -> None:
        """Marks pinned partitions in those trees that are past: in all others they are marked already."""
        wanted: dict[str, dict[str, set[str]]] = {}
        for dataset, partition, snapshot in pins.partitions:
            wanted.setdefault(dataset, {}).setdefault(partition, set()).add(snapshot)
        for tree, (dataset, _) in self.marked.past.items():
            if dataset not in wanted or tree in self._whole:
                continue
            for partition, snapshots in wanted[dataset].items():
                found = partition_snapshot(self._source, tree, partition)
                if found in snapshots:
                    start, stop = prefix_range(partition + "/")
                    self.marked.objects.update(
                        value.id for _, value in scan(self._source, tree, start=start, stop=stop)
                    )

    def _take(self, root: bytes, commit: CommitId, waiting: list[bytes]) -> None:
        self.marked.commits.add(commit)
        if root != EMPTY and self._whole.add(root):
            waiting.append(root)
        if len(waiting) >= _NODES_AT_ONCE:
            self._mark_roots()

    def _mark_roots(self) -> None:
        """Marks the commits' trees that wait for it, and all below them."""
        self._mark_all(self._roots)
        self._lenient = True
        self._mark_all(self._remains)
        self._lenient = False

    def _mark_all(self, pending: list[bytes]) -> None:
        trees: list[bytes] = []
        while pending:
            for node in self._next(pending):
                new = [child for child in _children(node) if self._whole.add(child)]
                if node.level == 0:
                    trees += new
                else:
                    pending += new
        self._mark_objects(trees)

    def _mark_version(self, tree: bytes) -> None:
        """Marks the nodes and the objects of a dataset's tree."""
        if self._whole.add(tree):
            self._mark_objects([tree])

    def _mark_objects(self, pending: list[bytes]) -> None:
        """Marks nodes of datasets' trees, and all below them."""
        while pending:
            for node in self._next(pending):
                children = _children(node)
                if node.level == 0:
                    self.marked.objects.update(children)
                else:
                    pending += [child for child in children if self._whole.add(child)]

    def _mark_nodes(self, trees: Iterable[bytes]) -> None:
        """Marks the nodes of datasets' trees only. Leaves are not read, where that is known before."""
        pending = [tree for tree in trees if self.marked.nodes.add(tree)]
        while pending:
            for node in self._next(pending):
                if node.level == 0:
                    continue
                new = [child for child in _children(node) if self.marked.nodes.add(child)]
                if node.level > 1:
                    pending += new

    def _next(self, pending: list[bytes]) -> list[Node]:
        some = [pending.pop() for _ in range(min(len(pending), _NODES_AT_ONCE))]
        self.marked.nodes.update(some)
        try:
            return self._source.get_many(some)
        except ObjectMissingError:
            if not self._lenient:
                raise
            return [node for each in some for node in self._if_there(each)]

    def _if_there(self, node_id: bytes) -> list[Node]:
        # What was gone before somebody held it stays gone; what is left of it is kept.
        try:
            return [self._source.get(node_id)]
        except ObjectMissingError:
            return []


def partition_snapshot(source: NodeSource, tree: bytes, partition: str) -> str | None:
    """Returns the snapshot id of a partition of the dataset with this tree; None if it has none of it."""
    start, stop = prefix_range(partition + "/")
    if not extent(source, tree, start=start, stop=stop).entries:
        return None
    return subtree(NodeBuffer(source), tree, start).hex()


def dead_objects(source: NodeSource, marked: Marked) -> dict[bytes, tuple[str, str]]:
    """Returns the objects that rules let go, each with a dataset that it was in and the reason."""
    found: dict[bytes, tuple[str, str]] = {}
    seen = IdSet()
    for tree, why in marked.past.items():
        pending = [tree] if seen.add(tree) else []
        while pending:
            some = [pending.pop() for _ in range(min(len(pending), _NODES_AT_ONCE))]
            for node in source.get_many(some):
                children = _children(node)
                if node.level:
                    pending += [child for child in children if seen.add(child)]
                else:
                    found.update((each, why) for each in children if each not in marked.objects)
    return found


def is_digest(content_id: str) -> bool:
    """Tells whether that is an id as we make them, and not something else's."""
    try:
        return len(bytes.fromhex(content_id)) == DIGEST_BYTES
    except ValueError:
        return False


def _children(node: Node) -> list[bytes]:
    return [node.ids[at : at + DIGEST_BYTES] for at in range(0, len(node.ids), DIGEST_BYTES)]
