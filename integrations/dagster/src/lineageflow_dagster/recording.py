"""Telling Dagster of a published run: all that it put off, and all that it went on from and so published."""

from collections.abc import Iterator

import dagster as dg

from lineageflow_core.errors import InvalidInputError, RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_dagster.deferred import Publication, record
from lineageflow_dagster.internals import is_of_assets
from lineageflow_dagster.policy import BACKFILL_TAG, backfill_branch
from lineageflow_dagster.resource import LineageFlowResource


def record_published(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> int:
    """Records the materializations that a transaction made visible; again, it records nothing.

    A run that wrote what was there already has published nothing, and materialized its assets all the same.
    One that published to another branch than most has its outputs recorded as observations.
    Returns how many are new. Nothing is, unless the transaction is published.
    """
    if transaction.state is not TransactionState.PUBLISHED:
        return 0
    commit = transaction.published or transaction.base
    publication = Publication(
        run_id=run.run_id,
        commit=commit,
        branch=transaction.into,
        is_current=_is_current(instance, lineageflow, run, transaction),
    )
    runs = [*reversed(list(_went_on_from(instance, lineageflow, run, transaction))), run.run_id]
    return record(instance, runs, publication)


def _is_current(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> bool:
    """Tells whether a run published to where runs do that are not told otherwise.

    Dagster knows no branches: its catalog, staleness and automation are about that one. A backfill of assets
    goes by materializations, so there it is as if, wherever its runs publish.
    """
    backfill = run.tags.get(BACKFILL_TAG)
    if backfill and (transaction.into == backfill_branch(backfill) or is_of_assets(instance, backfill)):
        return True
    try:
        untold = lineageflow.run_bounds(dg.DagsterRun(job_name=run.job_name))
    except InvalidInputError:  # each run has to say
        return True
    return transaction.into == (untold.into or lineageflow.branch)


def _went_on_from(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> Iterator[str]:
    """Yields the runs, latest first, from whose unpublished outputs a run started: it publishes them."""
    while run.parent_run_id is not None:
        try:
            parent = lineageflow.catalog.transactions.get_transaction(
                lineageflow.repository, RunId(run.parent_run_id)
            )
        except RunNotFoundError:
            return
        if parent.state is TransactionState.PUBLISHED or (parent.head or parent.base) != transaction.base:
            return
        yield run.parent_run_id
        above = instance.get_run_by_id(run.parent_run_id)
        if above is None:
            return
        run, transaction = above, parent
