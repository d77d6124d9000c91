"""What a step tells Dagster of its assets: put right, and put off until the run is published.

Dagster builds the events of an asset itself, with all that the asset, its IO manager and its author say, and
gives them to the step's log, which stores them. A filter of that log, as Python's logging has them, looks at
each one before it is stored. So it is the same for every executor, and for events that other code than ours
writes. Planned materializations are not touched: Dagster knows what is in progress.

Only what is in the lake is put off. An asset that went somewhere else has happened, whatever becomes of
the run.
"""

import logging
import time

from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.deferred import UNPUBLISHED, put_off
from lineageflow_dagster.internals import (
    DagsterEvent,
    Step,
    check_evaluation_of,
    event_logged,
    log_instead,
    materialization_of,
    with_materialization,
    with_target,
)
from lineageflow_dagster.provenance import Provenance, snapshot_of
from lineageflow_dagster.sessions import StepSessions


def watch(step: Step, sessions: StepSessions, repository: str, *, deferred: bool) -> None:
    """Watches the log of a step from now on, once. `deferred`: its run is published as a whole."""
    if not any(isinstance(each, AssetEvents) for each in step.log.filters):
        step.log.addFilter(AssetEvents(step, sessions, repository, deferred=deferred))


class AssetEvents(logging.Filter):
    """Looks at each event of a step before it is stored."""

    def __init__(self, step: Step, sessions: StepSessions, repository: str, *, deferred: bool) -> None:
        super().__init__()
        self._step = step
        self._sessions = sessions
        self._repository = repository
        self._deferred = deferred

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass, maybe as another event."""
        event = event_logged(record)
        told = self._told(event) if event is not None else None
        if told is not None:
            log_instead(record, told)
        return True

    def _told(self, event: DagsterEvent) -> DagsterEvent | None:
        """Returns what is stored instead of an event; None leaves it as it is."""
        materialization = materialization_of(event)
        if materialization is not None and snapshot_of(materialization) is not None:
            right = self._provenance(materialization.partition).put_right(materialization)
            told = with_materialization(event, right)
            return put_off(told, right) if self._deferred else told
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
