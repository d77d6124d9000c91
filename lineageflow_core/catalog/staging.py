"""Operations on changes that are not committed yet."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.draft import Draft, DraftStatus
from lineageflow_core.model.merge import BranchPreview, Pick, Side
from lineageflow_core.model.page import DEFAULT_LIMIT, Page


class Staging(Protocol):
    """What each person has staged on each branch: seen by those who ask for it, part of no history.

    The staged changes of `author` on `branch` are a draft: a commit on top of the one that the branch was at
    when the staging began. Every reading operation takes it as the ref `stage:<branch>:<author>` (the author
    percent-encoded). People who stage on one branch do not get in each other's way. A run's branch has no
    drafts.
    """

    def stage(
        self,
        repository: str,
        branch: str,
        changes: Sequence[Change],
        *,
        author: str,
        key: str | None = None,
    ) -> Draft:
        """Applies `changes`, in order, to what `author` has staged on `branch`, and returns the draft.

        All changes are staged, or none. The first ones are based on the branch's tip; later ones stay on
        that commit until `update_draft`. Changes that take back all that was staged leave nothing staged.
        Raises as `History.commit` does.
        """
        ...

    def get_draft(self, repository: str, branch: str, *, author: str) -> DraftStatus:
        """Returns what `author` has staged on `branch`: a draft without changes, if it is nothing."""
        ...

    def list_drafts(
        self,
        repository: str,
        *,
        branch: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DraftStatus]:
        """Returns who has staged what, by branch and author."""
        ...

    def diff_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DiffEntry]:
        """Returns the staged changes at or below `path`, by dataset and path.

        What is gone from one path and new at another one with the same content moved: it stands at its new
        path. Where only one end is below `path`, it is added or removed there.
        """
        ...

    def diff_staged_datasets(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetDiff]:
        """Returns the datasets at or below `path` that the staged changes make different, by path."""
        ...

    def preview_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        paths: Sequence[str] = (),
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
    ) -> BranchPreview:
        """Returns what `commit_staged` would do to `branch` now; its source is the draft."""
        ...

    def discard_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        paths: Sequence[str] = (),
        key: str | None = None,
    ) -> Draft:
        """Takes back what is staged at or below `paths`, or everything, and returns the draft that is left.

        What moved goes back if either end is named; what came into, or out of, a dataset that is staged as
        one thing goes with that, which goes back if all of it moved from or to what is named. Raises
        ObjectNotFoundError where nothing is staged at a path. The draft before stays readable, as
        `stage:<branch>:<author>@{<time>}`.
        """
        ...

    def update_draft(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        key: str | None = None,
    ) -> Draft:
        """Bases the staged changes on the branch's tip, merged with what was committed there since.

        `picks` decides conflicts by their path, `strategy` all others, as in `Merging`: `ours` is what the
        branch has, `theirs` what is staged. Raises MergeConflictError for those left, and nothing has
        happened then.
        """
        ...

    def commit_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        message: str,
        metadata: Mapping[str, str] = {},
        paths: Sequence[str] = (),
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        key: str | None = None,
    ) -> Commit:
        """Commits what is staged at or below `paths`, or everything, and returns the branch's new tip.

        The branch moves and the draft is cleared in one step. If others moved the branch since, the staged
        changes are merged with theirs, as by `update_draft`; MergeConflictError leaves both as they were.
        What is not chosen stays staged, based on the new tip where nothing is in its way. What moved is
        chosen by either end; what was staged as one thing is committed as one thing, else
        InvalidInputError. Raises StateError where nothing is staged.
        """
        ...
