"""Which commit of one side of a merge last changed or wrote an item: who to ask about a conflict."""

from collections.abc import Callable, Collection, Iterable

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import ChangedBy, changed_by
from lineageflow_core.model.names import is_under
from lineageflow_core.tree.compare import changed_among
from lineageflow_core.tree.root import EMPTY_ROOT
from lineageflow_core.tree.source import NodeSource


def last_changes(
    nodes: NodeSource, read: Callable[[CommitId], Commit], side: Iterable[CommitId], paths: Collection[str]
) -> dict[str, ChangedBy]:
    """Returns, for each path, the last of the side's own commits that changed what is at or below it.

    `side` has them with every commit before its parents. A merge changed what it has as none of its parents
    has it: otherwise it only brought what another commit did, and that one is among the side's own, too.
    """
    found: dict[str, ChangedBy] = {}
    left = set(paths)
    for commit in map(read, side):
        if not left:
            break
        changed = left
        for parent in [read(parent).root for parent in commit.parents] or [EMPTY_ROOT]:
            changed = changed_among(nodes, parent, commit.root, changed) if changed else changed
        found |= dict.fromkeys(changed, changed_by(commit))
        left -= changed
    return found


def last_writes(
    read: Callable[[CommitId], Commit], side: Iterable[CommitId], paths: Collection[str]
) -> dict[str, ChangedBy]:
    """Returns, for each path, the last of the side's own commits by which a run wrote it, or some of it.

    For what it wrote as it was: no commit changed that.
    """
    found: dict[str, ChangedBy] = {}
    left = set(paths)
    for commit in map(read, side):
        if not left:
            break
        units = commit.replaced if commit.run_id is not None else ()
        wrote = {path for path in left if any(is_under(path, each) or is_under(each, path) for each in units)}
        found |= dict.fromkeys(wrote, changed_by(commit))
        left -= wrote
    return found
