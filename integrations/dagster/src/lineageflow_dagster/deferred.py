"""Materializations that Dagster is told of once the run is published, and that never happened if it is not.

Until then they are in the run's log, where any process finds them: that of the run's executor, however its
steps are executed, or a sensor when that is dead. The event that an output was stored keeps what there is to
say of its asset; what no such event follows has a line of its own. Dagster has a run tag that leaves such
events out, `dagster/defer_asset_events`, but they would have to be made up afterwards, without what only the
step knew.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from lineageflow_dagster.internals import (
    DATA_VERSION_TAG,
    DagsterEvent,
    as_note,
    as_observation,
    check_evaluation_of,
    events_of,
    materialization_of,
    metadata_said,
    observation_of,
    packed,
    partition_checked,
    store_event,
    unpacked,
    with_materialization,
    with_said,
    with_target,
)
from lineageflow_dagster.landing import Landing
from lineageflow_dagster.metadata import BRANCH_KEY, COMMIT_KEY, SNAPSHOT_KEY, URL_KEY
from lineageflow_dagster.provenance import as_stored, inputs_in, snapshot_of, with_input

DEFERRED_KEY = "lineageflow/deferred"
"""Metadata in a run's log: the event, or the list of them, that is to be stored when the run is published."""
_COUNTS = "It counts as materialized when the run is published."
UNPUBLISHED = 0
"""Storage id of a materialization that is not stored yet, as the target of a check."""

Place = tuple[dg.AssetKey, str | None]
"""An asset, or a partition of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Where what a run wrote became visible."""

    run_id: str
    """The run that published, under which all is recorded."""
    commit: str
    branch: str
    is_current: bool
    """The branch is the one whose assets Dagster shows. What is written elsewhere is observed only."""
    landing: Landing


def put_off(event: DagsterEvent, materialization: dg.AssetMaterialization) -> DagsterEvent:
    """Returns the line of the log that keeps an event until its run is published."""
    partition = f", partition {materialization.partition!r}," if materialization.partition else ""
    name = materialization.asset_key.to_user_string()
    message = f"LineageFlow: {name!r}{partition} is written. {_COUNTS}"
    return as_note(event, message, {DEFERRED_KEY: dg.MetadataValue.json(packed(event))})


def put_off_with(stored: DagsterEvent, events: Sequence[DagsterEvent]) -> DagsterEvent:
    """Returns the event of an output that was stored, which keeps what was told of its asset meanwhile."""
    kept = dg.MetadataValue.json([packed(event) for event in events])
    return with_said(stored, f"LineageFlow: the asset is written. {_COUNTS}", {DEFERRED_KEY: kept})


def events_put_off(instance: dg.DagsterInstance, run_id: str) -> Iterator[DagsterEvent]:
    """Yields what a run put off, in the order in which it was written."""
    types = dg.DagsterEventType
    for event in events_of(instance, run_id, types.ENGINE_EVENT, types.HANDLED_OUTPUT):
        kept = metadata_said(event).get(DEFERRED_KEY)
        if kept is not None:
            each_kept = kept.value if isinstance(kept.value, list) else [kept.value]
            yield from map(unpacked, each_kept)


def record(
    instance: dg.DagsterInstance,
    run_ids: Iterable[str],
    publication: Publication,
    *,
    told_by: Iterable[str] = (),
) -> Sequence[Place]:
    """Stores what the runs put off and a publication made true, and has their checks point at it.

    `run_ids` are the publishing run, and before it those that it went on from. Of what was written more than
    once, the last one counts. What is stored already is not stored again, by this run or those of `told_by`.
    Returns what was put off, and did not come to the branch.
    """
    runs = list(run_ids)
    stored = {
        place for run_id in (publication.run_id, *told_by) for place in _stored(instance, run_id, publication)
    }
    recorded = _Recorded(instance, publication.run_id)
    lost: list[Place] = []
    for place, event in _deferred(instance, runs).items():
        if place not in stored:
            landed = _landed(event, publication.landing)
            if landed is None:
                lost.append(place)
                continue
            store_event(instance, _published(landed, publication, recorded), publication.run_id)
        if publication.is_current:
            recorded.add(place)
    _point_checks(instance, runs, recorded, publication.run_id)
    return lost


