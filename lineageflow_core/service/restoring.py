"""Making paths of a branch what they were at other commits, in one new commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.root import RootTree, object_value
from lineageflow_core.tree.source import NodeBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """One path to be restored."""

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
    edit = RootEdit(nodes, tip.root)
    for restoration in restorations:
        there = edit.clear(restoration.path)
        placed = _place(edit, opened, restoration)
        if not there and not placed:
            raise ObjectNotFoundError(
                f"there is nothing at {restoration.path!r}, neither now nor where it is to be restored from",
                path=restoration.path,
            )
    root = edit.finish()
    if root == tip.root:
        return tip
    return make_commit(
        parents=[tip],
        root=root,
        author=author,
        message=message,
        created_at=opened.clock(),
        metadata=metadata,
        replaced=[restoration.path for restoration in restorations],
    )


def _place(edit: RootEdit, opened: OpenRepository, restoration: Restoration) -> bool:
    if restoration.source is None:
        return False
    tree = RootTree(opened.nodes, restoration.source.root)
    placed = False
    for home, entry in tree.objects_in_datasets(restoration.path):
        edit.place(entry.path, object_value(entry), dataset=home.path, partition_depth=home.partition_depth)
        placed = True
    return placed
