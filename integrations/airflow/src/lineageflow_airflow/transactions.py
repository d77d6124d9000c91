"""Which transaction a DAG run's writes are in, and a try's: found again by every task, and after a clear.

A transaction is named by the run id, in lineage, of who began it. A DAG run that is cleared goes on with what
it has left open, so that tasks which are not run again have not written in vain. Only where it was begun on
another base, by a backfill of an old version under the same run id, say, or is closed, a new one is begun.
Airflow lets a run be deleted and made anew under the same date, hence with the same ids; then the name is
derived from the one that is taken, and so on.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid5

from lineageflow_airflow.bounds import Bounds
from lineageflow_airflow.identity import AUTHOR, DagRunAttempt, TaskTry
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    RefNotFoundError,
    RunNotFoundError,
)
from lineageflow_core.model.ids import CommitId, RunId
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
    for earlier in task_try.before():
        there = _find(catalog, whole.repository, earlier.lineage_id)
        if there is not None and there.into == branch and there.published is not None:
            with suppress(MergeConflictError):
                catalog.merging.revert(
                    whole.repository,
                    [there.published],
                    branch=branch,
                    author=AUTHOR,
                    message=f"take back {earlier}",
                    key=f"undo:{there.run_id}",
                )
    return _begin_own(catalog, whole.repository, task_try, Bounds(base=branch, into=branch))


def begin_alone(catalog: Catalog, repository: str, task_try: TaskTry, bounds: Bounds) -> Transaction:
    """Returns the open transaction of a try that publishes by itself.

    Raises RefNotFoundError if its base, or the branch that it is to be published to, is not there.
    """
    return _begin_own(catalog, repository, task_try, bounds)


def dag_run_transaction(
    catalog: Catalog, repository: str, dag_run: DagRunAttempt, bounds: Bounds, *, key: str = ""
) -> RunId:
    """Returns the name of the DAG run's transaction: of the one that is open, else of the one to begin."""
    free: RunId | None = None
    for attempt in dag_run.so_far():
        name = taken = _named(attempt, key)
        while (there := _find(catalog, repository, taken)) is not None:
            if there.state is TransactionState.OPEN and (
                _is_of(there, attempt, dag_run) or _has_same_bounds(catalog, there, bounds)
            ):
                return there.run_id
            taken = _derived(taken, "again")
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


def _has_same_bounds(catalog: Catalog, there: Transaction, bounds: Bounds) -> bool:
    """Tells whether beginning it with these bounds, back then, would have made the same transaction."""
    repository = there.repository
    into = bounds.into or catalog.repositories.get_repository(repository).default_branch
    if there.into != into:
        return False
    base = bounds.base or into
    looked_at = (f"@{{{(there.created_at - back).isoformat()}}}" for back in (timedelta(0), _SLACK))
    return any(_commit(catalog, repository, base, at) == there.base for at in looked_at)


def _is_refused(catalog: Catalog, left: Transaction) -> bool:
    """Tells whether it could not be published now."""
    if left.head is None:
        return False
    seen = catalog.merging.preview_merge(left.repository, f"run:{left.run_id}", into=left.into)
    is_stale = bool(seen.stale_reads) and seen.stale_policy is StaleReads.FAIL
    return bool(seen.conflicts) or is_stale


def _commit(catalog: Catalog, repository: str, ref: str, at: str) -> CommitId | None:
    try:
        catalog.refs.get_ref(repository, ref)
        return catalog.refs.resolve(repository, ref + at).id
    except (RefNotFoundError, InvalidInputError):  # it is no branch, or younger
        pass
    try:
        return catalog.refs.resolve(repository, ref).id
    except RefNotFoundError:
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
