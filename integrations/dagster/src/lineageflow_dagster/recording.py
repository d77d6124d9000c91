"""Telling Dagster of a published run: all that it put off, and all that it went on from and so published."""

from collections.abc import Iterable

import dagster as dg

from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_dagster.deferred import Publication, record
from lineageflow_dagster.going_on import went_on_from
from lineageflow_dagster.internals import is_of_assets, write_note
from lineageflow_dagster.landing import Landing
from lineageflow_dagster.policy import BACKFILL_TAG, backfill_branch
from lineageflow_dagster.resource import LineageFlowResource


def record_published(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
    *,
    told_by: Iterable[str] = (),
) -> None:
    """Records the materializations that a transaction made visible; again, it records nothing.

    Nothing is, unless the transaction is published. Nor is what runs have recorded that went on from this
    one, `told_by`. What the branch does not have all the same, because
    somebody decided so, is no materialization: the run's log says that. A run that published to another
    branch than most has its outputs recorded as observations.
    """
    if transaction.state is not TransactionState.PUBLISHED:
        return
    landing = Landing(lineageflow.catalog, lineageflow.repository, transaction)
    publication = Publication(
        run_id=run.run_id,
        commit=landing.commit.id,
        branch=transaction.into,
        is_current=_is_current(instance, lineageflow, run, transaction),
        landing=landing,
    )
    before = [each.run_id for each in went_on_from(instance, lineageflow, run, transaction)]
    runs = [*reversed(before), run.run_id]
    for asset, partition in record(instance, runs, publication, told_by=told_by):
        name = f"{asset.to_user_string()!r}" + (f", partition {partition!r}," if partition else "")
        lost = f"{name} is not materialized: {transaction.into!r} does not have what the run wrote"
        write_note(instance, run, f"LineageFlow: {lost}.", {})


def _is_current(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> bool:
    """Tells whether a run published to the branch that Dagster's catalog is about.

    Dagster knows no branches: its staleness and automation are about that one. A backfill of assets
    goes by materializations, so there it is as if, wherever its runs publish.
    """
    backfill = run.tags.get(BACKFILL_TAG)
    if backfill and (transaction.into == backfill_branch(backfill) or is_of_assets(instance, backfill)):
        return True
    return transaction.into == lineageflow.branch
