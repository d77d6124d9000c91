"""One Dagster run as one transaction on a lake: begun, told about, then published, kept or discarded.

It knows nothing of how steps are executed; the executor shows it their events, in their order.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.errors import AlreadyExistsError, LineageFlowError
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.run import Transaction
from lineageflow_dagster.bounds import Bounds
from lineageflow_dagster.internals import (
    DagsterEvent,
    check_evaluation_of,
    failure_of,
    is_failed_check,
    partition_checked,
)
from lineageflow_dagster.metadata import BRANCH_KEY, COMMIT_KEY, URL_KEY, run_url
from lineageflow_dagster.naming import dataset_path
from lineageflow_dagster.policy import (
    BACKFILL_TAG,
    PublishMode,
    PublishPolicy,
    RequiredChecks,
    backfill_branch,
    review_branch,
)
from lineageflow_dagster.quality import CheckResults
from lineageflow_dagster.recording import record_published
from lineageflow_dagster.resource import LineageFlowResource

OUTCOME_KEY = "lineageflow/outcome"
"""Metadata of the last line of a run that LineageFlow writes: what became of its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """What the run's log says about the lake."""

    message: str
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict)


class RunTransaction:
    """The transaction of a run, as its executor drives it.

    `resumes`: the run executes some steps of its parent run again.
    """

    def __init__(
        self,
        lineageflow: LineageFlowResource,
        run: dg.DagsterRun,
        *,
        instance: dg.DagsterInstance,
        policy: PublishPolicy,
        resumes: bool,
    ) -> None:
        self._lineageflow = lineageflow
        self._run = run
        self._instance = instance
        self._policy = policy
        bounds = lineageflow.run_bounds(run, resumes=resumes)
        if policy.mode is PublishMode.BACKFILL:
            bounds = _backfill_bounds(lineageflow, run, bounds)
        self._session = lineageflow.pipeline_session(run, bounds=bounds)
        self._retries: Counter[str] = Counter()
        self._checks: dict[tuple[str, str | None], dg.AssetCheckEvaluation] = {}
        self._quality = CheckResults(lineageflow, run)
        self.failed_steps: list[str] = []
        """Those whose failure keeps the run from being published."""

    def begin(self) -> LogLine:
        """Pins what the run reads and where it publishes, before the first step can look."""
        self._session.start()
        transaction = self._session.transaction
        return LogLine(
            message=f"LineageFlow: this run reads commit {transaction.base[:8]}, writes to "
            f"{self._session.ref}, and {self._plan(transaction)}.",
            metadata={
                "lineageflow/base": dg.MetadataValue.text(transaction.base),
                "lineageflow/into": dg.MetadataValue.text(transaction.into),
                **self._link(),
            },
        )

    def observe(self, event: DagsterEvent) -> None:
        """Records how a step started or ended, and what checks found. What it read and wrote, it has told."""
        if event.step_key is None:
            return
        self._quality.observe(event, attempt=self._retries[event.step_key])
        found = check_evaluation_of(event)
        if found is not None:
            partition = partition_checked(found)
            self._checks[_check_name(found), partition] = found
        elif event.is_step_start:
            self._step(event.step_key).start()
        elif event.is_step_success:
            self._step(event.step_key).complete()
        elif event.is_step_failure:
            self._step(event.step_key).fail(failure_of(event))
            if not (self._policy.checks is RequiredChecks.NONE and is_failed_check(event)):
                self.failed_steps.append(event.step_key)
        elif event.is_step_up_for_retry:
            self._step(event.step_key).fail(failure_of(event))
            self._retries[event.step_key] += 1

    @property
    def obstacle(self) -> str | None:
        """Why the run is not to be published, now that all its steps have ended; None if it is."""
        if self.failed_steps:
            return f"steps failed: {', '.join(self.failed_steps)}"
        failed = sorted({name for (name, _), found in self._checks.items() if _is_failed(found)})
        if failed and self._policy.checks is RequiredChecks.ALL:
            return f"checks failed: {', '.join(failed)}"
        return None

    def publish(self) -> LogLine:
        """Makes all that the run wrote visible, as one commit, or leaves it to be reviewed.

        Raises MergeConflictError if the branch changed the same datasets or partitions meanwhile, or
        CheckRequiredError if its rules require checks that did not pass. Then nothing is visible.
        """
        before = self._session.transaction
        if before.head is not None:
            self._report_checks()
        if self._policy.mode is PublishMode.REVIEW and before.head is not None:
            return self._offer(before)
        transaction = self._session.publish(f"publish {self._run.job_name} run {self._run.run_id}")
        record_published(self._instance, self._lineageflow, self._run, transaction)
        if transaction.published is None:
            return _line("nothing new was written to the lake, so there was nothing to publish", "published")
        return _line(
            f"published to {transaction.into!r} as commit {transaction.published[:8]}",
            "published",
            {
                COMMIT_KEY: dg.MetadataValue.text(transaction.published),
                BRANCH_KEY: dg.MetadataValue.text(transaction.into),
            },
        )

    def keep(self, error: LineageFlowError) -> LogLine:
        """Leaves the transaction of a run open that could not be published, so that a person can choose."""
        self._session.fail(error.message)
        into = self._session.transaction.into
        return _line(
            f"published nothing: {error.message}. What it wrote stays at {self._session.ref}; bring it in "
            f"with `lineageflow merge {self._session.ref} --into {into} -R {self._lineageflow.repository}`",
            "kept",
        )

    def discard(self, reason: str) -> LogLine:
        """Closes the transaction of a run that failed. What it wrote stays to be looked at for a while."""
        transaction = self._session.discard(reason)
        if self._policy.lands_each_output and transaction.head:
            return _line(f"{reason}. Outputs that were written before are published", "discarded")
        kept = f"; look at what it wrote at the ref {self._session.ref}" if transaction.head else ""
        return _line(f"published nothing: {reason}{kept}", "discarded")

    def _offer(self, transaction: Transaction) -> LogLine:
        """Makes a branch of what the run wrote, for a person to look at and to merge."""
        lake, branch = self._lineageflow, review_branch(self._run.run_id)
        with suppress(AlreadyExistsError):  # made before the executor was started anew
            lake.catalog.refs.create_branch(
                lake.repository, branch, source=self._session.ref, author=lake.author
            )
        self._session.complete()
        return _line(
            f"waits for review on the branch {branch!r}. `lineageflow merge {branch} --into "
            f"{transaction.into} -R {lake.repository}` publishes it, `lineageflow branch delete {branch} -R "
            f"{lake.repository}` turns it down",
            "review",
            {BRANCH_KEY: dg.MetadataValue.text(branch), **self._link()},
        )

    def _report_checks(self) -> None:
        """Tells the lake what checks found in what the run wrote, so that branches can require them."""
        failed = {name for (name, _), found in self._checks.items() if not found.passed}
        for (name, _), found in self._checks.items():
            self._lineageflow.catalog.checks.record_check(
                self._lineageflow.repository,
                self._session.ref,
                name,
                state=CheckState.FAILED if name in failed else CheckState.PASSED,
                author=self._lineageflow.author,
                summary=found.description or "",
                run_id=self._session.run.id,
            )

    def _plan(self, transaction: Transaction) -> str:
        match self._policy.mode:
            case PublishMode.ASSET:
                return f"publishes each output to {transaction.into!r} as soon as it is written"
            case PublishMode.REVIEW:
                return f"leaves a branch to be merged into {transaction.into!r} when all of it has succeeded"
            case _:
                return f"publishes to {transaction.into!r} when all of it has succeeded"

    def _link(self) -> Mapping[str, dg.MetadataValue]:
        page = self._lineageflow.page
        return {URL_KEY: dg.MetadataValue.url(run_url(page, self._run.run_id))} if page else {}

    def _step(self, step_key: str) -> RunSession:
        return self._lineageflow.outside_session(self._run, step_key, self._retries[step_key])


