"""The session of a try in a block: nothing that it writes is seen by others before all of it is."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lineageflow_airflow.blocks import Block
from lineageflow_airflow.bounds import make_branch
from lineageflow_airflow.task_session import TaskSession
from lineageflow_airflow.transactions import begin_alone, begin_dag_run, begin_try, has_begun
from lineageflow_core.errors import LineageFlowError, StateError
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.run import Transaction
from lineageflow_core.run import RunSession
from lineageflow_core.run.pins import find_pin, is_unwritten


class TransactionSession(TaskSession):
    """Writes to the try's transaction: begun by the first look or write, published when the try succeeds."""

    def __init__(self, *arguments: Any, block: Block) -> None:
        super().__init__(*arguments)
        self.block = block
        self._whole: Transaction | None = None
        self._name: RunId | None = None
        self._published: Transaction | None = None

    @property
    def is_begun(self) -> bool:
        """Whether anything was looked at, or written, so far."""
        return self._name is not None

    @property
    def whole(self) -> Transaction | None:
        """The DAG run's transaction, begun if it was not; None where the try is published by itself."""
        if self._whole is None and not self.block.is_one_task:
            make_branch(self.bounds, self.catalog, self.repository, author=self.author)
            self._whole = begin_dag_run(
                self.catalog, self.repository, self.sessions.key.dag_run, self.bounds, key=self.block.key
            )
        return self._whole

    @property
    def transaction(self) -> Transaction:
        """The try's transaction, begun if it was not."""
        if self._published is not None:
            return self._published
        if self._name is not None:
            return self.catalog.transactions.get_transaction(self.repository, self._name)
        whole, key = self.whole, self.sessions.key
        if whole is not None:
            begun = begin_try(self.catalog, key, whole=whole)
        else:
            make_branch(self.bounds, self.catalog, self.repository, author=self.author)
            begun = begin_alone(self.catalog, self.repository, key, self.bounds)
        self._name = self.pipeline = begun.run_id
        return begun

    @property
    def ref(self) -> str:
        """What the try sees: its branch; once that is published, what it was published to."""
        if self._published is not None:
            return self._published.into
        return f"run:{self._name or self.transaction.run_id}"

    @property
    def branch_written(self) -> str | None:
        if self._whole is not None:
            return f"run:{self._whole.run_id}"
        return f"run:{self._name}" if self._name is not None else None

    @property
    def commits_published(self) -> tuple[CommitId, ...]:
        done = self._published and self._published.published
        return (done,) if done else ()

    @property
    def arguments(self) -> dict[str, Any]:
        self._begin()  # another process joins what there is
        return super().arguments

    def publish(self, message: str | None = None) -> Transaction:
        """Makes what the try wrote part of the whole; where there is none, visible. Tells of it first.

        Raises MergeConflictError and StaleReadError; then nothing of it is part of anything.
        """
        begun = self.transaction
        if self._published is None:
            self.report()
            self.work.tell_now()
            if self.catalog.emitter is not None:
                self.catalog.emitter.flush(self.run.id)
            self._published = self.catalog.transactions.publish(
                self.repository,
                begun.run_id,
                author=self.author,
                message=message or str(self.sessions.key),
                metadata=self.metadata,
            )
            self._profile(self._published)
        return self._published

    def discard(self, error: str) -> Transaction:
        """Closes the transaction of a try that failed, keeping its branch to be looked at."""
        discarded = self.catalog.transactions.discard(self.repository, self.transaction.run_id)
        self.fail(error)
        return discarded

    def resume(self) -> None:
        """Goes on with the try's transaction, if there is one, or with what earlier tries have begun.

        What those left is taken back, also if this one has not used the lake.
        """
        key = self.sessions.key
        tries = (key,) if self.block.is_one_task else (key, *key.before())
        if self._name is None and any(has_begun(self.catalog, self.repository, each) for each in tries):
            _ = self.transaction

    def _begin(self) -> None:
        if self._name is None:
            _ = self.transaction

    def _own_ref(self) -> str:
        return self.ref

    def _look(self, ref: str | None, path: str) -> CommitId:
        found = find_pin(self._pins, path, ref)
        if found is not None and (ref is not None or self._is_unwritten(found[0])):
            return self.catalog.refs.resolve(self.repository, found[1]).id
        return self.catalog.refs.resolve(self.repository, ref or self.ref).id

    def _own_branch(self) -> str:
        if self._published is not None or self.sessions.is_over:
            raise StateError(
                f"{self.sessions.key} has ended, and what is written now would be published with nothing: "
                "write it in the task itself, or name a branch"
            )
        return self.ref

    def _commit(self, branch: str, changes: Sequence[Change], message: str) -> Commit:
        return RunSession.commit(self, self.repository, branch, changes, message=message)

    def _profile(self, published: Transaction) -> None:
        """Saves the next reader the wait for what was published to a branch: nobody asked for it."""
        if self.block.is_one_task and published.published is not None:
            with suppress(LineageFlowError):
                self.catalog.tables.profile_changes(self.repository, published.published)

    def _is_unwritten(self, dataset: str) -> bool:
        """Tells whether the DAG run, so far, has left a dataset as it was."""
        own = self.transaction
        begun = replace(own, base=(self.whole or own).base, head=own.tip)
        return is_unwritten(self.catalog, begun, dataset)
