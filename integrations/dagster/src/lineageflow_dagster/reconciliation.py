"""The sensor that looks after runs whose end nobody told, and after those that wait for somebody.

It goes by how things are, in the lake and in Dagster, and not by what happened: each look closes what can be
closed, and another look changes nothing. So it may be late, or miss a day.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from lineageflow_core.errors import (
    ConflictError,
    LineageFlowError,
    RefNotFoundError,
    RuleViolatedError,
    RunNotFoundError,
)
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import Ref
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_dagster.bounds import Bounds
from lineageflow_dagster.going_on import inherits, went_on_with
from lineageflow_dagster.internals import is_succeeded, notes_of, write_note
from lineageflow_dagster.policy import BACKFILL_TAG, backfill_branch, review_branch
from lineageflow_dagster.recording import record_published
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.transaction import OUTCOME_KEY

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_OVERLAP = timedelta(minutes=10)
"""Runs are looked at again that ended so long before the last look: clocks differ."""
_FIRST_LOOK = timedelta(days=1)


def build_reconciliation_sensor(
    *,
    name: str = "lineageflow_reconciliation",
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """Returns a sensor that closes the transactions of runs that are over.

    A run whose process was killed is discarded, so that steps which outlived it can write no more. If it was
    published before, that is final: Dagster is told of what it materialized. What a person merged or turned
    down in review is recorded or discarded, and a backfill that is published as a whole is published once it
    has succeeded. `with_lineageflow` adds this sensor.
    """

    @dg.sensor(name=name, minimum_interval_seconds=minimum_interval_seconds, default_status=default_status)
    def look(context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource) -> dg.SensorResult:
        now = datetime.now(UTC)
        last = datetime.fromisoformat(context.cursor) if context.cursor else now - _FIRST_LOOK
        done = list(reconcile(context.instance, lineageflow, ended_after=last - _OVERLAP))
        for line in done:
            context.log.info(line)
        return dg.SensorResult(
            skip_reason="; ".join(done) or "every transaction is as its run is", cursor=now.isoformat()
        )

    return look


def reconcile(
    instance: dg.DagsterInstance, lineageflow: LineageFlowResource, *, ended_after: datetime
) -> Iterator[str]:
    """Brings the lake and Dagster together; yields what it did, a line each."""
    for run, transaction in _to_look_at(instance, lineageflow, ended_after):
        try:
            done = _settle(instance, lineageflow, run, transaction)
        except LineageFlowError as error:
            done = f"run {run.run_id}: {error.message}"
        if done is not None:
            yield done
    yield from _settle_backfills(instance, lineageflow)


def _to_look_at(
    instance: dg.DagsterInstance, lineageflow: LineageFlowResource, ended_after: datetime
) -> Iterator[tuple[dg.DagsterRun, Transaction]]:
    """Yields runs that are over, with open transactions, or that failed or were cancelled lately."""
    transactions, repository = lineageflow.catalog.transactions, lineageflow.repository
    is_open: Iterable[Transaction] = every(
        lambda after, limit: transactions.list_transactions(
            repository, state=TransactionState.OPEN, after=after, limit=limit
        )
    )
    seen: set[str] = set()
    for transaction in list(is_open):
        run = instance.get_run_by_id(transaction.run_id)
        if run is not None and run.status in _ENDED:
            seen.add(run.run_id)
            yield run, transaction
    lately = dg.RunsFilter(statuses=_ENDED[1:], updated_after=ended_after)
    for record in instance.get_run_records(lately):
        run = record.dagster_run
        if run.run_id in seen:
            continue
        try:
            yield run, transactions.get_transaction(repository, RunId(run.run_id))
        except RunNotFoundError:
            continue  # it was no run of this lake


def _settle(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> str | None:
    outcome = _outcome(instance, run.run_id)
    if outcome in {"review", "kept"}:
        return _settle_waiting(instance, lineageflow, run, transaction, is_in_review=outcome == "review")
    if outcome is not None or run.status is dg.DagsterRunStatus.SUCCESS:
        return None
    if transaction.state is TransactionState.OPEN:
        lineageflow.pipeline_session(run, bounds=Bounds()).discard(
            "its process ended before it could say how"
        )
        return _noted(
            instance,
            run,
            "discarded",
            "published nothing: the process of the run ended before it could publish",
        )
    if transaction.state is TransactionState.PUBLISHED:
        return _record_late(instance, lineageflow, run, transaction)
    return None


def _record_late(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> str:
    """Tells Dagster of a run that was published, and whose process could not tell."""
    record_published(instance, lineageflow, run, transaction)
    commit = transaction.published or transaction.base
    return _noted(
        instance,
        run,
        "published",
        f"published to {transaction.into!r} as commit {commit[:8]}, although the process "
        "of the run ended right after that. That is final: its assets are materialized",
    )


def _settle_waiting(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
    *,
    is_in_review: bool,
) -> str | None:
    """Closes what waits for a person, if one has merged it or turned it down."""
    if transaction.state is TransactionState.PUBLISHED and not is_in_review:
        # Its process did not hear of it, and may have told that the run failed.
        lineageflow.pipeline_session(run, bounds=Bounds()).complete()
        return _record_late(instance, lineageflow, run, transaction)
    if transaction.state is not TransactionState.OPEN:
        return None
    if transaction.head is None and not (is_in_review or inherits(instance, lineageflow, run, transaction)):
        return None  # there is nothing that anybody could merge
    catalog, repository = lineageflow.catalog, lineageflow.repository
    if catalog.history.compare(repository, transaction.into, transaction.tip).ahead == 0:
        went_on = went_on_with(instance, lineageflow, transaction)
        if any(_is_telling(*each) for each in went_on):
            return None  # and maybe of this run, too
        published = catalog.transactions.publish(repository, transaction.run_id, author=lineageflow.author)
        told_by = [each.run_id for _, each in went_on if each.into == transaction.into]
        record_published(instance, lineageflow, run, published, told_by=told_by)
        if is_in_review:
            _remove_branch(lineageflow, review_branch(run.run_id))
        return _noted(instance, run, "published", f"was merged into {transaction.into!r}")
    if is_in_review and not _is_there(lineageflow, review_branch(run.run_id)):
        catalog.transactions.discard(repository, transaction.run_id)
        return _noted(instance, run, "discarded", "was turned down: its review branch is gone")
    return None


def _is_telling(run: dg.DagsterRun, transaction: Transaction) -> bool:
    """Tells whether a run may just be telling Dagster what it has published."""
    return transaction.state is TransactionState.PUBLISHED and run.status not in _ENDED


def _settle_backfills(instance: dg.DagsterInstance, lineageflow: LineageFlowResource) -> Iterator[str]:
    """Publishes the branches of backfills that have succeeded."""
    refs, repository, prefix = lineageflow.catalog.refs, lineageflow.repository, backfill_branch("")
    branches: Iterable[Ref] = every(
        lambda after, limit: refs.list_refs(repository, prefix=prefix, after=after, limit=limit)
    )
    for branch in list(branches):
        backfill_id = branch.name.removeprefix(prefix)
        if not is_succeeded(instance, backfill_id):
            continue
        into = _target(instance, lineageflow, backfill_id)
        try:
            commit = lineageflow.catalog.merging.merge(
                repository,
                branch.name,
                into=into,
                author=lineageflow.author,
                message=f"publish backfill {backfill_id}",
            )
        except (ConflictError, RuleViolatedError) as error:
            yield f"backfill {backfill_id} stays on {branch.name!r}: {error.message}"
            continue
        _remove_branch(lineageflow, branch.name)
        yield f"backfill {backfill_id} is published to {into!r} as commit {commit.id[:8]}"


def _target(instance: dg.DagsterInstance, lineageflow: LineageFlowResource, backfill_id: str) -> str:
    """Returns the branch that a backfill publishes to: where each of its runs would publish by itself."""
    for run in instance.get_runs(dg.RunsFilter(tags={BACKFILL_TAG: backfill_id}), limit=1):
        return lineageflow.run_bounds(run).into or lineageflow.branch
    return lineageflow.branch


def _outcome(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Returns what LineageFlow said last of how a run ended."""
    said = [metadata[OUTCOME_KEY].value for metadata in notes_of(instance, run_id) if OUTCOME_KEY in metadata]
    return str(said[-1]) if said else None


def _noted(instance: dg.DagsterInstance, run: dg.DagsterRun, outcome: str, message: str) -> str:
    write_note(instance, run, f"LineageFlow: {message}.", {OUTCOME_KEY: dg.MetadataValue.text(outcome)})
    return f"run {run.run_id}: {message}"


def _is_there(lineageflow: LineageFlowResource, branch: str) -> bool:
    try:
        lineageflow.catalog.refs.get_ref(lineageflow.repository, branch)
    except RefNotFoundError:
        return False
    return True


def _remove_branch(lineageflow: LineageFlowResource, branch: str) -> None:
    if _is_there(lineageflow, branch):
        lineageflow.catalog.refs.delete_branch(lineageflow.repository, branch, author=lineageflow.author)
