"""What a lake is kept in: narrow ports, below all semantics.

Two kinds of things. Immutable ones (objects, tree nodes, commits) are bytes under their own digest, in a
`ContentStore`, one per repository, and are written before anything points at them. Movable ones (refs,
transactions, plans, lineage) are rows in the other stores. Everything visible changes in one place:
`RefStore.publish`.

Contracts that hold for every implementation, and that `lineageflow_core.testing` checks: a call is atomic
and durable on return; a write repeated with the same content changes nothing; a read sees every write
that returned before it, from any process. `repository` is always a RepositoryInfo's id, which no rename
changes; only `RepositoryStore.get` takes a name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, runtime_checkable

from lineageflow_core.model.check import Check
from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, ObjectId, PlanId, RunId, SnapshotId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo, RepositoryName
from lineageflow_core.model.run import Run, RunState, Transaction, TransactionState
from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.model.storage import StorageReport
from lineageflow_core.model.table import TableId, TableProfile
from lineageflow_core.model.transfer import Import, ImportId, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that is durable."""

    object_id: ObjectId
    size: int


class PackPart(NamedTuple):
    """Some bytes of a pack."""

    pack_id: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """An object or a pack, as a listing tells of it."""

    kind: ContentKind
    id: str
    size: int
    modified_at: datetime
    """By the storage's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashedContent:
    """An object or a pack in the trash."""

    kind: ContentKind
    id: str
    size: int
    collection: int
    """The number of the collection that took it."""


class Trash(Protocol):
    """Taking objects and packs out of use, and back.

    What is in the trash is there for all who ask the content store for it: it finds it, and brings it back.
    Every call may be repeated, and a process may die in any of them: a thing is then in one place or in both.
    """

    def now(self) -> datetime:
        """Returns the time by the clock that `StoredContent.modified_at` is told by."""
        ...

    def list_stored(self, kind: ContentKind) -> Iterator[StoredContent]:
        """Yields what is stored and not in the trash, in no order; maybe not what is written meanwhile."""
        ...

    def discard(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        """Moves things into the trash of a collection. Nothing happens to those that are not stored."""
        ...

    def list(self) -> Iterator[TrashedContent]:
        """Yields what is in the trash, in no order."""
        ...

    def recall(self, kind: ContentKind, ids: Iterable[str]) -> set[str]:
        """Brings things back out of the trash of any collection; returns those that are stored now."""
        ...

    def purge(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        """Deletes things for good from the trash of one collection, and from nowhere else."""
        ...


class ContentStore(Protocol):
    """Immutable bytes of one repository."""

    @property
    def trash(self) -> Trash: ...

    def write_objects(
        self, sources: Sequence[bytes | Path], *, progress: Callable[[int], None] | None = None
    ) -> list[StoredObject]:
        """Stores each source under its digest; all are durable on return, in the order given.

        `progress` is told how many more bytes are done, by any thread: in all as many as the sources have.

        Raises StorageFullError or StorageError, leaving at most unreferenced bytes behind.
        """
        ...

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        """Opens an object for reading, seekable, verified. Raises ObjectMissingError, IntegrityError."""
        ...

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        """Returns those that are not stored."""
        ...

    def write_pack(self, pack_id: str, content: bytes) -> None:
        """Stores a pack: the nodes and commits of one publication, as one file."""
        ...

    def read_pack(self, pack_id: str, offset: int, length: int) -> bytes:
        """Returns part of a pack, unverified. Raises ObjectMissingError."""
        ...

    def read_packs(self, parts: Sequence[PackPart]) -> list[bytes]:
        """Returns parts of packs in the order given, as `read_pack` does, with as few requests as it can."""
        ...

    def list_packs(self) -> Iterable[str]:
        """Returns every pack's id, so that the rows about history can be rebuilt from the content alone."""
        ...

    def check(self) -> StorageReport:
        """Tries out what the storage lets us do, and tells. Raises nothing about it."""
        ...


@runtime_checkable
class KeptAsFiles(Protocol):
    """A ContentStore whose objects are files of this machine: programs that read files need no copies."""

    def object_file(self, object_id: ObjectId) -> Path:
        """Returns an object's file, which nobody may change, unverified. Raises ObjectMissingError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLocation:
    """Where an encoded tree node lies."""

    node_id: bytes
    pack_id: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefUpdate:
    """A ref's move, which happens only if the ref still is where it is expected."""

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
    """Nodes that are new, in a pack that is written already."""
    transaction: Transaction | None = None
    """A run's transaction as it is to be stored together with the refs. It must be open until now."""
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
        """What the log keeps of it: all but commits, their changes, nodes and transaction."""
        unchanged = self.repository is None or self.repository.before == self.repository.after
        return replace(
            self,
            commits=(),
            changes=(),
            nodes=(),
            transaction=None,
            repository=None if unchanged else self.repository,
            collection=None,
        )