def _backfill_bounds(lineageflow: LineageFlowResource, run: dg.DagsterRun, bounds: Bounds) -> Bounds:
    """Returns bounds by which a run sees what its backfill has done, and adds to it; makes the branch."""
    branch = backfill_branch(run.tags[BACKFILL_TAG])
    if bounds.into == branch:  # of a run that goes on from another one
        return bounds
    source = bounds.base or bounds.into or lineageflow.branch
    with suppress(AlreadyExistsError):  # made by another run of the backfill
        lineageflow.catalog.refs.create_branch(
            lineageflow.repository, branch, source=source, author=lineageflow.author
        )
    return replace(bounds, base=branch, into=branch)


def _line(message: str, outcome: str, metadata: Mapping[str, dg.MetadataValue] = {}) -> LogLine:
    return LogLine(
        message=f"LineageFlow: {message}.", metadata={OUTCOME_KEY: dg.MetadataValue.text(outcome), **metadata}
    )


def _check_name(found: dg.AssetCheckEvaluation) -> str:
    """Returns what a lake calls a check of Dagster: `shop/orders.are_positive`."""
    return f"{dataset_path(found.asset_key.path)}.{found.check_name}"


def _is_failed(found: dg.AssetCheckEvaluation) -> bool:
    return not found.passed and found.severity is dg.AssetCheckSeverity.ERROR
