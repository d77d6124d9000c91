"""Merging commits: from two commits to the roots that `tree.merge` joins, and to the commit of the result."""

from collections.abc import Mapping, Sequence

from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Conflict, MergePreview, Side
from lineageflow_core.service.commit_graph import Parting
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.compare import changed_datasets
from lineageflow_core.tree.merge import Merged, MergeInput, merge_roots, virtual_base
from lineageflow_core.tree.root import EMPTY_ROOT
from lineageflow_core.tree.source import NodeBuffer


def preview(opened: OpenRepository, *, ours: Commit, theirs: Commit) -> MergePreview:
    """Returns what merging `theirs` into `ours` would do."""
    nodes = NodeBuffer(opened.nodes)
    parting = opened.graph.part(ours, theirs)
    merged = _merge(opened, nodes, parting, ours, theirs, {})
    result = merged.root or ours.root
    changed = tuple(path for path, _, _ in changed_datasets(nodes, ours.root, result))
    return MergePreview(
        source=theirs.id,
        into=ours.id,
        base=parting.bases[0].id if parting.bases else None,
        up_to_date=not parting.right,
        datasets=changed,
        conflicts=merged.conflicts,
    )


def merge_commits(
    opened: OpenRepository,
    nodes: NodeBuffer,
    *,
    ours: Commit,
    theirs: Commit,
    picks: Mapping[str, Side],
    author: str,
    message: str,
    run_id: RunId | None,
) -> Commit:
    """Returns the merge commit; `ours` if there is nothing to merge. Raises MergeConflictError."""
    parting = opened.graph.part(ours, theirs)
    if not parting.right:
        return ours
    merged = _merge(opened, nodes, parting, ours, theirs, picks)
    if merged.root is None:
        raise conflict_error(merged.conflicts, f"merge {theirs.id[:8]} into {ours.id[:8]}")
    return make_commit(
        parents=[ours, theirs],
        root=merged.root,
        author=author,
        message=message,
        created_at=opened.clock(),
        run_id=run_id,
    )


def undo(
    opened: OpenRepository,
    nodes: NodeBuffer,
    undone: Commit,
    *,
    tip: Commit,
    author: str,
    message: str | None,
) -> Commit:
    """Returns the commit on `tip` that takes back what `undone` did against its first parent.

    That is a three-way merge whose base is the undone commit and whose other side is its parent.
    """
    parent = opened.commit(undone.parents[0]) if undone.parents else None
    before = parent.root if parent else EMPTY_ROOT
    # With what it merged, if it is a merge: a run's units are in the commits that its publication brought.
    replaced = opened.graph.part(parent, undone).right_replaced if parent else frozenset()
    later = opened.graph.part(undone, tip)
    merged = merge_roots(
        nodes,
        MergeInput(
            base=undone.root,
            ours=tip.root,
            theirs=before,
            ours_replaced=later.right_replaced,
            theirs_replaced=replaced,
        ),
        {},
    )
    if merged.root is None:
        raise conflict_error(merged.conflicts, f"revert {undone.id[:8]}")
    if merged.root == tip.root:
        return tip
    return make_commit(
        parents=[tip],
        root=merged.root,
        author=author,
        message=message or f'revert "{undone.message}"',
        created_at=opened.clock(),
        metadata={"reverts": undone.id},
        replaced=sorted(replaced),
    )


def conflict_error(conflicts: Sequence[Conflict], attempt: str) -> MergeConflictError:
    """Returns the error that lists conflicts and says how to decide them."""
    shown = ", ".join(conflict.path for conflict in conflicts[:5])
    more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
    return MergeConflictError(
        f"cannot {attempt}: both sides changed {shown}{more}; nothing happened. Decide each, as in "
        "`lineageflow merge ... --pick PATH=theirs`, or change one side first",
        conflicts=[
            {
                "path": conflict.path,
                "kind": conflict.kind.value,
                "base": conflict.base,
                "ours": conflict.ours,
                "theirs": conflict.theirs,
            }
            for conflict in conflicts
        ],
    )


def _merge(
    opened: OpenRepository,
    nodes: NodeBuffer,
    parting: Parting,
    ours: Commit,
    theirs: Commit,
    picks: Mapping[str, Side],
) -> Merged:
    if not parting.right:
        return Merged(root=ours.root, conflicts=())
    scratch = NodeBuffer(opened.nodes)
    base = _base_root(opened, scratch, parting.bases)
    sides = MergeInput(
        base=base,
        ours=ours.root,
        theirs=theirs.root,
        ours_replaced=parting.left_replaced,
        theirs_replaced=parting.right_replaced,
    )
    if len(parting.bases) < 2:
        return merge_roots(nodes, sides, picks)
    # A virtual base's nodes are for this merge only: they must not reach the pack.
    over_scratch = NodeBuffer(scratch)
    merged = merge_roots(over_scratch, sides, picks)
    nodes.new.update(over_scratch.new)
    return merged


def _base_root(opened: OpenRepository, scratch: NodeBuffer, bases: Sequence[Commit]) -> str:
    """Returns the root to compare both sides with: that of the base, or of several merged into one."""
    if not bases:
        return EMPTY_ROOT
    root, so_far = bases[0].root, bases[0]
    for other in bases[1:]:
        parting = opened.graph.part(so_far, other)
        inner = MergeInput(
            base=_base_root(opened, scratch, parting.bases),
            ours=root,
            theirs=other.root,
            ours_replaced=parting.left_replaced,
            theirs_replaced=parting.right_replaced,
        )
        root = virtual_base(scratch, inner)
        so_far = make_commit(
            parents=[so_far, other],
            root=root,
            author="",
            message="",
            created_at=other.created_at,
        )
    return root