class RepositoryStore(Protocol):
    """Which repositories there are."""

    def add(self, info: RepositoryInfo) -> None:
        """Adds a repository. Raises AlreadyExistsError if its name is taken."""
        ...

    def get(self, name: str) -> RepositoryInfo | None:
        """Returns the repository that has this name now, even if it is deleted."""
        ...

    def with_id(self, repository: str) -> RepositoryInfo | None: ...

    def list(self, *, after: str | None, limit: int, deleted: bool = False) -> Page[RepositoryInfo]:
        """By name; those that are deleted, or those that are not."""
        ...

    def names(self) -> tuple[RepositoryName, ...]:
        """Returns the names that repositories had, in the order in which they got them.

        Of a repository that was never renamed, and whose name no other had before, there are none.
        """
        ...

    def purge(self, repository: str) -> None:
        """Removes a repository for good, with all rows about it but lineage; its name is free.

        Its content is not touched. Raises StateError if it is not deleted.
        """
        ...


class RefStore(Protocol):
    """Refs and the log of their moves."""

    def get(self, repository: str, ref: RefName) -> Ref | None: ...

    def list(
        self, repository: str, *, kind: RefKind, prefix: str, after: str | None, limit: int
    ) -> Page[Ref]:
        """By name."""
        ...

    def tips(self, repository: str, kind: RefKind) -> Sequence[CommitId]:
        """Returns the commits that refs of one kind are at, each once, in any order."""
        ...

    def as_of(self, repository: str, ref: RefName, at: datetime) -> CommitId | None:
        """Returns where the ref stood at an instant; None before it was made and after it was removed.

        A ref's moves are in order even if a clock was not: a move counts from its instant, or from the
        ref's move before it, whichever is later.
        """
        ...

    def published(self, repository: str, key: str) -> Publication | None:
        """Returns what was published under a key; its commits, nodes and transaction are left out."""
        ...

    def publish(self, repository: str, publication: Publication) -> Publication:
        """Makes commits, node locations, ref updates and the log entry visible in one step.

        Returns what `published` tells from now on. If the key was published before, returns that
        publication and changes nothing. Changes nothing and raises RefMovedError (details: ref, expected,
        actual) if any ref is not where it is expected, CollectionBegunError if a later collection than
        `publication.collection` has begun, TransactionClosedError if
        `publication.transaction` is stored and not open, ConflictError if the settings or the repository
        are not what they are expected to be, AlreadyExistsError if the repository's new name is taken, or
        if a tag would be made that once stood at another commit, and InvalidInputError if a ref or a commit
        would point at a commit that is not stored.
        """
        ...

    def turn(self, repository: str, ref: RefName) -> AbstractContextManager[None]:
        """Waits for the caller's turn to write a ref, first come first served, and holds it.

        Only for fairness: correctness rests on the compare-and-swap in `publish`. A process that dies
        gives its turn up. Raises StateError if this thread holds it already.
        """
        ...


class CommitLink(NamedTuple):
    """A commit as a node of the graph. A tuple, because they are made by the hundred thousand."""

    id: CommitId
    parents: tuple[CommitId, ...]
    generation: int
    replaces: bool
    """Whether the commit wrote units as one thing."""


class CommitPlace(NamedTuple):
    """Where a commit stands among all: every commit has a larger place than its ancestors."""

    generation: int
    id: CommitId


class SettingsStore(Protocol):
    """Settings of repositories. Filled by `RefStore.publish`."""

    def get(self, repository: str) -> RepositorySettings:
        """Returns the settings; the defaults where nobody changed them."""
        ...


class OperationStore(Protocol):
    """The log of publications. Filled by `RefStore.publish`; nothing is ever removed from it."""

    def get(self, repository: str, operation: int) -> Operation | None: ...

    def with_key(self, repository: str, key: str) -> Operation | None:
        """Returns what was published under a key."""
        ...

    def makers(self, repository: str, refs: Sequence[RefName], *, operation: str) -> dict[RefName, Operation]:
        """Returns the last operation of this name that made each of these refs, without its moves."""
        ...

    def list(
        self,
        repository: str,
        *,
        actor: str | None,
        operation: str | None,
        refs: Sequence[RefName],
        since: datetime | None,
        until: datetime | None,
        after: str | None,
        limit: int,
    ) -> Page[Operation]:
        """Newest first. Those that moved one of `refs`, if any are named.

        Where neither an operation nor refs are named, only what is for people.
        """
        ...


class CheckStore(Protocol):
    """Results of checks. Filled by `RefStore.publish`."""

    def list(self, repository: str, root: str) -> list[Check]:
        """Returns the latest result of each check of this content, by name."""
        ...


