"""One Dagster run as one transaction on a lake: begun, told about, then published, kept or discarded.

It knows nothing of how steps are executed; the executor shows it their events, in their order.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    LineageFlowError,
    RuleViolatedError,
)
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.openlineage.access import PlannedWrite
from lineageflow_dagster.bounds import Bounds
from lineageflow_dagster.going_on import inherits
from lineageflow_dagster.internals import (
    DagsterEvent,
    check_evaluation_of,
    failure_of,
    is_failed_check,
    partition_checked,
)
from lineageflow_dagster.metadata import BRANCH_KEY, COMMIT_KEY, URL_KEY, commit_url, run_url
from lineageflow_dagster.naming import dataset_path
from lineageflow_dagster.planned import planned_writes
from lineageflow_dagster.policy import (
    BACKFILL_TAG,
    PUBLISH_TAG,
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

    `resumes`: the run executes some steps of its parent run again. `kept`: the assets of its job that are
    kept in the lake, of which lineage hears where they do not come to be.
    """

    def __init__(
        self,
        lineageflow: LineageFlowResource,
        run: dg.DagsterRun,
        *,
        instance: dg.DagsterInstance,
        policy: PublishPolicy,
        resumes: bool,
        kept: Collection[dg.AssetKey] = (),
    ) -> None:
        self._lineageflow = lineageflow
        self._run = run
        self._instance = instance
        self._policy = policy
        bounds = lineageflow.run_bounds(run, resumes=_tags_of_parent(run, instance) if resumes else None)
        if policy.mode is PublishMode.BACKFILL:
            bounds = _backfill_bounds(lineageflow, run, bounds)
        self._session = lineageflow.pipeline_session(run, bounds=bounds)
        self._retries: Counter[str] = Counter()
        self._checks: dict[tuple[str, str | None], dg.AssetCheckEvaluation] = {}
        self._quality = CheckResults(lineageflow, run)
        self._kept = kept
        self._begun_steps: set[str] = set()
        self._begun: Transaction
        self._published: Transaction | None = None
        self.failed_steps: list[str] = []
        """Those whose failure keeps the run from being published."""

    def begin(self) -> LogLine:
        """Pins what the run reads and where it publishes, before the first step can look."""
        self._session.start()
        self._begun = transaction = self._session.transaction
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
            self._begun_steps.add(event.step_key)
            self._step(event.step_key).start()
        elif event.is_step_success:
            self._step(event.step_key).complete()
        elif event.is_step_failure:
            self._step(event.step_key).fail(failure_of(event), planned=self._planned.get(event.step_key, ()))
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
        self._lineageflow.telling.now()
        before = self._session.transaction
        is_inherited = before.head is None and self._inherits(before)
        if before.head is not None or is_inherited:
            self._report_checks()
            if self._policy.mode is PublishMode.REVIEW:
                return self._offer(before)
        message = f"publish {self._run.job_name} run {self._run.run_id}"
        inherited = self._publish_inherited(before, message) if is_inherited else None
        self._published = transaction = self._session.publish(message)
        record_published(self._instance, self._lineageflow, self._run, transaction)
        published = transaction.published or inherited
        if published is None:
            return _line("nothing new was written to the lake, so there was nothing to publish", "published")
        page = self._lineageflow.page
        url = commit_url(page, self._lineageflow.repository, published) if page else None
        return _line(
            f"published to {transaction.into!r} as commit {published[:8]}",
            "published",
            {
                COMMIT_KEY: dg.MetadataValue.text(published),
                BRANCH_KEY: dg.MetadataValue.text(transaction.into),
                **({URL_KEY: dg.MetadataValue.url(url)} if url else {}),
            },
        )

    def _inherits(self, transaction: Transaction) -> bool:
        """Tells whether the run goes on from what others wrote, and its target does not have."""
        lake = self._lineageflow
        return (
            inherits(self._instance, lake, self._run, transaction)
            and lake.catalog.history.compare(lake.repository, transaction.into, transaction.base).ahead > 0
        )

    def _publish_inherited(self, transaction: Transaction, message: str) -> CommitId:
        lake = self._lineageflow
        return lake.catalog.merging.merge(
            lake.repository,
            transaction.base,
            into=transaction.into,
            author=lake.author,
            message=message,
            run_id=transaction.run_id,
        ).id

    def keep(self, error: Exception) -> LogLine:
        """Leaves the transaction of a run open that could not be published, so that a person can choose.

        Raises nothing, whatever it was: the lake may be what cannot be reached.
        """
        reason = error.message if isinstance(error, LineageFlowError) else f"{type(error).__name__}: {error}"
        if self._published is None:
            with suppress(LineageFlowError):
                self._ask_whether_published()
        if self._published is not None:
            told = f"published to {self._published.into!r}, but Dagster could not be told of it: {reason}"
            return _line(f"{told}. The sensor lineageflow_reconciliation tells it later", "kept")
        with suppress(LineageFlowError):
            self._session.fail(reason)
            self._lineageflow.telling.now()
        ref, into, until = self._session.ref, self._begun.into, self._begun.expires_at
        merge = f"`lineageflow merge {ref} --into {into} -R {self._lineageflow.repository}`"
        if isinstance(error, ConflictError | RuleViolatedError):
            return _line(
                f"published nothing: {reason}. What it wrote stays at {ref}; bring it in with {merge}", "kept"
            )
        return _line(
            f"this run could not be published: {reason}. What it wrote stays at {ref} until "
            f"{until:%Y-%m-%d}; then {merge} publishes it, or executing any step of it again",
            "kept",
        )

    def _ask_whether_published(self) -> None:
        """Finds out what an answer that was lost has said, and tells lineage what the run could not."""
        transaction = self._session.transaction
        if transaction.state is TransactionState.PUBLISHED:
            self._published = transaction
            self._session.complete()

    def discard(self, reason: str) -> LogLine:
        """Closes the transaction of a run that failed. What it wrote stays to be looked at for a while.

        If the lake cannot be told, the run's log says so, and the reconciliation sensor tells it later.
        """
        try:
            transaction = self._session.discard(reason)
            for step_key in self._planned.keys() - self._begun_steps:
                self._step(step_key).abort("it was not begun", planned=self._planned[step_key])
            self._lineageflow.telling.now()
        except LineageFlowError as error:
            told = f"published nothing: {reason}. The lake could not be told: {error.message}"
            return LogLine(message=f"LineageFlow: {told}.")
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

    @cached_property
    def _planned(self) -> Mapping[str, Sequence[PlannedWrite]]:
        """What the steps of the run were to write to the lake. Asked for by a run that fails only."""
        return planned_writes(self._instance, self._run.run_id, self._kept, self._lineageflow.repository)

    def _step(self, step_key: str) -> RunSession:
        return self._lineageflow.outside_session(self._run, step_key, self._retries[step_key])


def _tags_of_parent(run: dg.DagsterRun, instance: dg.DagsterInstance) -> Mapping[str, str]:
    """Returns the tags of the run of which some steps are executed again; those of that, if it is gone."""
    parent = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    return (parent or run).tags


def _backfill_bounds(lineageflow: LineageFlowResource, run: dg.DagsterRun, bounds: Bounds) -> Bounds:
    """Returns bounds by which a run sees what its backfill has done, and adds to it; makes the branch."""
    branch = backfill_branch(run.tags[BACKFILL_TAG])
    if bounds.into == branch:  # of a run that goes on from another one
        return bounds
    if bounds.made_from is not None:
        raise InvalidInputError(
            f"the run goes on from one of backfill {run.tags[BACKFILL_TAG]}, which is published as a whole, "
            f"and is to publish to {bounds.into!r} by itself; say so with the run tag {PUBLISH_TAG!r}: 'run'"
        )
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
