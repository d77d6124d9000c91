"""What a DAG run did to the lake: the branch that it wrote on, what was published, what it read and wrote."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lineageflow_airflow.identity import DagRunAttempt, dag_run_attempt
from lineageflow_airflow.links.pages import branch_url, commit_url, data_url, run_url
from lineageflow_airflow.transactions import transactions_of_dag_run
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import NotFoundError, RunNotFoundError
from lineageflow_core.model.check import Check
from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.lineage import Io, RunDetails
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.openlineage.naming import repository_of

_PUBLISHES = "LineageFlowPublishOperator"
"""The type of the task that publishes a block, and is in its group."""
_MOST = 100
"""Datasets of one diff that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a task read or wrote, at an exact version."""

    task: str
    repository: str | None
    """None for what is in no lake of ours."""
    namespace: str
    dataset: str
    partition: str
    version: str | None
    url: str | None
    """Where the task's run is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One transaction of the DAG run: what it wrote to one repository, as a whole."""

    transaction: Transaction
    changes: tuple[DatasetDiff, ...]
    """What differs from what was there before."""
    is_cut: bool
    """There are more."""
    checks: tuple[Check, ...]
    url: str | None
    published_url: str | None
    urls: dict[str, str | None]
    """Where each changed dataset is shown."""

    @property
    def is_published(self) -> bool:
        """Whether others see it."""
        return self.transaction.published is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The DAG run since it was last cleared, or before that, as lineage knows it."""

    run_id: str
    number: int
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataBranch:
    """All of a DAG run."""

    dag_id: str
    run_id: str
    attempts: tuple[Attempt, ...]
    """Those that wrote, newest first."""
    branches: tuple[Branch, ...]
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]


def dag_run_of(dag_id: str, run_id: str) -> Any:
    """Returns a DAG run as Airflow's database has it, or None."""
    from airflow.models.dagrun import DagRun

    found = DagRun.find(dag_id=dag_id, run_id=run_id)
    return found[0] if found else None


def data_branch_of(lake: Catalog, page: str | None, dag_run: Any) -> DataBranch:
    """Returns what a DAG run did to the lake; the lake is asked."""
    attempt = dag_run_attempt(dag_run)
    told = list(details_of(lake, attempt))
    reads = _accesses(page, told, [io for _, each in told for io in each.reads])
    writes = _accesses(page, told, [io for _, each in told for io in each.writes])
    repositories = dict.fromkeys(each.repository for each in (*writes, *reads) if each.repository)
    keys = ("", *sorted(_keys(attempt.dag_id)))
    found = (
        transaction
        for repository in repositories
        for key in keys
        for transaction in transactions_of_dag_run(lake, repository, attempt, key=key)
    )
    return DataBranch(
        dag_id=attempt.dag_id,
        run_id=attempt.run_id,
        attempts=tuple(
            Attempt(run_id=run.lineage_id, number=run.clear_number + 1, url=run_url(page, run.lineage_id))
            for run, each in told
            if each.writes
        ),
        branches=tuple(_branch(lake, page, each) for each in found),
        reads=reads,
        writes=writes,
    )


def details_of(lake: Catalog, attempt: DagRunAttempt) -> Iterator[tuple[DagRunAttempt, RunDetails]]:
    """Yields what lineage tells of a DAG run, its last attempt first."""
    for each in attempt.so_far():
        try:
            yield each, lake.lineage.get_run(each.lineage_id)
        except RunNotFoundError:
            continue


def _accesses(
    page: str | None, told: Sequence[tuple[DagRunAttempt, RunDetails]], ios: Iterable[Io]
) -> tuple[Access, ...]:
    jobs = {
        run.id: run.job.name.removeprefix(f"{attempt.dag_id}.")
        for attempt, details in told
        for run in (details.run, *details.steps)
    }
    found = {
        Access(
            task=jobs.get(io.run_id, ""),
            repository=repository_of(io.version.namespace),
            namespace=io.version.namespace,
            dataset=io.version.name,
            partition=io.version.partition,
            version=io.version.version,
            url=run_url(page, io.run_id),
        ): None
        for io in ios
    }
    return tuple(sorted(found, key=lambda each: (each.namespace, each.dataset, each.partition, each.task)))


def _branch(lake: Catalog, page: str | None, transaction: Transaction) -> Branch:
    repository, at = transaction.repository, transaction.published or transaction.head
    changes, is_cut = _changes(lake, transaction, at)
    ref = transaction.published or f"run:{transaction.run_id}"
    is_there = transaction.published is not None or transaction.state is not TransactionState.EXPIRED
    return Branch(
        transaction=transaction,
        changes=changes,
        is_cut=is_cut,
        checks=lake.checks.list_checks(repository, at) if at else (),
        url=branch_url(page, repository, ref) if at and is_there else None,
        published_url=commit_url(page, repository, transaction.published) if transaction.published else None,
        urls={each.path: data_url(page, repository, ref, each.path) for each in changes if is_there},
    )


def _changes(
    lake: Catalog, transaction: Transaction, at: CommitId | None
) -> tuple[tuple[DatasetDiff, ...], bool]:
    if at is None:
        return (), False
    before = f"{at}~1" if transaction.published else transaction.base
    try:
        found = lake.history.diff_datasets(transaction.repository, before, at, limit=_MOST)
    except NotFoundError:  # it is expired, and collected
        return (), False
    return found.items, found.next is not None


def _keys(dag_id: str) -> set[str]:
    """Returns what may tell a DAG's blocks from others of the same repository: their groups' own names.

    A block itself is not in what is serialized of a DAG. In another group, its id begins with that one's.
    """
    from airflow.models.serialized_dag import SerializedDagModel

    dag = SerializedDagModel.get_dag(dag_id)
    tasks: dict[str, Any] = dag.task_dict if dag is not None else {}
    groups = (task.task_group for task in tasks.values() if task.task_type == _PUBLISHES)
    return {group.group_id.rpartition(".")[2] for group in groups if group is not None and group.group_id}
