"""Runs that go on from what others left and nobody has published: they read that, and publish it, too.

A run of Dagster that executes some steps of its parent run again does so, and may be gone on from itself.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile

import dagster as dg

from lineageflow_core.errors import RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_dagster.resource import LineageFlowResource


def went_on_from(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> Iterator[Transaction]:
    """Yields the transactions, latest first, that a run started from and nobody published: it does so."""
    while run.parent_run_id is not None:
        try:
            parent = lineageflow.catalog.transactions.get_transaction(
                lineageflow.repository, RunId(run.parent_run_id)
            )
        except RunNotFoundError:
            return
        if parent.state is TransactionState.PUBLISHED or parent.tip != transaction.base:
            return
        yield parent
        above = instance.get_run_by_id(run.parent_run_id)
        if above is None:
            return
        run, transaction = above, parent


def inherits(
    instance: dg.DagsterInstance,
    lineageflow: LineageFlowResource,
    run: dg.DagsterRun,
    transaction: Transaction,
) -> bool:
    """Tells whether a run went on from what another wrote. It need not write: it may only repeat a check.

    What a run read and nobody of them wrote is not theirs to publish, wherever it is.
    """
    return any(each.head is not None for each in went_on_from(instance, lineageflow, run, transaction))


def went_on_with(
    instance: dg.DagsterInstance, lineageflow: LineageFlowResource, transaction: Transaction
) -> list[tuple[dg.DagsterRun, Transaction]]:
    """Returns the runs, oldest first, that started from what a run left, or what such a run left in turn.

    They are found in the lake: of what code executes again, Dagster keeps no tag to look for.
    """
    transactions, repository = lineageflow.catalog.transactions, lineageflow.repository
    newest_first: Iterable[Transaction] = every(
        lambda after, limit: transactions.list_transactions(repository, after=after, limit=limit)
    )
    later = list(takewhile(lambda each: each.run_id != transaction.run_id, newest_first))
    left = {transaction.run_id: transaction.tip}
    found: list[tuple[dg.DagsterRun, Transaction]] = []
    for each in reversed(later):
        run = instance.get_run_by_id(each.run_id) if each.base in left.values() else None
        if run is not None and run.parent_run_id and left.get(RunId(run.parent_run_id)) == each.base:
            left[each.run_id] = each.tip
            found.append((run, each))
    return found
