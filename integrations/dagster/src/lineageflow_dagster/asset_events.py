"""What a step tells Dagster of its assets: put right, and put off until the run is published.

Dagster builds the events of an asset itself, with all that the asset, its IO manager and its author say, and
gives them to the step's log, which stores them. A filter of that log, as Python's logging has them, looks at
each one before it is stored. So it is the same for every executor, and for events that other code than ours
writes. Planned materializations are not touched: Dagster knows what is in progress.

Only what is in the lake is put off. An asset that went somewhere else has happened, whatever becomes of
the run. The end of a step passes here, too: lineage has it, durably, before Dagster does.
"""

import logging
import time

from lineageflow_core.errors import LineageFlowError
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.deferred import UNPUBLISHED, put_off, put_off_with
from lineageflow_dagster.internals import (
    DagsterEvent,
    Step,
    check_evaluation_of,
    event_logged,
    failure_of,
    is_stored_output,
    log_instead,
    materialization_of,
    warn,
    with_materialization,
    with_target,
)
from lineageflow_dagster.provenance import Provenance, as_stored, snapshot_of
from lineageflow_dagster.sessions import StepSessions


def watch(step: Step, sessions: StepSessions, repository: str, *, deferred: bool) -> None:
    """Watches the log of a step from now on, once. `deferred`: its run is published as a whole."""
    if not any(isinstance(each, AssetEvents) for each in step.log.filters):
        step.log.addFilter(AssetEvents(step, sessions, repository, deferred=deferred))


_MOST_KEPT = 20
"""So many events of partitions are kept with the output that made them. Others have a line of their own."""


class AssetEvents(logging.Filter):
    """Looks at each event of a step before it is stored."""

    def __init__(self, step: Step, sessions: StepSessions, repository: str, *, deferred: bool) -> None:
        super().__init__()
        self._step = step
        self._sessions = sessions
        self._repository = repository
        self._deferred = deferred
        self._kept: list[DagsterEvent] = []
        """What waits for the event that its output is stored."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass, maybe as another event, but for what the next one keeps."""
        event = event_logged(record)
        if event is None:
            return True
        self._tell_end(event)
        if self._keeps(event):
            return False
        told = self._told(event)
        if told is not None:
            log_instead(record, told)
        return True

    def _keeps(self, event: DagsterEvent) -> bool:
        """Keeps what is told of an asset until the event that follows, which says that it is stored."""
        if not self._deferred or len(self._kept) == _MOST_KEPT:
            return False
        materialization = materialization_of(event)
        if materialization is None or materialization.asset_key != self._sessions.storing:
            return False
        if snapshot_of(materialization) is None:
            return False
        right = self._provenance(materialization.partition).put_right(materialization)
        self._kept.append(with_materialization(event, right))
        return True

    def _tell_end(self, event: DagsterEvent) -> None:
        """Tells lineage how the step ended, with all that it read and wrote, before Dagster hears of it.

        So what a step has done that is not done again is known for good. A step that failed has failed, even
        if that cannot be told.
        """
        if event.is_step_success:
            self._sessions.own.complete()
            self._sessions.telling.now()
        elif event.is_step_failure or event.is_step_up_for_retry:
            if self._deferred:  # else an output of it may be published already
                self._sessions.own.fail(failure_of(event))
            try:
                self._sessions.telling.now()
            except LineageFlowError as error:
                warn(f"lineage is not told that {self._step.key!r} failed: {error.message}")

    def _told(self, event: DagsterEvent) -> DagsterEvent | None:
        """Returns what is stored instead of an event; None leaves it as it is."""
        if is_stored_output(event):
            self._sessions.storing, kept, self._kept = None, self._kept, []
            return put_off_with(event, kept) if kept else None
        materialization = materialization_of(event)
        if materialization is not None and snapshot_of(materialization) is not None:
            right = self._provenance(materialization.partition).put_right(materialization)
            if self._deferred:
                return put_off(with_materialization(event, right), right)
            return with_materialization(event, as_stored(right))
        found = check_evaluation_of(event)
        if found is not None and self._deferred and found.asset_key in self._step.makes:
            return with_target(
                event,
                found,
                run_id=self._step.run.run_id,
                storage_id=UNPUBLISHED,
                timestamp=time.time(),
            )
        return None

    def _provenance(self, partition: str | None) -> Provenance:
        return Provenance(
            reads=self._reads(partition),
            repository=self._repository,
            instance=self._step.instance,
            unrecorded=self._step.makes if self._deferred else frozenset(),
        )

    def _reads(self, partition: str | None) -> tuple[DatasetAccess, ...]:
        """Returns what was read for a partition, where the step makes many; else all that it read."""
        of_partition = self._sessions.partitions.get(partition or "")
        return tuple((of_partition or self._sessions.own).reads)
