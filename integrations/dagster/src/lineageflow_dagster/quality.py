"""Results of asset checks as quality of exact versions, in lineage.

The executor sees the results of all checks, also those from other processes. It tells of them once the step
has ended: about the versions that a result says it looked at, or else about what the run had then. Nothing of
this fails a run.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from lineageflow_core.errors import LineageFlowError, ObjectNotFoundError
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.page import every
from lineageflow_core.model.quality import Assertion, Outcome
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.checks import versions_said
from lineageflow_dagster.internals import (
    RANGE_START_TAG,
    DagsterEvent,
    check_evaluation_of,
    partition_checked,
    warn,
)
from lineageflow_dagster.metadata import COMMIT_KEY, id_shown
from lineageflow_dagster.naming import dataset_path, path_segment
from lineageflow_dagster.resource import LineageFlowResource

_LONGEST_TEXT = 200
_LONGEST = 2000
"""Characters of one text, and of all, that a check has measured: lineage is no place for reports."""
PARTITION_TAG = "dagster/partition"
"""Run tag: for which partition the run is."""


class CheckResults:
    """What the checks of one run found, as its executor hears it."""

    def __init__(self, lineageflow: LineageFlowResource, run: dg.DagsterRun) -> None:
        self._lake = lineageflow
        self._run = run
        self._found: defaultdict[str, list[dg.AssetCheckEvaluation]] = defaultdict(list)

    def observe(self, event: DagsterEvent, *, attempt: int) -> None:
        """Hears of a result, or at the end of an attempt at a step tells lineage of all that it had."""
        if event.step_key is None:
            return
        found = check_evaluation_of(event)
        if found is not None:
            self._found[event.step_key].append(found)
        elif event.is_step_success or event.is_step_failure or event.is_step_up_for_retry:
            results = self._found.pop(event.step_key, [])
            try:
                self._tell(event.step_key, attempt, results)
            except LineageFlowError as error:
                warn(f"lineage is not told what the checks of {event.step_key!r} found: {error.message}")

    def _tell(self, step_key: str, attempt: int, results: Sequence[dg.AssetCheckEvaluation]) -> None:
        """Tells of results in the step's run where that read what they are about, else in one of their own.

        A step that checks what it makes did not read it, and nothing is made of itself.
        """
        read = [access for result in results if _says_version(result) for access in self._accesses(result)]
        made = [
            access for result in results if not _says_version(result) for access in self._accesses(result)
        ]
        if read:
            session = self._lake.outside_session(self._run, step_key, attempt)
            session.record_all(read)
            session.report()
        if made:
            session = self._lake.checks_session(self._run, step_key, attempt)
            session.record_all(made)
            session.complete()

    def _accesses(self, result: dg.AssetCheckEvaluation) -> Iterator[DatasetAccess]:
        """Yields what a result is about; nothing where the lake does not have it."""
        lake = self._lake
        said = result.metadata.get(COMMIT_KEY)
        ref = f"run:{self._run.run_id}" if said is None else id_shown(said)
        commit = lake.catalog.refs.resolve(lake.repository, ref).id
        snapshots = self._snapshots(result, commit)
        if snapshots:
            yield DatasetAccess(
                repository=lake.repository,
                snapshots=snapshots,
                commit=commit,
                ref=ref if said is None else None,
                assertions=(_assertion(result),),
            )

    def _snapshots(self, result: dg.AssetCheckEvaluation, commit: CommitId) -> tuple[Snapshot, ...]:
        dataset = dataset_path(result.asset_key.path)
        there = tuple(self._list(dataset, commit))
        said = versions_said(result.metadata)
        if said:
            return tuple(each for each in there if each.snapshot.startswith(tuple(said)))
        partition = partition_checked(result) or self._run.tags.get(PARTITION_TAG)
        if partition is not None and any(each.partition for each in there):
            return tuple(each for each in there if each.partition == path_segment(partition))
        if RANGE_START_TAG not in self._run.tags:
            return there
        transaction = self._lake.catalog.transactions.get_transaction(
            self._lake.repository, RunId(self._run.run_id)
        )
        before = set(self._list(dataset, transaction.base))
        return tuple(each for each in there if each not in before)  # of a range, what the run has changed

    def _list(self, dataset: str, commit: CommitId) -> Iterator[Snapshot]:
        objects = self._lake.catalog.objects
        try:
            yield from every(
                lambda after, limit: objects.list_snapshots(
                    self._lake.repository, commit, dataset, after=after, limit=limit
                )
            )
        except ObjectNotFoundError:
            return


def _says_version(result: dg.AssetCheckEvaluation) -> bool:
    return COMMIT_KEY in result.metadata


def _assertion(result: dg.AssetCheckEvaluation) -> Assertion:
    if result.passed:
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.WARNED if result.severity is dg.AssetCheckSeverity.WARN else Outcome.FAILED
    return Assertion(
        assertion=result.check_name,
        name=result.check_name,
        outcome=outcome,
        severity=result.severity.value.lower(),
        description=result.description,
        actual=_measured(result.metadata),
        params={} if result.blocking is None else {"blocking": result.blocking},
    )


def _measured(metadata: Mapping[str, dg.MetadataValue]) -> str | None:
    """Returns the numbers and short texts of a result as JSON; None where there are none."""
    measured: dict[str, Any] = {}
    for key, entry in metadata.items():
        value = entry.value
        if key.startswith("lineageflow/") or not isinstance(value, bool | int | float | str):
            continue
        added = {**measured, key: value[:_LONGEST_TEXT] if isinstance(value, str) else value}
        if len(json.dumps(added)) <= _LONGEST:
            measured = added
    return json.dumps(measured) if measured else None