class CommitStore(Protocol):
    """Commits and the whereabouts of tree nodes. Filled by `RefStore.publish`."""

    def get(self, repository: str, commit: CommitId) -> Commit | None: ...

    def get_many(self, repository: str, commits: Sequence[CommitId]) -> dict[CommitId, Commit]: ...

    def find(self, repository: str, prefix: str, *, limit: int) -> list[CommitId]:
        """Returns ids that start with these hex digits, in order."""
        ...

    def ancestors(
        self, repository: str, commits: Sequence[CommitId], *, down_to: int
    ) -> Sequence[CommitLink]:
        """Returns these commits and their ancestors, those of generation `down_to` or more, in any order.

        May leave out what lies behind a commit that it returns; who misses a parent asks for it again. May
        return others of them, too.
        """
        ...

    def made_by(self, repository: str, run_id: RunId) -> list[CommitPlace]:
        """Returns the commits that a run made, the last place first."""
        ...

    def touching(
        self, repository: str, path: str, *, after: CommitPlace | None, limit: int
    ) -> list[CommitPlace]:
        """Returns commits that may have changed something at or below `path`, the last place first.

        All that did are among them: those that changed a dataset there or above, and those of which nothing
        is recorded. Whether they did, their trees say. `after` is a place to go on behind.
        """
        ...

    def snapshots_after(
        self, repository: str, dataset: str, commits: Sequence[CommitId]
    ) -> dict[CommitId, SnapshotId | None]:
        """Returns what the dataset was after those of the commits that are recorded to have changed it."""
        ...

    def locate(self, repository: str, node_ids: Sequence[bytes]) -> dict[bytes, NodeLocation]: ...


EXPIRING = (TransactionState.OPEN, TransactionState.DISCARDED)
"""The states of transactions whose branches are there until they expire."""


class TransactionStore(Protocol):
    """Transactions of runs."""

    def add(self, repository: str, transaction: Transaction) -> Transaction:
        """Adds it, or returns the one that the run has in this repository already."""
        ...

    def get(self, repository: str, run_id: RunId) -> Transaction | None: ...

    def list(
        self, repository: str, *, state: TransactionState | None, after: str | None, limit: int
    ) -> Page[Transaction]:
        """Newest first."""
        ...

    def expiring(self, repository: str, *, before: datetime, limit: int) -> Sequence[Transaction]:
        """Returns open and discarded ones whose `expires_at` is `before` or earlier, the earliest first."""
        ...

    def move(self, repository: str, transaction: Transaction, *, expected: TransactionState) -> bool:
        """Stores the transaction if its stored state is `expected`; tells whether it did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An OpenLineage event as it came."""

    digest: bytes
    """BLAKE3 of its canonical JSON: equal events are one event."""
    run_id: RunId | None
    """None where it is not about a run, or cannot be understood."""
    body: bytes
    """JSON."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the events of one run say, folded."""

    run: Run
    reads: tuple[Io, ...]
    writes: tuple[Io, ...]


class LineageWriter(Protocol):
    """One transaction on a LineageStore."""

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        """Stores the events that are new; tells for each whether it was."""
        ...

    def events_of(self, run_id: RunId) -> list[StoredEvent]: ...

    def put_facts(self, facts: RunFacts) -> None:
        """Makes these the facts about the run, in place of those before."""
        ...


class LineageStore(Protocol):
    """The log of events, and the facts folded from it."""

    def write(self) -> AbstractContextManager[LineageWriter]:
        """Opens a transaction: all of it on a normal exit, none of it on an exception. One at a time."""
        ...

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]: ...

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        """Runs whose parent is one of these, by start."""
        ...

    def list_runs(
        self,
        *,
        job: str | None,
        state: RunState | None,
        parent: RunId | None,
        after: str | None,
        limit: int,
    ) -> Page[Run]:
        """Newest first; those without a parent where `parent` is None. `job` is a job's name."""
        ...

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]: ...

    def readers(self, versions: Sequence[Version]) -> list[Io]: ...

    def writers(self, versions: Sequence[Version]) -> list[Io]: ...


class PlanStore(Protocol):
    """Plans, by id."""

    def repository_of(self, plan: PlanId) -> str | None:
        """Returns the id of the repository that a plan is about."""
        ...

    def add(self, repository: str, plan: RollbackPlan) -> None: ...

    def get(self, plan: PlanId) -> RollbackPlan | None: ...

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[RollbackPlan]:
        """Newest first."""
        ...

    def replace(self, plan: RollbackPlan) -> None:
        """Stores a plan that is stored already, in its new state."""
        ...


