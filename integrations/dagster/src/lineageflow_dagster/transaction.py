"""One Dagster run as one transaction on a lake: begun, told about, then published or discarded.

It knows nothing of how steps are executed; the executor shows it their events, in their order.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.errors import MergeConflictError
from lineageflow_dagster.internals import DagsterEvent, failure_of
from lineageflow_dagster.metadata import run_url
from lineageflow_dagster.resource import LineageFlowResource


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """What the run's log says about the lake."""

    message: str
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict)


class RunTransaction:
    """The transaction of a run, as its executor drives it.

    `resumes`: the run executes some steps of its parent run again.
    """

    def __init__(self, lineageflow: LineageFlowResource, run: dg.DagsterRun, *, resumes: bool) -> None:
        self._lineageflow = lineageflow
        self._run = run
        self._session = lineageflow.pipeline_session(run, bounds=lineageflow.run_bounds(run, resumes=resumes))
        self._retries: Counter[str] = Counter()
        self.failed_steps: list[str] = []

    def begin(self) -> LogLine:
        """Pins what the run reads and where it publishes, before the first step can look."""
        self._session.start()
        transaction = self._session.transaction
        return LogLine(
            message=f"LineageFlow: this run reads commit {transaction.base[:8]}, writes to "
            f"{self._session.ref}, and publishes to {transaction.into!r} when all of it has succeeded.",
            metadata={
                "lineageflow/base": dg.MetadataValue.text(transaction.base),
                "lineageflow/into": dg.MetadataValue.text(transaction.into),
                **self._link(),
            },
        )

    def observe(self, event: DagsterEvent) -> None:
        """Records how a step started or ended. What it read and wrote, its own process has told."""
        if event.step_key is None:
            return
        if event.is_step_start:
            self._step(event.step_key).start()
        elif event.is_step_success:
            self._step(event.step_key).complete()
        elif event.is_step_failure:
            self._step(event.step_key).fail(failure_of(event))
            self.failed_steps.append(event.step_key)
        elif event.is_step_up_for_retry:
            self._step(event.step_key).fail(failure_of(event))
            self._retries[event.step_key] += 1

    def publish(self) -> LogLine:
        """Makes all that the run wrote visible, as one commit.

        Raises MergeConflictError if the branch changed the same datasets or partitions meanwhile; then
        nothing is visible, and the run's branch stays open, so that a person can choose.
        """
        try:
            transaction = self._session.publish(f"publish {self._run.job_name} run {self._run.run_id}")
        except MergeConflictError as error:
            self._session.fail(error.message)
            raise
        if transaction.published is None:
            return LogLine(message="LineageFlow: nothing was written to the lake, so nothing was published.")
        return LogLine(
            message=f"LineageFlow: published to {transaction.into!r} as commit {transaction.published[:8]}.",
            metadata={
                "lineageflow/commit": dg.MetadataValue.text(transaction.published),
                "lineageflow/branch": dg.MetadataValue.text(transaction.into),
            },
        )

    def discard(self, reason: str) -> LogLine:
        """Closes the transaction of a run that failed. What it wrote stays to be looked at for a while."""
        transaction = self._session.discard(reason)
        kept = f"; look at what it wrote at the ref {self._session.ref}" if transaction.head else ""
        return LogLine(message=f"LineageFlow: published nothing: {reason}{kept}.")

    def _link(self) -> Mapping[str, dg.MetadataValue]:
        page = self._lineageflow.page
        return {"lineageflow/url": dg.MetadataValue.url(run_url(page, self._run.run_id))} if page else {}

    def _step(self, step_key: str) -> RunSession:
        return self._lineageflow.outside_session(self._run, step_key, self._retries[step_key])