class _Recorded:
    """What a run has stored, as Dagster has it. Asked for when somebody has to know, and then all at once."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str) -> None:
        self._instance = instance
        self._run_id = run_id
        self._unasked: dict[Place, None] = {}
        self._found: dict[dg.AssetKey, dict[str | None, dg.EventLogRecord]] = {}

    def add(self, place: Place) -> None:
        """Takes note of an asset or partition that is stored."""
        self._unasked[place] = None

    def of(self, asset: dg.AssetKey) -> Mapping[str | None, dg.EventLogRecord]:
        """Returns the records of an asset by partition; none of what was not stored."""
        if any(there == asset for there, _ in self._unasked):
            self._ask()
        return self._found.get(asset, {})

    def _ask(self) -> None:
        wholes = [asset for asset, partition in self._unasked if partition is None]
        latest = {
            each.asset_entry.asset_key: each.asset_entry.last_materialization_record
            for each in (self._instance.get_asset_records(wholes) if wholes else [])
        }
        for asset, partition in self._unasked:
            there = latest.get(asset) if partition is None else None
            if there is None or there.run_id != self._run_id:  # another run was faster
                there = _latest(self._instance, asset, partition, self._run_id)
            if there is not None:
                self._found.setdefault(asset, {})[partition] = there
        self._unasked.clear()


def _deferred(instance: dg.DagsterInstance, run_ids: Iterable[str]) -> dict[Place, DagsterEvent]:
    """Returns what runs put off, in the order in which it was written."""
    found: dict[Place, DagsterEvent] = {}
    for run_id in run_ids:
        for event in events_put_off(instance, run_id):
            materialization = materialization_of(event)
            if materialization is not None:
                place = (materialization.asset_key, materialization.partition)
                found.pop(place, None)
                found[place] = event
    return found


def _landed(event: DagsterEvent, landing: Landing) -> DagsterEvent | None:
    """Returns an event with the version that its branch has; None if it has nothing of it."""
    materialization = materialization_of(event)
    written = snapshot_of(materialization) if materialization is not None else None
    if materialization is None or written is None:
        return event
    there = landing.version(materialization.asset_key, materialization.partition, written)
    if there is None or there == written:
        return event if there else None
    metadata = {**materialization.metadata, SNAPSHOT_KEY: dg.MetadataValue.text(there)}
    tags = {**(materialization.tags or {}), DATA_VERSION_TAG: there}
    return with_materialization(event, materialization._replace(metadata=metadata, tags=tags))


def _published(
    event: DagsterEvent,
    publication: Publication,
    recorded: _Recorded,
) -> DagsterEvent:
    """Returns an event with where its version is visible now, and what of its run it was made of."""
    materialization = materialization_of(event)
    if materialization is None:
        return event
    metadata = dict(materialization.metadata)
    before = metadata.get(COMMIT_KEY)
    metadata[COMMIT_KEY] = dg.MetadataValue.text(publication.commit)
    metadata[BRANCH_KEY] = dg.MetadataValue.text(publication.branch)
    page = metadata.get(URL_KEY)
    if before is not None and page is not None:
        url = str(page.value).replace(str(before.value), publication.commit)
        metadata[URL_KEY] = dg.MetadataValue.url(url)
    materialization = materialization._replace(metadata=metadata)
    for asset in inputs_in(materialization.tags or {}):
        partitions = recorded.of(asset)
        if not partitions:
            continue
        whole = partitions.get(None)
        materialization = with_input(
            materialization,
            asset,
            storage_id=max(there.storage_id for there in partitions.values()),
            version=_version(whole) if whole is not None else None,
        )
    materialization = as_stored(materialization)
    if not publication.is_current:
        return as_observation(event, materialization)
    return with_materialization(event, materialization)


def _stored(instance: dg.DagsterInstance, run_id: str, publication: Publication) -> Iterator[Place]:
    types = dg.DagsterEventType
    event_type = types.ASSET_MATERIALIZATION if publication.is_current else types.ASSET_OBSERVATION
    for event in events_of(instance, run_id, event_type):
        told = materialization_of(event) or observation_of(event)
        if told is not None and snapshot_of(told) is not None:
            yield told.asset_key, told.partition


def _latest(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str | None, run_id: str
) -> dg.EventLogRecord | None:
    """Returns the record of a materialization by a run, found among the latest ones."""
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[partition] if partition else None)
    latest = instance.fetch_materializations(wanted, limit=10).records
    return next((record for record in latest if record.run_id == run_id), None)


def _version(record: dg.EventLogRecord) -> str | None:
    materialization = record.asset_materialization
    return (materialization.tags or {}).get(DATA_VERSION_TAG) if materialization is not None else None


def _point_checks(
    instance: dg.DagsterInstance,
    run_ids: Iterable[str],
    recorded: _Recorded,
    publishing_run: str,
) -> None:
    """Stores what checks found once more, now that there is something that they looked at."""
    for run_id in run_ids:
        events = list(events_of(instance, run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION))
        found = [(event, check) for event in events if (check := check_evaluation_of(event)) is not None]
        latest = {(each.asset_check_key, partition_checked(each)): (event, each) for event, each in found}
        for (_, partition), (event, each) in latest.items():
            target = each.target_materialization_data
            if target is None or target.storage_id != UNPUBLISHED:
                continue
            looked_at = recorded.of(each.asset_key)
            if looked_at:
                there = looked_at.get(partition) or max(looked_at.values(), key=_storage_id)
                pointing = with_target(
                    event,
                    each,
                    run_id=publishing_run,
                    storage_id=there.storage_id,
                    timestamp=there.timestamp or time.time(),
                )
                store_event(instance, pointing, run_id)


def _storage_id(record: dg.EventLogRecord) -> int:
    return record.storage_id
