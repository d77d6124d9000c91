"""What a run gets from a read, and what it is told of a write."""

from dataclasses import dataclass
from typing import BinaryIO

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.model.objects import ObjectEntry, Snapshot
from lineageflow_core.model.quarantine import QuarantineNotice


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run read of one dataset."""

    repository: str
    commit: CommitId
    """The state of the repository that it was read from."""
    snapshots: tuple[Snapshot, ...]
    """Its exact content: one for each partition, or one for the whole where it has none."""
    objects: tuple[ObjectEntry, ...]
    catalog: Catalog
    notices: tuple[QuarantineNotice, ...] = ()
    """What of it is quarantined, with the last good version."""

    def open(self, entry: ObjectEntry) -> BinaryIO:
        """Opens one of `objects` for reading. Raises IntegrityError rather than give damaged bytes."""
        return self.catalog.content.open(self.repository, entry.object_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a run wrote."""

    snapshot: Snapshot
    commit: CommitId
    """The commit on the run's branch."""
    previous: SnapshotId | None
    """What was there before, as the run saw it."""
