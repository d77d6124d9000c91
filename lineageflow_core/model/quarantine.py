"""Quarantine: exact versions that readers are warned of, or kept from.

What is quarantined is content, not a place: the same content is quarantined on every branch and in every
commit, and other content at the same path never is.
"""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.ids import CommitId, PlanId, SnapshotId
from lineageflow_core.model.lineage import Impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """That a version of a dataset, or of one partition, is not to be trusted, and who says so."""

    dataset: str
    partition: str
    """'' for the dataset as a whole."""
    snapshot: SnapshotId
    reason: str
    author: str
    at: datetime
    plan: PlanId | None = None
    """The plan that took the version back, if one did."""
    lifted_at: datetime | None = None
    """None while it holds."""
    lifted_by: str | None = None

    @property
    def path(self) -> str:
        """The dataset's or partition's path."""
        return f"{self.dataset}/{self.partition}" if self.partition else self.dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineReport:
    """A quarantine, and what was made of the version."""

    quarantine: Quarantine
    derived: tuple[Impact, ...]
    """Versions that were derived from it and that no clean run made: they cannot be trusted, either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineNotice:
    """What a reader is told of a quarantined version that it is about to read."""

    repository: str
    quarantine: Quarantine
    last_good: SnapshotId | None = None
    """The last version before it that is not quarantined; None if there is none."""
    last_good_commit: CommitId | None = None
    """Where that is to be read."""

    @property
    def text(self) -> str:
        """The notice in words: what, why, who, and what to read instead."""
        held = self.quarantine
        instead = (
            f"the last good version is {(self.last_good or '')[:8]}, at "
            f"'lf://{self.repository}/@{self.last_good_commit[:12]}/{held.path}'"
            if self.last_good_commit
            else "there is no good version before it"
        )
        return (
            f"version {held.snapshot[:8]} of {held.path!r} in {self.repository!r} is quarantined by "
            f"{held.author}: {held.reason}; {instead}"
        )
