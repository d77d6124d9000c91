"""What merging, cherry-picking, reverting or resetting would do to a branch, and what stands in its way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.settings import StaleReads


class ConflictKind(StrEnum):
    """Why both sides cannot be had."""

    OBJECT = "object"
    """Both changed the object at this path, differently."""
    UNIT = "unit"
    """One side wrote this dataset or partition as one thing, and the other changed it too. What a run wrote
    is written, even if it wrote it as it was."""
    PATH = "path"
    """The path would be an object and a folder at once."""


class Side(StrEnum):
    """A side of a merge to take an item from."""

    OURS = "ours"
    """The branch that changes."""
    THEIRS = "theirs"
    """What is brought to it: the ref merged, the commit picked, or the state before the commit reverted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Content for an item in conflict that is neither side's. `content` and `content_of` below make it."""

    objects: tuple[ObjectEntry, ...] = ()
    """What is to be there, uploaded before; paths are relative to the item's ('' is the item itself). Without
    any, and without `ref`, the item is removed."""
    ref: str | None = None
    """The item is to be what it is at this ref; then there are no `objects`."""


Pick: TypeAlias = Side | Resolution
"""How one conflict is decided."""


def content(objects: Iterable[ObjectEntry]) -> Resolution:
    """Returns a pick of content that was put together by hand; of nothing, to remove the item."""
    return Resolution(objects=tuple(objects))


def content_of(ref: str) -> Resolution:
    """Returns a pick of what a ref has at the item's path."""
    return Resolution(ref=ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedBy:
    """The last commit of one side that changed an item."""

    commit: CommitId
    author: str
    message: str
    created_at: datetime
    run_id: RunId | None = None


def changed_by(commit: Commit) -> ChangedBy:
    """Returns what is told of a commit beside the item that it changed."""
    return ChangedBy(
        commit=commit.id,
        author=commit.author,
        message=commit.message,
        created_at=commit.created_at,
        run_id=commit.run_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One item that a person (or policy) must decide. Ids are of objects or of snapshots, by kind."""

    path: str
    kind: ConflictKind
    base: str | None
    """Content where the two sides parted; None where nothing was there."""
    ours: str | None
    theirs: str | None
    ours_objects: int = 1
    """How many objects of the item our side changed since the base; 0 if a run wrote them as they were."""
    theirs_objects: int = 1
    ours_by: ChangedBy | None = None
    """Who made it what it is on our side. None where no single commit of that side did."""
    theirs_by: ChangedBy | None = None
    source: CommitId | None = None
    """Of the commits that were to be brought in, the one that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRead:
    """A dataset or partition that runs of the source read, and that the target has changed since.

    What these runs wrote was made from the old content, although no path of it collides with anything.
    """

    dataset: str
    partition: str
    """'' is the whole dataset."""
    read: SnapshotId | None
    """What the runs read; None of a partition that is new since they read all that there were."""
    now: SnapshotId | None
    """What the target holds; None where it is gone."""
    readers: tuple[RunId, ...]
    changed_by: ChangedBy | None = None
    """Who changed it on the target. None where that was before the histories parted."""

    @property
    def path(self) -> str:
        """Where it lies in the repository."""
        return f"{self.dataset}/{self.partition}" if self.partition else self.dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPreview:
    """What an operation would do to a branch now. Nothing has happened yet."""

    branch: str
    head: CommitId
    """The branch's tip that this was worked out for."""
    sources: tuple[CommitId, ...]
    """What would be merged, picked, reverted or gone back to, in this order."""
    base: CommitId | None = None
    """Of a merge: where the two histories parted."""
    up_to_date: bool
    """The branch would not change: it has all of it already."""
    datasets: tuple[DatasetDiff, ...]
    """What would differ on the branch afterwards, with undecided conflicts as the branch has them."""
    conflicts: tuple[Conflict, ...] = ()
    """Those that no pick and no strategy decides. While there are any, nothing can happen."""
    stale_reads: tuple[StaleRead, ...] = ()
    stale_policy: StaleReads = StaleReads.ALLOW
    """What becomes of stale reads: with FAIL, nothing can happen while there are any."""
    refusals: tuple[str, ...] = ()
    """Why the branch's rules refuse it, whoever does it. While there are any, nothing can happen."""
    required_metadata: tuple[str, ...] = ()
    """What its metadata must say, by the branch's rules."""
    writers: tuple[str, ...] = ()
    """Who alone may do it, by the branch's rules; none named: everyone."""
