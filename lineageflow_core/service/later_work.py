"""What people did on top of a bad version without replacing it as a whole.

Invariant: what is bad is told apart from later work file by file, by a three-way merge with the bad version
as the base; where both changed a file, the later work has it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from lineageflow_core.errors import InvalidInputError, PathConflictError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.merge import Side, changed_by
from lineageflow_core.model.names import is_under
from lineageflow_core.model.plan import PlanDecision, PlanItem
from lineageflow_core.service.log import changing
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.plan_decisions import BY_FILE, WHOLLY, decided
from lineageflow_core.tree.merge import MergeInput, merge_roots
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeBuffer
from lineageflow_core.tree.transplant import transplant


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Work on top of a bad version."""

    commits: tuple[Commit, ...]
    """Newest first."""
    bad_commit: Commit
    """Where the branch last held the bad version."""
    bad: str | None
    """That version; None where nothing was there."""


def later_work(opened: OpenRepository, tip: Commit, path: str, bad: Collection[str | None]) -> Later | None:
    """Returns the work on top of the last bad content of `path`; None if it was replaced, or never there."""
    commits: list[Commit] = []
    for commit in changing(opened, tip, path):
        digest = RootTree(opened.nodes, commit.root).digest_at(path)
        if digest in bad:
            return Later(commits=tuple(commits), bad_commit=commit, bad=digest) if commits else None
        if digest is None or _replaces(opened, commit, path):
            return None
        commits.append(commit)
    return None


def all_later_work(
    opened: OpenRepository, tip: Commit, path: str, bad: Collection[str | None]
) -> Iterator[Later]:
    """Yields the work on top of each bad content of `path`, newest first, whatever became of it since."""
    commits: list[Commit] = []
    unseen = set(bad)
    for commit in changing(opened, tip, path):
        digest = RootTree(opened.nodes, commit.root).digest_at(path)
        if digest in bad:
            if commits:
                yield Later(commits=tuple(commits), bad_commit=commit, bad=digest)
            unseen.discard(digest)
            if not unseen:
                return
            commits = []
        elif digest is None or _replaces(opened, commit, path):
            commits = []
        else:
            commits.append(commit)


def with_later_work(opened: OpenRepository, tip: Commit, item: PlanItem, later: Later) -> PlanItem | None:
    """Returns an item with what can become of the later work; None if nothing bad is left."""
    item = replace(
        item,
        later=tuple(changed_by(commit) for commit in later.commits),
        bad_commit=later.bad_commit.id,
    )
    nodes = NodeBuffer(opened.nodes)
    try:
        root = kept_later(opened, nodes, tip.root, item)
    except (PathConflictError, InvalidInputError):
        # The layout changed since: file by file there is no telling. Nothing of it is lost unasked.
        return decided(replace(item, choices=WHOLLY), PlanDecision.SKIP)
    merged = RootTree(nodes, root).digest_at(item.path)
    if merged == item.current:
        return None
    item = replace(item, merged=SnapshotId(merged) if merged else None, choices=BY_FILE)
    return decided(item, PlanDecision.KEEP_LATER)


def kept_later(opened: OpenRepository, nodes: NodeBuffer, root: str, item: PlanItem) -> str:
    """Returns a root without what the bad version of an item brought, and with the work since.

    Where both changed a file, the later work has it.
    """
    assert item.bad_commit is not None  # there is later work
    good = opened.commit(item.good_commit).root if item.good_commit else EMPTY_ROOT
    sides = MergeInput(
        base=transplant(nodes, root, opened.commit(item.bad_commit).root, [item.path]),
        ours=root,
        theirs=transplant(nodes, root, good, [item.path]),
    )
    return merge_roots(nodes, sides, {}, strategy=Side.OURS).result


def _replaces(opened: OpenRepository, commit: Commit, path: str) -> bool:
    """Tells whether a commit, or what it merged, wrote `path` or what it is in as one thing."""
    units: Collection[str] = commit.replaced
    if len(commit.parents) > 1:
        units = opened.graph.part(opened.commit(commit.parents[0]), commit).right_replaced
    return any(is_under(path, unit) for unit in units)
