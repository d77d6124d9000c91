"""Which transaction a DAG run's writes are in, and a try's: found again by every task, and after a clear.

A transaction is named by the run id, in lineage, of who began it. A DAG run that is cleared goes on with what
it has left open, so that tasks which are not run again have not written in vain. Only where it was begun on
another base, by a backfill of an old version under the same run id, say, or is closed, a new one is begun.
Airflow lets a run be deleted and made anew under the same date, hence with the same ids; then the name is
derived from the one that is taken, and so on.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from lineageflow_airflow.bounds import Bounds
from lineageflow_airflow.identity import AUTHOR, DagRunAttempt, TaskTry
from lineageflow_airflow.origin import RUN_ID, TASK_ID, is_by
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    RefNotFoundError,
    RunNotFoundError,
)
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.model.settings import StaleReads

_SLACK = timedelta(seconds=1)
"""A transaction looks at its base before it notes the time; a branch may move between the two."""


def begin_dag_run(
    catalog: Catalog, repository: str, dag_run: DagRunAttempt, bounds: Bounds, *, key: str = ""
) -> Transaction:
    """Returns the open transaction of a DAG run, begun if there is none. `key` is the block's.

    What a DAG run that was cleared has left is discarded if it can no longer be published: what is cleared is
    made anew from what is there now. Raises RefNotFoundError if its base, or the branch that it is to be
    published to, is not there.
    """
    name = dag_run_transaction(catalog, repository, dag_run, bounds, key=key)
    left = _find(catalog, repository, name)
    if left is not None and not _is_of(left, dag_run, dag_run) and _is_refused(catalog, left):
        catalog.transactions.discard(repository, name)
        name = dag_run_transaction(catalog, repository, dag_run, bounds, key=key)
    return catalog.transactions.begin(repository, name, base=bounds.base, into=bounds.into)


def begin_try(catalog: Catalog, task_try: TaskTry, *, whole: Transaction) -> Transaction:
    """Returns the open transaction of a try, which is published into its DAG run's, the `whole`.

    What earlier tries of the task have left there is taken back: of one that was cleared, or that was killed
    after it had landed. It stays where others have changed the same since.
    """
    branch = f"run:{whole.run_id}"
    earlier = landed_in(catalog, whole) if task_try.try_number > 1 else ()
    for landed in earlier:
        if is_by(landed, task_try):
            with suppress(MergeConflictError):
                take_back(catalog, whole, landed)
    return _begin_own(catalog, whole.repository, task_try, Bounds(base=branch, into=branch))


def begin_alone(catalog: Catalog, repository: str, task_try: TaskTry, bounds: Bounds) -> Transaction:
    """Returns the open transaction of a try that publishes by itself.

    Raises RefNotFoundError if its base, or the branch that it is to be published to, is not there.
    """
    return _begin_own(catalog, repository, task_try, bounds)


def take_back(catalog: Catalog, whole: Transaction, landed: Commit) -> None:
    """Takes what a try has landed out of its DAG run's transaction, once. Raises MergeConflictError."""
    catalog.merging.revert(
        whole.repository,
        [landed.id],
        branch=f"run:{whole.run_id}",
        author=AUTHOR,
        message=f"take back {landed.message}",
        key=f"undo:{landed.id}",
    )


def landed_in(catalog: Catalog, whole: Transaction) -> list[Commit]:
    """Returns what tries have landed in a DAG run's transaction, newest first, also what was taken back."""
    if whole.head is None:
        return []
    commits = every(
        lambda after, limit: catalog.history.log(
            whole.repository, f"{whole.base}..{whole.head}", after=after, limit=limit
        )
    )
    return [commit for commit in commits if TASK_ID in commit.metadata]


