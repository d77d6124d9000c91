"""Small values to fill stores with."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from blake3 import blake3

from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.run import Job, Run, RunState, Transaction, TransactionState
from lineageflow_core.store.ports import Publication, RefStore, RefUpdate, RunFacts, StoredEvent

NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
"""When things happen, unless a test says when."""
MAIN = RefName(kind=RefKind.BRANCH, name="main")


def later(minutes: float) -> datetime:
    """Returns an instant some minutes after (or, if negative, before) noon."""
    return NOON + timedelta(minutes=minutes)


def new_repository() -> str:
    """Returns an id under which nothing is stored yet."""
    return uuid4().hex


def branch(name: str) -> RefName:
    """Returns the name of a branch."""
    return RefName(kind=RefKind.BRANCH, name=name)


def run_id(number: int) -> RunId:
    """Returns a run's id; a larger number gives one that sorts later."""
    return RunId(str(UUID(int=number)))


def new_commit(message: str, *parents: Commit) -> Commit:
    """Returns a commit whose content is its message."""
    root = blake3(message.encode()).hexdigest()
    return make_commit(parents=parents, root=root, author="ada", message=message, created_at=NOON)


def move(ref: RefName, expected: Commit | None, new: Commit | None) -> RefUpdate:
    """Returns the move of a ref from one commit to another."""
    return RefUpdate(ref=ref, expected=expected.id if expected else None, new=new.id if new else None)


def publication(
    key: str,
    *updates: RefUpdate,
    commits: Iterable[Commit] = (),
    transaction: Transaction | None = None,
    at: datetime = NOON,
) -> Publication:
    """Returns a publication of these moves."""
    return Publication(
        key=key,
        operation="commit",
        actor="ada",
        at=at,
        updates=updates,
        commits=tuple(commits),
        transactions=() if transaction is None else (transaction,),
    )


def publish_commit(
    refs: RefStore, repository: str, commit: Commit, *, after: Commit | None = None, ref: RefName = MAIN
) -> Publication:
    """Publishes a commit on a branch that is at `after`, with the commit's id as key."""
    return refs.publish(repository, publication(commit.id, move(ref, after, commit), commits=[commit]))


def new_transaction(
    number: int,
    base: Commit,
    *,
    state: TransactionState = TransactionState.OPEN,
    created_at: datetime = NOON,
) -> Transaction:
    """Returns the transaction of the run with this number."""
    return Transaction(
        run_id=run_id(number),
        repository="flights",
        base=base.id,
        into="main",
        state=state,
        created_at=created_at,
        expires_at=created_at + timedelta(days=14),
    )


def new_run(
    number: int,
    *,
    job: str = "flights.clean",
    state: RunState = RunState.COMPLETED,
    parent: RunId | None = None,
    started_at: datetime | None = NOON,
    ended_at: datetime | None = None,
) -> Run:
    """Returns the run with this number."""
    return Run(
        id=run_id(number),
        job=Job(namespace="dagster", name=job),
        state=state,
        parent=parent,
        started_at=started_at,
        ended_at=ended_at,
        environment={"python": "3.11"},
    )


def new_version(name: str, content: str | None = "1", partition: str = "") -> Version:
    """Returns a version of a dataset of ours."""
    return Version(namespace="lf://flights", name=name, partition=partition, version=content)


def new_facts(run: Run, *, reads: Sequence[Version] = (), writes: Sequence[Version] = ()) -> RunFacts:
    """Returns facts about a run."""
    return RunFacts(run=run, reads=new_ios(run, reads), writes=new_ios(run, writes))


def new_ios(run: Run, versions: Sequence[Version]) -> tuple[Io, ...]:
    """Returns what says that the run read or wrote these versions."""
    return tuple(
        Io(run_id=run.id, version=version, evidence=Evidence.EXPLICIT, dataset_type="TABLE")
        for version in versions
    )


def new_event(text: str, *, run: RunId | None = None) -> StoredEvent:
    """Returns an event whose body is this text."""
    body = text.encode()
    return StoredEvent(digest=blake3(body).digest(), run_id=run, body=body)