class QuarantineStore(Protocol):
    """Quarantines, one for each version that ever was quarantined. Filled by `RefStore.publish`."""

    def holding(self, repository: str, dataset: str) -> list[Quarantine]:
        """Returns those of a dataset's versions that hold, lifted ones not, by partition and version."""
        ...

    def list(self, repository: str, *, path: str, after: str | None, limit: int) -> Page[Quarantine]:
        """Returns those that hold of datasets at or below `path`, by dataset, partition and version."""
        ...


class CollectionStore(Protocol):
    """Which collections there were, and what they took: one row for each object and pack, which stays.

    A row is LEAVING from before its thing moves into the trash, TRASHED from when it has, and PURGED from
    before it is deleted. What has a row may be gone soon; what has none stays.
    """

    def last(self, repository: str) -> int:
        """Returns the number of the last collection that has begun; 0 before the first."""
        ...

    def begin(self, repository: str) -> int:
        """Begins a collection, and returns its number: one more than the last one's.

        No publication whose writer looked before becomes visible after this.
        """
        ...

    def condemn(self, repository: str, things: Sequence[Collected]) -> None:
        """Adds rows that are LEAVING; takes over those of earlier collections that are LEAVING or PURGED.

        Changes nothing and raises CollectionBegunError if a later collection has begun.
        """
        ...

    def confirm(self, repository: str, ids: Sequence[str], *, collection: int, at: datetime) -> None:
        """Makes rows of this collection that are LEAVING TRASHED at an instant by the storage's clock."""
        ...

    def spare(self, repository: str, ids: Iterable[str]) -> dict[str, Collected]:
        """Removes rows, but for those that are PURGED; returns what they were, PURGED or not, by id."""
        ...

    def forget(self, repository: str, rows: Sequence[Collected]) -> None:
        """Removes rows that are PURGED, and that no later collection has taken over: they are stored again.

        A row that is another by now stays: whoever was slow must not hide that the thing has gone since.
        """
        ...

    def purge(self, repository: str, ids: Sequence[str], *, collection: int) -> set[str]:
        """Makes rows of earlier collections that are TRASHED PURGED; returns the ids of those.

        The locations of nodes in packs among them are forgotten. Changes nothing and raises
        CollectionBegunError if a later collection than `collection` has begun.
        """
        ...

    def get(self, repository: str, ids: Sequence[str]) -> dict[str, Collected]: ...

    def list(
        self, repository: str, *, states: Sequence[CollectedState], after: str | None, limit: int
    ) -> Page[Collected]:
        """By id."""
        ...


class ProfileStore(Protocol):
    """What was found out about tables, by content."""

    def get(self, repository: str, table: TableId) -> TableProfile | None: ...

    def put(self, repository: str, profile: TableProfile) -> None:
        """Keeps a profile. The first one stays, but one of all rows replaces one of a sample."""
        ...


class ReferenceStore(Protocol):
    """What imported objects refer to, by id. Append-only: an id is its reference's digest."""

    def add(self, repository: str, references: Mapping[bytes, bytes]) -> None:
        """Keeps references in their canonical form (`model.transfer`), by the 32 bytes of their ids."""
        ...

    def get_many(self, repository: str, object_ids: Iterable[ObjectId]) -> dict[ObjectId, Reference]:
        """Returns those of these objects that are references."""
        ...


class ImportStore(Protocol):
    """Imports, by id."""

    def add(self, repository: str, started: Import) -> Import:
        """Stores an import, or returns the one of the same plan that is running in this repository."""
        ...

    def get(self, repository: str, import_id: ImportId) -> Import | None: ...

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[Import]:
        """Newest first."""
        ...

    def move(self, repository: str, changed: Import, *, expected: Import) -> bool:
        """Stores an import in its new state if it is stored as `expected`; tells whether it did."""
        ...


class Stores(Protocol):
    """All stores of one lake."""

    @property
    def repositories(self) -> RepositoryStore: ...
    @property
    def refs(self) -> RefStore: ...
    @property
    def settings(self) -> SettingsStore: ...
    @property
    def operations(self) -> OperationStore: ...
    @property
    def checks(self) -> CheckStore: ...
    @property
    def commits(self) -> CommitStore: ...
    @property
    def transactions(self) -> TransactionStore: ...
    @property
    def lineage(self) -> LineageStore: ...
    @property
    def plans(self) -> PlanStore: ...
    @property
    def quarantines(self) -> QuarantineStore: ...
    @property
    def profiles(self) -> ProfileStore: ...
    @property
    def collections(self) -> CollectionStore: ...
    @property
    def references(self) -> ReferenceStore: ...
    @property
    def imports(self) -> ImportStore: ...

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        """Returns the content of the repository with this id.

        `storage` is the URL that the repository names; None: where the lake keeps what names none. Raises
        InvalidInputError if the URL cannot be used here.
        """
        ...

    def close(self) -> None:
        """Gives up connections. The stores are not used afterwards."""
        ...
