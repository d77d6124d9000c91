"""After a rollback Dagster's catalog says what the branch holds again.

Dagster hears of what its runs write, and of nothing else. A rollback, revert, reset or merge moves the branch
without a run. This sensor compares what Dagster heard last of each asset and partition with what is at the
branch's tip. Where they differ it reports, without a run, what is there now. Of a version that Dagster had
before, it repeats all that was said of it then, what it was made of above all. So what was rolled back with
its descendants is fresh, and automation has nothing to do; what was not is stale.

Invariants: it tells nothing twice, because it compares states, not moves; and it leaves alone what a run is
still about to publish.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ObjectNotFoundError, RefNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.model.page import every
from lineageflow_dagster.bounds import is_branch
from lineageflow_dagster.internals import DATA_VERSION_TAG, partitions_heard_of, upstream_first
from lineageflow_dagster.metadata import (
    BRANCH_KEY,
    COMMIT_KEY,
    SNAPSHOT_KEY,
    URL_KEY,
    Metadata,
    data_url,
    for_people,
)
from lineageflow_dagster.naming import dataset_path, partition_key, path_segment
from lineageflow_dagster.provenance import snapshot_of
from lineageflow_dagster.resource import LineageFlowResource

REMOVED = "removed"
"""The data version of what a rollback removed: nothing was there before the bad run."""

_OF_A_COMMIT = {COMMIT_KEY, BRANCH_KEY, URL_KEY, "lineageflow/restored"}
"""Metadata that is not repeated, because it says where a version was then."""
_PAGE = 100


def build_rollback_sensor(
    *,
    name: str = "lineageflow_rollback",
    branch: str | None = None,
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """Returns the sensor that tells Dagster what rollbacks, reverts, resets and merges made of a branch.

    `branch` is the one that Dagster's catalog is about: by default, the one that runs publish to. What is
    removed by a rollback has the data version 'removed' then, so what is made of it is stale; its history
    stays. Assets that Dagster never materialized, or that are not in the lake, are left out.
    `with_lineageflow` adds this sensor.
    """

    @dg.sensor(
        name=name,
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        description="Tells Dagster what a rollback, revert, reset or merge in the lake made of its assets.",
    )
    def rollback_sensor(
        context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource
    ) -> dg.SensorResult:
        return _evaluate(context, lineageflow, branch or lineageflow.branch)

    return rollback_sensor


def _evaluate(
    context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource, branch: str
) -> dg.SensorResult:
    catalog, repository = lineageflow.catalog, lineageflow.repository
    if not is_branch(branch, catalog, repository):
        return dg.SensorResult(skip_reason=f"there is no branch {branch!r} yet")
    tip = catalog.refs.resolve(repository, branch)
    if tip.id == context.cursor:
        return dg.SensorResult(skip_reason=f"{branch!r} has not moved", cursor=tip.id)
    assert context.repository_def is not None
    comparison = _Comparison(lineageflow, context.instance, branch, tip)
    changed = _changed(catalog, repository, context.cursor, tip.id)
    events = [
        event
        for asset in upstream_first(context.repository_def)
        for event in comparison.events(asset, changed)
    ]
    if catalog.refs.resolve(repository, branch).id != tip.id:
        # A run that has ended meanwhile has published meanwhile.
        return dg.SensorResult(skip_reason=f"{branch!r} moved while it was looked at", cursor=context.cursor)
    cursor = context.cursor if comparison.waits_for else tip.id
    if events:
        return dg.SensorResult(asset_events=events, cursor=cursor)
    waiting = ", ".join(sorted(comparison.waits_for))
    reason = f"waiting for the end of runs: {waiting}" if waiting else f"the catalog is as {branch!r} is"
    return dg.SensorResult(skip_reason=reason, cursor=cursor)


class _Comparison:
    """What Dagster heard last of assets, and what is at the tip of the branch."""

    def __init__(
        self, lineageflow: LineageFlowResource, instance: dg.DagsterInstance, branch: str, tip: Commit
    ) -> None:
        self._lake = lineageflow
        self._instance = instance
        self._branch = branch
        self._tip = tip
        self.waits_for: set[str] = set()
        """Runs that made what Dagster heard last, and have not ended."""

    def events(
        self, asset: dg.AssetKey, changed: Mapping[str, frozenset[str]] | None
    ) -> Iterator[dg.AssetMaterialization]:
        """Yields what Dagster has to hear of an asset, if it is among those that `changed`."""
        dataset = dataset_path(asset.path)
        if changed is not None and dataset not in changed:
            return
        held = self._held(dataset)
        segments = {path_segment(key) for key in partitions_heard_of(self._instance, asset)}
        if not segments:
            segments = {""}
        elif changed is not None and changed[dataset]:
            segments = segments & changed[dataset]
        for segment in sorted(segments):
            event = self._event(asset, segment, held.get(segment))
            if event is not None:
                yield event

    def _event(
        self, asset: dg.AssetKey, segment: str, held: SnapshotId | None
    ) -> dg.AssetMaterialization | None:
        heard = next(self._heard(asset, segment), None)
        if heard is None or heard.snapshot is None or heard.snapshot == (held or ""):
            return None
        run = self._instance.get_run_by_id(heard.run_id) if heard.run_id else None
        if run is not None and not run.is_finished:
            self.waits_for.add(run.run_id)
            return None
        if held is None:
            return self._told(asset, segment, heard.event, {DATA_VERSION_TAG: REMOVED}, {}, "Removed")
        original = next((each for each in self._heard(asset, segment) if each.snapshot == held), None)
        if original is None:
            metadata: Metadata = {SNAPSHOT_KEY: dg.MetadataValue.text(held)}
            return self._told(asset, segment, heard.event, {DATA_VERSION_TAG: held}, metadata, "Written")
        metadata = {name: each for name, each in original.event.metadata.items() if name not in _OF_A_COMMIT}
        metadata[SNAPSHOT_KEY] = dg.MetadataValue.text(held)
        return self._told(asset, segment, original.event, original.event.tags or {}, metadata, "Restored")

    def _told(
        self,
        asset: dg.AssetKey,
        segment: str,
        like: dg.AssetMaterialization,
        tags: Mapping[str, str],
        metadata: Metadata,
        verb: str,
    ) -> dg.AssetMaterialization:
        path = f"{dataset_path(asset.path)}/{segment}".rstrip("/")
        commit = self._brought_by(path)
        metadata |= {
            COMMIT_KEY: dg.MetadataValue.text(commit.id),
            BRANCH_KEY: dg.MetadataValue.text(self._branch),
            "lineageflow/restored": dg.MetadataValue.text(commit.message),
        }
        if self._lake.page is not None:
            url = data_url(self._lake.page, self._lake.repository, commit.id, path)
            metadata[URL_KEY] = dg.MetadataValue.url(url)
        return dg.AssetMaterialization(
            asset_key=asset,
            partition=like.partition,
            description=f"{verb} on {self._branch!r} by {commit.author}: {commit.message}",
            metadata=for_people(metadata),
            tags=dict(tags),
        )

    def _brought_by(self, path: str) -> Commit:
        """Returns the commit on the branch that brought what is at a path now, or removed it."""
        log = self._lake.catalog.history.log(self._lake.repository, self._tip.id, path=path, limit=1)
        return log.items[0] if log.items else self._tip

    def _held(self, dataset: str) -> dict[str, SnapshotId]:
        """Returns what the tip holds of a dataset, by the path of each partition; '' is the whole."""
        objects, repository = self._lake.catalog.objects, self._lake.repository
        try:
            whole = objects.get_dataset(repository, self._tip.id, dataset)
        except ObjectNotFoundError:
            return {}
        if whole.path != dataset:
            return {}
        parts = every(
            lambda after, limit: objects.list_snapshots(
                repository, self._tip.id, dataset, after=after, limit=limit
            )
        )
        return {each.partition: each.snapshot for each in parts} | {"": whole.snapshot}

    def _heard(self, asset: dg.AssetKey, segment: str) -> "Iterator[_Heard]":
        """Yields what Dagster heard of an asset or partition, newest first."""
        wanted = dg.AssetRecordsFilter(asset, asset_partitions=[partition_key(segment)]) if segment else asset
        cursor: str | None = None
        while True:
            found = self._instance.fetch_materializations(wanted, limit=_PAGE, cursor=cursor)
            for record in found.records:
                event = record.asset_materialization
                if event is not None:
                    yield _Heard(event=event, run_id=record.event_log_entry.run_id)
            if not found.has_more:
                return
            cursor = found.cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A materialization that Dagster recorded."""

    event: dg.AssetMaterialization
    run_id: str
    """'' where no run told of it."""

    @property
    def snapshot(self) -> str | None:
        """What was in the lake then; '' for what was removed, None for what is not in the lake."""
        if (self.event.tags or {}).get(DATA_VERSION_TAG) == REMOVED:
            return ""
        return snapshot_of(self.event)


def _changed(
    catalog: Catalog, repository: str, since: str | None, tip: CommitId
) -> dict[str, frozenset[str]] | None:
    """Returns the datasets that differ, with the partitions that do; none where all of it does.

    None is all that there are, where nobody knows what it was before.
    """
    if since is None:
        return None
    found: dict[str, frozenset[str]] = {}
    try:
        for each in every(
            lambda after, limit: catalog.history.diff_datasets(
                repository, since, tip, after=after, limit=limit
            )
        ):
            found[each.path] = frozenset(each.partitions)
            if each.moved_from is not None:
                found[each.moved_from] = frozenset()
    except RefNotFoundError:  # it was the tip of another lake
        return None
    return found
