"""Operations that bring a branch what another place in history has, or take back what it has itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import BranchPreview, Pick, Side
from lineageflow_core.model.settings import StaleReads


class Merging(Protocol):
    """Merge, cherry-pick, revert and reset. Each makes new commits on a branch; nothing is ever rewritten.

    Each becomes visible at once, or not at all, and returns the branch's tip then; where nothing is to be
    changed, that is the tip from before. Each can be previewed, with the same arguments.

    What both sides changed since they parted is a conflict. `picks` decides conflicts by their path: a side,
    or content that is neither side's; `strategy` names the side that wins all others. MergeConflictError
    lists those left, with who made each side, and nothing has happened then. A pick where nothing is in
    conflict is refused: InvalidInputError.

    What a run replaced or put is changed, also where that is what was there when they parted: so it is not
    lost where the target has something else. On the target, what a run wrote as it was stands against other
    runs alone: what people bring takes its place. To take something back goes by content alone.

    `refs` are commits, in the order they are to be done, or ranges: `a..b` is every commit on b's line of
    first parents that is not in the history of a. Of a merge, what is picked or reverted is what it changed
    against its first parent; `mainline` names another one, counted from 1. InvalidInputError if a commit has
    no such parent, or a range no commits. A commit that would change nothing any more is left out.
    """

    def merge(
        self,
        repository: str,
        source: str,
        *,
        into: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        stale_reads: StaleReads | None = None,
        run_id: RunId | None = None,
        key: str | None = None,
    ) -> Commit:
        """Merges `source` into the branch `into`, as one commit.

        If runs of the source read what the branch has changed since, their outputs are out of date although
        nothing collides. `stale_reads` says what becomes of that; None is what the branch's rules say, and
        without any, WARN: the commit's metadata lists the paths under `stale_reads`. With FAIL,
        StaleReadError lists what was read.
        """
        ...

    def preview_merge(
        self,
        repository: str,
        source: str,
        *,
        into: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
    ) -> BranchPreview:
        """Returns what merging `source` into the branch `into` would do now."""
        ...

    def cherry_pick(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
        stale_reads: StaleReads | None = None,
        key: str | None = None,
    ) -> Commit:
        """Does on `branch` what these commits did elsewhere: one new commit for each, ranges oldest first.

        As in git, a commit keeps its message (unless one is given), its author, its run and its metadata. The
        metadata `cherry_picked_from` names the commit, and `cherry_picked_by` is `author`. `stale_reads` is
        as in `merge`: the branch may hold other inputs than the runs read. Raises StaleReadError.
        """
        ...

    def preview_cherry_pick(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
    ) -> BranchPreview:
        """Returns what picking these commits would do to `branch` now."""
        ...

    def revert(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
        key: str | None = None,
    ) -> Commit:
        """Undoes on `branch` what these commits did, and only that: later work stays.

        One new commit for each, so that each can be had back by itself; ranges newest first. The metadata
        `reverts` names the commit. To go back to a state, see `reset`.
        """
        ...

    def preview_revert(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
    ) -> BranchPreview:
        """Returns what undoing these commits would do to `branch` now."""
        ...

    def reset(
        self,
        repository: str,
        branch: str,
        *,
        to: str,
        path: str = "",
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        key: str | None = None,
    ) -> Commit:
        """Makes `branch` what it is at `to`, as one new commit.

        Later work is gone from the tip, not from history. With `path`, only that dataset, partition, object
        or folder; ObjectNotFoundError if there is nothing on either side. What is not there at `to` is
        removed. Nothing conflicts. The metadata `reset_to` names the commit. To undo one commit and keep what
        came after it, see `revert`.
        """
        ...

    def preview_reset(self, repository: str, branch: str, *, to: str, path: str = "") -> BranchPreview:
        """Returns what going back to `to` would do to `branch` now."""
        ...