def dag_run_transaction(
    catalog: Catalog, repository: str, dag_run: DagRunAttempt, bounds: Bounds, *, key: str = ""
) -> RunId:
    """Returns the name of the DAG run's transaction: of the one that is open, else of the one to begin."""
    free: RunId | None = None
    for attempt in (dag_run.next(), *dag_run.so_far()):
        name = taken = _named(attempt, key)
        while (there := _find(catalog, repository, taken)) is not None:
            is_open = there.state is TransactionState.OPEN and not _is_anothers(catalog, there, attempt)
            if is_open and (_is_of(there, attempt, dag_run) or has_same_bounds(catalog, there, bounds)):
                return there.run_id
            taken = _derived(taken, "again")
        if attempt.clear_number > dag_run.clear_number:
            continue  # who has cleared it meanwhile begins the next
        free = free or taken
        if taken != name:
            break  # the newest one that there is decides
    assert free is not None  # there is an attempt
    return free


def transactions_of_dag_run(
    catalog: Catalog, repository: str, dag_run: DagRunAttempt, *, key: str = ""
) -> Iterator[Transaction]:
    """Yields all that a DAG run began, whatever became of them, those of its last attempt first."""
    for attempt in dag_run.so_far():
        found: list[Transaction] = []
        name = _named(attempt, key)
        while (there := _find(catalog, repository, name)) is not None:
            if not _is_anothers(catalog, there, attempt):
                found.append(there)
            name = _derived(name, "again")
        yield from reversed(found)


def has_begun(catalog: Catalog, repository: str, task_try: TaskTry) -> bool:
    """Tells whether a try has a transaction."""
    return _find(catalog, repository, task_try.lineage_id) is not None


def _begin_own(catalog: Catalog, repository: str, task_try: TaskTry, bounds: Bounds) -> Transaction:
    name = task_try.lineage_id
    while True:
        begun = catalog.transactions.begin(repository, name, base=bounds.base, into=bounds.into)
        if begun.state is TransactionState.OPEN and begun.into == (bounds.into or begun.into):
            return begun
        name = _derived(name, "again")  # of a DAG run that was deleted


def _is_of(there: Transaction, attempt: DagRunAttempt, now: DagRunAttempt) -> bool:
    """Tells whether a transaction was certainly begun by this attempt: its bounds are those that hold now."""
    return attempt is now and now.started_at is not None and there.created_at >= now.started_at


def has_same_bounds(catalog: Catalog, there: Transaction, bounds: Bounds) -> bool:
    """Tells whether beginning it with these bounds, back then, would have made the same transaction."""
    repository = there.repository
    into = bounds.into or catalog.repositories.get_repository(repository).default_branch
    if there.into != into:
        return False
    base = bounds.base or into
    looked_at = (there.created_at - back for back in (timedelta(0), _SLACK))
    return any(_commit(catalog, repository, base, at) == there.base for at in looked_at)


def _is_anothers(catalog: Catalog, there: Transaction, attempt: DagRunAttempt) -> bool:
    """Tells whether a transaction is that of another DAG run: those without a date may share their time."""
    if attempt.is_dated:
        return False
    return any(landed.metadata[RUN_ID] != attempt.run_id for landed in landed_in(catalog, there)[-1:])


def _is_refused(catalog: Catalog, left: Transaction) -> bool:
    """Tells whether it could not be published now."""
    if left.head is None:
        return False
    seen = catalog.merging.preview_merge(left.repository, f"run:{left.run_id}", into=left.into)
    is_stale = bool(seen.stale_reads) and seen.stale_policy is StaleReads.FAIL
    return bool(seen.conflicts) or is_stale


def _commit(catalog: Catalog, repository: str, ref: str, at: datetime) -> CommitId | None:
    """Returns where a ref led at an instant; of one that never moves, or is younger, where it leads now."""
    name, step, back = ref.partition("~")
    for each in (f"{name}@{{{at.isoformat()}}}{step}{back}", ref):
        with suppress(RefNotFoundError, InvalidInputError):
            return catalog.refs.resolve(repository, each).id
    return None


def _find(catalog: Catalog, repository: str, name: RunId) -> Transaction | None:
    try:
        return catalog.transactions.get_transaction(repository, name)
    except RunNotFoundError:
        return None


def _named(attempt: DagRunAttempt, key: str) -> RunId:
    return _derived(attempt.lineage_id, key) if key else attempt.lineage_id


def _derived(name: RunId, text: str) -> RunId:
    return RunId(str(uuid5(UUID(name), text)))
