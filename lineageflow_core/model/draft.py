"""A draft: what one person staged on one branch, not committed yet.

It is a commit like any other (readable, diffable), but no part of history: its only parent is the commit
that the staging is based on, so what differs between the two are the staged changes. No branch or tag ever
names one.
"""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId

DRAFT_MARK = "lineageflow:draft"
"""The key in a commit's metadata that makes it a draft; its value is the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one person staged on one branch."""

    branch: str
    author: str
    base: CommitId
    """The commit that the staging is based on."""
    commit: CommitId
    """`base` with the staged changes, readable as the ref `stage:<branch>:<author>`; `base` itself where
    nothing is staged."""
    staged_at: datetime | None = None
    """When it last changed; None where nothing is staged."""
    replaced: tuple[str, ...] = ()
    """Datasets and partitions that are staged as one thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStatus:
    """A draft with what is in it, and how its branch stands to it."""

    draft: Draft
    tip: CommitId | None
    """Where the branch is now; None where it is gone."""
    behind: int
    """How many commits the branch has that the draft is not based on."""
    datasets: int
    """How many datasets differ; one that moved as it is counts once."""
    added: int
    """How many objects are added; what moved is counted apart."""
    changed: int
    removed: int
    moved: int
    size_change: int
    """Bytes more, or less, than at the base."""


def is_draft(commit: Commit) -> bool:
    """Tells whether a commit is somebody's staged changes."""
    return DRAFT_MARK in commit.metadata


def draft_of(branch: str, author: str, commit: Commit) -> Draft:
    """Returns the draft that a commit is; one without changes, based on it, if it is an ordinary one."""
    if not is_draft(commit):
        return Draft(branch=branch, author=author, base=commit.id, commit=commit.id)
    return Draft(
        branch=branch,
        author=author,
        base=commit.parents[0],
        commit=commit.id,
        staged_at=commit.created_at,
        replaced=commit.replaced,
    )
