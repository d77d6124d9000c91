"""Which commit of one side of a merge last changed an item: who to ask about a conflict."""

from collections.abc import Callable, Collection, Iterable

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import ChangedBy, changed_by
from lineageflow_core.tree.compare import differ_at
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeSource


def last_changes(
    nodes: NodeSource, read: Callable[[CommitId], Commit], side: Iterable[CommitId], paths: Collection[str]
) -> dict[str, ChangedBy]:
    """Returns, for each path, the last of the side's own commits that changed what is at or below it.

    `side` has them with every commit before its parents.

    A merge changed what it has as none of its parents has it: otherwise it only brought what another commit
    did, and that one is among the side's own, too. Costs the side's commits times the paths not found yet.
    """
    found: dict[str, ChangedBy] = {}
    if not paths:
        return found
    for commit in map(read, side):
        before = [read(parent).root for parent in commit.parents] or [EMPTY_ROOT]
        if commit.root in before:
            continue
        here, parents = RootTree(nodes, commit.root), [RootTree(nodes, root) for root in before]
        for path in paths:
            if path not in found and all(differ_at(parent, here, path) for parent in parents):
                found[path] = changed_by(commit)
        if len(found) == len(paths):
            break
    return found
