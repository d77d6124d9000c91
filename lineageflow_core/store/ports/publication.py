"""What one operation makes visible, all at once."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from lineageflow_core.model.check import Check
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.model.repository import RepositoryChange
from lineageflow_core.model.run import Transaction
from lineageflow_core.model.settings import SettingsChange


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLocation:
    """Where an encoded tree node lies, or a commit, in a pack."""

    node_id: bytes
    """Of a commit, its id."""
    pack_id: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefUpdate:
    """A ref's move, which happens only if the ref still is where it is expected.

    From nothing to nothing makes sure that there is no such ref; of a tag, that there never was, so that
    its name never comes to mean something else. A tag is made only where it was before, if it ever was.
    """

    ref: RefName
    expected: CommitId | None
    """None: the ref does not exist."""
    new: CommitId | None
    """None: the ref is removed."""
    removed: Ref | None = None
    """The ref as it was, if it is removed: the log tells it to whoever repeats the call."""


class DatasetChange(NamedTuple):
    """What a commit did to a dataset, against its first parent."""

    path: str
    before: SnapshotId | None
    after: SnapshotId | None
    """None: the dataset was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitChanges:
    """All datasets that a commit changed against its first parent, by path."""

    commit: CommitId
    datasets: tuple[DatasetChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Everything that one operation makes visible, at once."""

    key: str
    """The operation's idempotency key, unique in its repository."""
    operation: str
    """What was done: 'commit', 'merge', 'create_branch', ..."""
    actor: str
    at: datetime
    updates: tuple[RefUpdate, ...]
    commits: tuple[Commit, ...] = ()
    changes: tuple[CommitChanges, ...] = ()
    """What the commits changed. Of those that are not among these, nothing is recorded."""
    nodes: tuple[NodeLocation, ...] = ()
    """Nodes that are new and the commits, in a pack that is written already."""
    transactions: tuple[Transaction, ...] = ()
    """Transactions of runs as they are to be stored together with the refs. They must be open until now."""
    settings: SettingsChange | None = None
    """What becomes of the settings, which must be `before` until now."""
    repository: RepositoryChange | None = None
    """What becomes of the repository, which must be `before` until now; equal sides only check that."""
    check: Check | None = None
    """A check's result, in place of an earlier one of the same name and content."""
    quarantines: tuple[Quarantine, ...] = ()
    """Quarantines, set or lifted, each in place of an earlier one of the same version."""
    undoes: int | None = None
    """The operation that this one takes back."""
    message: str = ""
    """What the actor says about it, where no commit does."""
    answer: bytes = b""
    """What the call returned, encoded, where nothing else here tells it to whoever repeats it."""
    collection: int | None = None
    """The number of the last collection that had begun when its writer looked at what is stored. None: it
    relies on nothing that is."""

    @property
    def is_for_people(self) -> bool:
        """Tells whether it stands in people's logs: it did more than move runs' branches and drafts."""
        moved = {update.ref.kind for update in self.updates if update.expected != update.new}
        told = self.settings or self.quarantines or self.logged.repository
        return bool(moved & {RefKind.BRANCH, RefKind.TAG} or told)

    @property
    def logged(self) -> "Publication":
        """What the log keeps of it: all but commits, their changes, nodes and transactions."""
        unchanged = self.repository is None or self.repository.before == self.repository.after
        return replace(
            self,
            commits=(),
            changes=(),
            nodes=(),
            transactions=(),
            repository=None if unchanged else self.repository,
            collection=None,
        )
