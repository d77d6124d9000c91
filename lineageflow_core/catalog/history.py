"""Operations that make commits, and that compare them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.branch import Comparison
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.versions import PathVersion


class History(Protocol):
    """The graph of commits. Nothing here is ever rewritten: undoing makes a new commit (`Merging`)."""

    def commit(
        self,
        repository: str,
        branch: str,
        changes: Sequence[Change],
        *,
        author: str,
        message: str,
        metadata: Mapping[str, str] = {},
        run_id: RunId | None = None,
        expected: CommitId | None = None,
        key: str | None = None,
    ) -> Commit:
        """Applies `changes`, in order, to the tip of `branch`, and returns the new tip.

        All changes become visible at once, or none does. Writers to one branch queue. `expected` is the
        commit that the caller looked at: if others moved the branch since, the changes go on top of
        theirs where the two touch different units, and RefMovedError says so where they do not. Without
        `expected` the changes apply to whatever the tip is. Changes that change nothing return the tip.
        `branch` may be `run:<id>`: the first commit makes the run's branch (TransactionClosedError once
        the transaction is no longer open). There, what is replaced or put just as it was is a commit, too:
        where it is published, the branch may have something else by then. Raises PathConflictError,
        InvalidInputError, ObjectMissingError if an object was not uploaded before.
        """
        ...

    def log(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        author: str | None = None,
        run_id: RunId | None = None,
        message: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        metadata: Mapping[str, str] = {},
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Commit]:
        """Returns `ref` and its first parents, newest first: of those, what all of the rest is true of.

        They changed something at or below `path` against their first parent; they are by exactly this
        `author`, made by this run, with a `message` that contains the text in whatever case, not before
        `since` and before `until` (without a zone they are UTC), and say all this in their `metadata`.

        `ref` may be a range, as in git (https://git-scm.com/docs/gitrevisions): `a..b` leaves out what is in
        the history of `a`, and `a...b` is both lines without what their histories have in common.
        """
        ...

    def graph(
        self,
        repository: str,
        refs: Sequence[str] = (),
        *,
        path: str = "",
        author: str | None = None,
        run_id: RunId | None = None,
        message: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        metadata: Mapping[str, str] = {},
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Commit]:
        """Returns `refs` and all their ancestors, also merged ones; of all branches where no ref is given.

        By generation and id, the largest first: so every commit comes before its parents. What narrows it
        down is that of `log`, but that a merge changed `path` only if it made of it what no parent has. A ref
        may be a range: what one leaves out, all leave out.
        """
        ...

    def list_versions(
        self, repository: str, ref: str, path: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[PathVersion]:
        """Returns what the first parents of `ref` made of the dataset, partition or object at `path`.

        Newest first; nothing if there never was one.
        """
        ...

    def compare(self, repository: str, left: str, right: str) -> Comparison:
        """Returns how many commits `right` is ahead of and behind `left`, and where they parted."""
        ...

    def diff(
        self,
        repository: str,
        left: str,
        right: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DiffEntry]:
        """Returns the objects at or below `path` that differ from `left` to `right`, by path.

        What is gone at one of these paths and new at another one with the same content is told once, as
        moved, at its new path; unless more than 50,000 objects differ: then only whole datasets move.
        """
        ...

    def diff_datasets(
        self,
        repository: str,
        left: str,
        right: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetDiff]:
        """Returns the datasets at or below `path` that differ from `left` to `right`, by path.

        Moves are told as in `diff`.
        """
        ...

    def merge_base(self, repository: str, left: str, right: str) -> CommitId | None:
        """Returns the best common ancestor; None where the histories share nothing."""
        ...
