"""Making paths of a branch, or all of it, what they were at other commits, in one new commit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import changed_datasets
from lineageflow_core.tree.root import RootTree, object_value
from lineageflow_core.tree.source import NodeBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """One path to be restored; '' is the whole repository."""

    path: str
    source: Commit | None
    """None: the path is to hold nothing."""


def restore_paths(
    opened: OpenRepository,
    nodes: NodeBuffer,
    restorations: Sequence[Restoration],
    *,
    tip: Commit,
    author: str,
    message: str,
    metadata: Mapping[str, str] = {},
) -> Commit:
    """Returns the commit on `tip` that restores these paths; `tip` itself if they are so already."""
    root = _restored(nodes, restorations, tip)
    if root == tip.root:
        return tip
    units = (unit for each in restorations for unit in _units(nodes, tip.root, root, each.path))
    return make_commit(
        parents=[tip],
        root=root,
        author=author,
        message=message,
        created_at=opened.clock(),
        metadata=metadata,
        replaced=list(units),
    )


def _restored(nodes: NodeBuffer, restorations: Sequence[Restoration], tip: Commit) -> str:
    for each in restorations:
        if not each.path and each.source is not None:
            return each.source.root
    edit = RootEdit(nodes, tip.root)
    for each in restorations:
        there = edit.clear(each.path)
        placed = _place(edit, nodes, each)
        if not there and not placed:
            raise ObjectNotFoundError(
                f"there is nothing at {each.path!r}, neither now nor where it is to be restored from",
                path=each.path,
            )
    return edit.finish()


def _place(edit: RootEdit, nodes: NodeBuffer, restoration: Restoration) -> bool:
    if restoration.source is None:
        return False
    tree = RootTree(nodes, restoration.source.root)
    placed = False
    for home, entry in tree.objects_in_datasets(restoration.path):
        edit.place(entry.path, object_value(entry), dataset=home.path, partition_depth=home.partition_depth)
        placed = True
    return placed


def _units(nodes: NodeBuffer, before: str, after: str, path: str) -> Iterator[str]:
    """Yields what was written as one thing: the path, or each dataset that changed in a folder above them."""
    trees = (RootTree(nodes, before), RootTree(nodes, after))
    if path and any(tree.dataset_at(path) is not None for tree in trees):
        yield path
    else:
        yield from (dataset for dataset, _, _ in changed_datasets(nodes, before, after, path=path))
