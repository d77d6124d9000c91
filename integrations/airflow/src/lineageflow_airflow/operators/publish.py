"""Publishing: what a DAG run wrote in a block becomes one commit on a branch.

It is a task, never a listener: so a conflict fails the DAG run, where people see it and can clear it, and a
success means published. It can be repeated: a reply that was lost, or a worker that was killed right after
the commit, changes nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from airflow.sdk import Asset, TriggerRule
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.approvals import refuse_unasked, skip_if_rejected, states_of
from lineageflow_airflow.assets import EXTRA
from lineageflow_airflow.blocks import Block
from lineageflow_airflow.bounds import Bounds, bounds_of, make_branch
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.identity import AUTHOR, task_try
from lineageflow_airflow.links.pages import commit_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result
from lineageflow_airflow.origin import DAG_ID, TASK_ID, instance_of, metadata_of
from lineageflow_airflow.telling import provider_tells
from lineageflow_airflow.transactions import (
    dag_run_transaction,
    has_same_bounds,
    landed_in,
    take_back,
    transactions_of_dag_run,
)
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ConflictError, LineageFlowError, TransactionClosedError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.openlineage.about import JobType
from lineageflow_core.run import RunSession

_JOB_TYPE = JobType(integration="AIRFLOW", type="DAG")
"""What a DAG is in lineage, as the OpenLineage provider has it."""


class LineageFlowPublishOperator(LineageFlowOperator):
    """Publishes what a DAG run wrote in a block, as one commit; `data_branch` adds it.

    It fails, without further tries, where the branch has changed the same, or what was read, meanwhile:
    clearing the block's tasks makes everything anew from what is there by then. An outlet has an event if one
    of the tasks that declared it has succeeded, and the block was published to the branch that it is for: a
    replay into another branch wakes nobody.

    :param block: what is published.
    :param producers: the tasks that declared each outlet, by its URI.
    :param approvals: the tasks that ask somebody; it is skipped if one was answered with a rejection, and
        fails if one was passed over, so that nobody was asked.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#d5e8f7"

    def __init__(
        self,
        *,
        block: Block,
        producers: Mapping[str, Sequence[str]],
        approvals: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            repository=block.repository,
            lineageflow_conn_id=block.connection or DEFAULT_CONNECTION,
            **{"trigger_rule": TriggerRule.NONE_FAILED, **kwargs},
        )
        self.block = block
        self.producers = producers
        self.approvals = approvals

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        run: Any = context["dag_run"]
        skip_if_rejected(context["ti"], self.approvals)
        bounds = bounds_of(run, context["params"], self.repository, blocks=(self.block,))
        make_branch(bounds, lake, self.repository, author=AUTHOR)
        attempt = task_try(context["ti"]).dag_run
        begun = list(transactions_of_dag_run(lake, self.repository, attempt, key=self.block.key))
        now = dag_run_transaction(lake, self.repository, attempt, bounds, key=self.block.key)
        published = self._publish(lake, begun, now, bounds, context) if begun else None
        default = self.default_branch(lake)
        branch = (published.into if published else bounds.into) or default
        commit = (published.published if published else None) or lake.refs.resolve(self.repository, branch).id
        url = commit_url(page, self.repository, commit)
        what = "published as" if published and published.published else "nothing new was written, it stays at"
        told = self.done(f"{branch!r}: {what} commit {commit[:8]}", url, branch=branch, commit=commit)
        _complete(lake, self.repository, context["ti"])
        self.outlets = self._made(context) if branch == (self.block.into or default) else []
        for asset in self.outlets:
            event = context["outlet_events"][asset]
            event.extra = {**event.extra, EXTRA: told}
        return told

    def _publish(
        self, lake: Catalog, begun: Sequence[Transaction], now: RunId, bounds: Bounds, context: Context
    ) -> Transaction | None:
        """Publishes what the run began last, if it goes on with that; None where nothing was written."""
        run: Any = context["dag_run"]
        transaction, *earlier = begun
        if transaction.state is TransactionState.PUBLISHED:
            return transaction
        if transaction.state is TransactionState.OPEN and transaction.run_id != now:
            _refuse_gaps(lake, (), [transaction])
            return None
        landed = landed_in(lake, transaction)
        if transaction.head is not None:
            refuse_unasked(context["ti"], self.approvals)
        is_left = (TransactionState.DISCARDED, TransactionState.OPEN)
        left = [each for each in earlier if each.state in is_left and has_same_bounds(lake, each, bounds)]
        _refuse_gaps(lake, landed, left)
        try:
            _take_back_skipped(lake, transaction, landed, context["ti"])
            if lake.emitter is not None:
                lake.emitter.flush(transaction.run_id)
            published = lake.transactions.publish(
                self.repository,
                transaction.run_id,
                author=AUTHOR,
                message=f"publish {run.dag_id} run {run.run_id}",
                metadata=metadata_of(context["ti"]),
            )
        except (ConflictError, TransactionClosedError) as error:
            raise AirflowFailException(
                f"{error.message}. Nothing is published; what the run wrote is at run:{transaction.run_id}. "
                f"Clear the tasks of the block to make it anew from {transaction.into!r} as it is now"
            ) from error
        with suppress(LineageFlowError):  # nobody asked for it: it only saves the next reader the wait
            lake.tables.profile_changes(self.repository, published.published or published.base)
        return published

    def _made(self, context: Context) -> list[Asset]:
        """Returns the outlets that one of their tasks has made in this run."""
        names = sorted({task for tasks in self.producers.values() for task in tasks})
        states = states_of(context["ti"], names)
        succeeded = {name for name, state in states.items() if state == "success"}
        made = {name for name in names if any(_is_of(name, each) for each in succeeded)}
        return [asset for asset in self.outlets if not made.isdisjoint(self.producers[asset.uri])]


def _complete(lake: Catalog, repository: str, ti: Any) -> None:
    """Tells that a DAG run has done what it was for, unless Airflow's OpenLineage provider tells how it ends.

    It is told here, as nothing of ours asks a lake in the scheduler, where Airflow knows that it has ended.
    """
    if not provider_tells(lake.address, ti):
        run = task_try(ti).dag_run
        RunSession(lake, repository, run.job, run_id=run.lineage_id, job_type=_JOB_TYPE).complete()


def _refuse_gaps(lake: Catalog, landed: Sequence[Commit], left: Sequence[Transaction]) -> None:
    """Raises AirflowFailException if tasks wrote to what is left behind, and were not run again since."""
    there = {instance_of(commit) for commit in landed}
    wrote = {instance_of(commit): commit.metadata for each in left for commit in landed_in(lake, each)}
    if missing := sorted(f"{of[DAG_ID]}.{name}" for name, of in wrote.items() if name not in there):
        raise AirflowFailException(
            f"what {', '.join(missing)} wrote can no longer be published with the rest of the run: clear "
            "that, too, to make it anew from what is there now"
        )


def _take_back_skipped(lake: Catalog, whole: Transaction, landed: Sequence[Commit], ti: Any) -> None:
    """Takes out what tasks wrote before the run was cleared that are skipped now, or have no such instance.

    Raises MergeConflictError where others have changed the same since.
    """
    states = states_of(ti, sorted({commit.metadata[TASK_ID] for commit in landed}))
    for commit in landed:
        if states.get(instance_of(commit)) in {"skipped", "removed"}:
            take_back(lake, whole, commit)


def _is_of(task: str, instance: str) -> bool:
    """Tells whether a name is a task's, or that of an instance of it: `name_0`, if it is mapped."""
    return instance == task or (instance.startswith(f"{task}_") and instance[len(task) + 1 :].isdecimal())
