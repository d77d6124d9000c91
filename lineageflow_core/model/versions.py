"""The versions that a path has had on a branch."""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.ids import CommitId, RunId, SnapshotId


@dataclass(frozen=True, slots=True, kw_only=True)
class PathVersion:
    """What a commit made of a dataset, a partition or an object."""

    commit: CommitId
    """On the branch itself: where a run or a branch was merged, the merge."""
    snapshot: SnapshotId | None
    """The content's id, of an object that of its bytes; None where the commit removed the path."""
    author: str
    message: str
    created_at: datetime
    run_id: RunId | None = None
