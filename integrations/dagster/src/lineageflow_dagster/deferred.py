"""Materializations that Dagster is told of once the run is published, and that never happened if it is not.

Until then they are lines in the run's log, where any process finds them: that of the run's executor, however
its steps are executed, or a sensor when that is dead. Dagster has a run tag that leaves such events out,
`dagster/defer_asset_events`, but they would have to be made up afterwards, without what only the step knew.
"""

import time
from collections.abc import Iterable, Iterator
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
    notes_of,
    observation_of,
    packed,
    partition_checked,
    store_event,
    unpacked,
    with_materialization,
    with_target,
)
from lineageflow_dagster.metadata import BRANCH_KEY, COMMIT_KEY, URL_KEY
from lineageflow_dagster.provenance import snapshot_of, with_input

DEFERRED_KEY = "lineageflow/deferred"
"""Metadata of a line in a run's log: the event that is to be stored when the run is published."""
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


def put_off(event: DagsterEvent, materialization: dg.AssetMaterialization) -> DagsterEvent:
    """Returns the line of the log that keeps an event until its run is published."""
    partition = f", partition {materialization.partition!r}," if materialization.partition else ""
    name = materialization.asset_key.to_user_string()
    return as_note(
        event,
        f"LineageFlow: {name!r}{partition} is written. It counts as materialized when the run is published.",
        {DEFERRED_KEY: dg.MetadataValue.json(packed(event))},
    )


def record(instance: dg.DagsterInstance, run_ids: Iterable[str], publication: Publication) -> int:
    """Stores what the runs put off and a publication made true, and has their checks point at it.

    `run_ids` are the publishing run, and before it those that it went on from. Of what was written more than
    once, the last one counts. What is stored already is not stored again. Returns how many are new.
    """
    runs = list(run_ids)
    stored = set(_stored(instance, publication))
    recorded: dict[dg.AssetKey, dict[str | None, dg.EventLogRecord]] = {}
    new = 0
    for place, event in _deferred(instance, runs).items():
        if place not in stored:
            store_event(instance, _published(event, publication, recorded), publication.run_id)
            new += 1
        if not publication.is_current:
            continue
        asset, partition = place
        there = _latest(instance, asset, partition, publication.run_id)
        if there is not None:
            recorded.setdefault(asset, {})[partition] = there
    _point_checks(instance, runs, recorded, publication.run_id)
    return new


def _deferred(instance: dg.DagsterInstance, run_ids: Iterable[str]) -> dict[Place, DagsterEvent]:
    """Returns what runs put off, in the order in which it was written."""
    found: dict[Place, DagsterEvent] = {}
    for run_id in run_ids:
        for metadata in notes_of(instance, run_id):
            kept = metadata.get(DEFERRED_KEY)
            event = unpacked(kept.value) if kept is not None else None
            materialization = materialization_of(event) if event is not None else None
            if event is not None and materialization is not None:
                place = (materialization.asset_key, materialization.partition)
                found.pop(place, None)
                found[place] = event
    return found


def _published(
    event: DagsterEvent,
    publication: Publication,
    recorded: dict[dg.AssetKey, dict[str | None, dg.EventLogRecord]],
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
    for asset, partitions in recorded.items():
        whole = partitions.get(None)
        materialization = with_input(
            materialization,
            asset,
            storage_id=max(there.storage_id for there in partitions.values()),
            version=_version(whole) if whole is not None else None,
        )
    if not publication.is_current:
        return as_observation(event, materialization)
    return with_materialization(event, materialization)


def _stored(instance: dg.DagsterInstance, publication: Publication) -> Iterator[Place]:
    types = dg.DagsterEventType
    event_type = types.ASSET_MATERIALIZATION if publication.is_current else types.ASSET_OBSERVATION
    for event in events_of(instance, publication.run_id, event_type):
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
    recorded: dict[dg.AssetKey, dict[str | None, dg.EventLogRecord]],
    publishing_run: str,
) -> None:
    """Stores what checks found once more, now that there is something that they looked at."""
    for run_id in run_ids:
        events = list(events_of(instance, run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION))
        found = [(event, check) for event in events if (check := check_evaluation_of(event)) is not None]
        latest = {(each.asset_check_key, partition_checked(each)): (event, each) for event, each in found}
        for (_, partition), (event, each) in latest.items():
            target = each.target_materialization_data
            looked_at = recorded.get(each.asset_key)
            if looked_at and target is not None and target.storage_id == UNPUBLISHED:
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
