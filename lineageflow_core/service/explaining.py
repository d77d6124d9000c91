"""Why something is kept, or why it goes: what retention tells, searched for one thing.

Each distinct tree node is looked into once, whatever the number of commits that share it.
"""

from dataclasses import dataclass

from lineageflow_core.errors import ObjectMissingError, ObjectNotFoundError, RefNotFoundError
from lineageflow_core.model.collection import Collected, CollectedState, Explanation
from lineageflow_core.model.ids import DIGEST_BYTES, CommitId
from lineageflow_core.service.marking import is_digest, partition_snapshot
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.pins import Pins
from lineageflow_core.service.retention import tell_kept
from lineageflow_core.tree.node import EMPTY, Node
from lineageflow_core.tree.read import prefix_range, scan
from lineageflow_core.tree.root import RootTree
from lineageflow_core.tree.source import NodeSource

_MOST = 20
"""Reasons that are told."""


def explain(opened: OpenRepository, what: str) -> Explanation:
    """Returns why something is kept. Raises RefNotFoundError or ObjectNotFoundError if it is nothing."""
    target = _find(opened, what)
    search = _Search(opened.nodes, target)
    tell_kept(opened, search)
    row = opened.stores.collections.get(opened.info.id, [target.stored]).get(target.stored)
    if search.found:
        reasons = list(search.found)
        if row is not None and row.state is not CollectedState.PURGED:
            reasons.append("it is in the trash now; the next collection brings it back")
        return Explanation(what=target.told, kept=True, reasons=tuple(reasons[:_MOST]))
    reasons = list(search.gone) or ["no branch, tag, run, plan or other root leads to it"]
    reasons.append(_where(row))
    return Explanation(what=target.told, kept=False, reasons=tuple(reasons[:_MOST]))


@dataclass(frozen=True, slots=True)
class _Target:
    id: bytes
    told: str
    is_commit: bool = False
    example: bytes | None = None
    """An object in it, where it is a dataset."""

    @property
    def stored(self) -> str:
        """What there may be a row of."""
        return (self.example or self.id).hex()


def _find(opened: OpenRepository, what: str) -> _Target:
    """Returns what people mean: `path@ref`, a ref or a commit's id, an object's or a snapshot's id."""
    path, at, ref = what.rpartition("@")
    if at and path and not ref.startswith("{"):
        found = _at(opened.tree(ref), path, f"{path} at {ref}")
        if found is None:
            raise ObjectNotFoundError(
                f"there is nothing at {path!r} at {ref!r}; "
                f"`lineageflow ls lf://{opened.info.name}/@{ref}/` shows what is there",
                repository=opened.info.name,
                ref=ref,
                path=path,
            )
        return found
    try:
        commit = opened.resolve(what)
        return _Target(bytes.fromhex(commit.id), f"commit {commit.id[:12]}", is_commit=True)
    except RefNotFoundError:
        if not is_digest(what):
            raise
        return _Target(bytes.fromhex(what), f"object or snapshot {what[:12]}")


def _at(tree: RootTree, path: str, told: str) -> _Target | None:
    """Returns the object or dataset at a path; some object in it, if that is a folder."""
    dataset = tree.dataset_at(path)
    found = tree.object_at(path) or next(tree.objects(path), None)
    if found is None:
        return None
    example = bytes.fromhex(found.object_id)
    if dataset is not None and dataset.path == path:
        return _Target(bytes.fromhex(dataset.snapshot), told, example=example)
    return _Target(example, told)


def _where(row: Collected | None) -> str:
    if row is None:
        return "a collection will take it, once it is older than the grace"
    since = f" since {row.at:%Y-%m-%d %H:%M}" if row.at is not None else ""
    if row.state is CollectedState.PURGED:
        return f"collection {row.collection} took it, and it is gone: {row.reason}"
    return f"it is in the trash{since}, by collection {row.collection}: {row.reason}"


class _Search:
    """A `Keeper` that looks for one object, snapshot or commit."""

    def __init__(self, source: NodeSource, target: _Target) -> None:
        self._source = source
        self._target = target
        self._in_trees: dict[bytes, bool] = {EMPTY: False}
        self._in_roots: dict[bytes, bool] = {EMPTY: False}
        self._trees: dict[bytes, str] = {}
        self.found: dict[str, None] = {}
        """Why it is kept; in order."""
        self.gone: dict[str, None] = {}
        """Why it goes from where it is not kept."""

    def whole(self, root: bytes, commit: CommitId, why: str) -> None:
        if self._target.is_commit:
            if commit == self._target.id.hex():
                self.found[why] = None
        elif why not in self.found and self._is_in_root(root):
            self.found[why] = None

    def remains(self, root: bytes, commit: CommitId, why: str) -> None:
        self.whole(root, commit, why)

    def tree(self, root: bytes, commit: CommitId) -> None:
        if self._target.is_commit and commit == self._target.id.hex():
            self.found["a branch leads to it: commits stay, and which versions they had"] = None

    def version(self, dataset: str, tree: bytes, why: str) -> None:
        if why not in self.found and not self._target.is_commit and self._is_in_tree(tree):
            self.found[why] = None

    def past(self, dataset: str, tree: bytes, why: str) -> None:
        if not self._target.is_commit and self._is_in_tree(tree):
            self.gone[why] = None
            self._trees[tree] = dataset

    def pinned(self, pins: Pins) -> None:
        if self._target.is_commit:
            return
        for (dataset, snapshot), why in pins.snapshots.items():
            if is_digest(snapshot):
                self.version(dataset, bytes.fromhex(snapshot), why)
        for tree, dataset in self._trees.items():
            for (pinned, partition, snapshot), why in pins.partitions.items():
                if pinned == dataset and partition_snapshot(self._source, tree, partition) == snapshot:
                    start, stop = prefix_range(partition + "/")
                    entries = scan(self._source, tree, start=start, stop=stop)
                    if any(value.id == self._target.id for _, value in entries):
                        self.found[why] = None

    def _is_in_tree(self, node_id: bytes) -> bool:
        """Tells whether the thing is, or lies below, a node of a dataset's tree."""
        if node_id == self._target.id:
            return True
        if node_id not in self._in_trees:
            node = self._read(node_id)
            children = _children(node)
            self._in_trees[node_id] = self._target.id in children or bool(
                node is not None and node.level and any(map(self._is_in_tree, children))
            )
        return self._in_trees[node_id]

    def _is_in_root(self, node_id: bytes) -> bool:
        """Tells whether the thing lies below a node of a commit's tree."""
        if node_id not in self._in_roots:
            node = self._read(node_id)
            look = self._is_in_root if node is not None and node.level else self._is_in_tree
            self._in_roots[node_id] = any(map(look, _children(node)))
        return self._in_roots[node_id]

    def _read(self, node_id: bytes) -> Node | None:
        try:
            return self._source.get(node_id)
        except ObjectMissingError:
            return None  # it is gone, as what somebody held too late may be


def _children(node: Node | None) -> list[bytes]:
    if node is None:
        return []
    return [node.ids[at : at + DIGEST_BYTES] for at in range(0, len(node.ids), DIGEST_BYTES)]
