"""What an asset was made of, as Dagster's tags say it: the versions that were really read.

Dagster takes every input of an asset for its latest materialization. A run reads what was there when it
began, or an older state on purpose. So the tags that Dagster's staleness goes by are put right from what the
step's sessions have read, before the event is stored. https://github.com/dagster-io/dagster/issues/21436 asks
for a public way.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.internals import (
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_TAG_PREFIX,
    INPUT_EVENT_POINTER_TAG_PREFIX,
    NULL_EVENT_POINTER,
)
from lineageflow_dagster.metadata import SNAPSHOT_KEY, for_people, id_shown
from lineageflow_dagster.naming import dataset_path, partition_key

Versions = Mapping[str, str]
"""The snapshots of a dataset, by partition key; '' where it has no partitions."""

_LOOKED_AT = 100
"""So many materializations of an asset or partition are searched for the one that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a step has read of a lake's repository, as far as it is known when an asset of it is written."""

    reads: tuple[DatasetAccess, ...]
    repository: str
    instance: dg.DagsterInstance
    unrecorded: frozenset[dg.AssetKey] = frozenset()
    """Assets whose materializations are not in the instance yet: there is nothing to point at."""

    def put_right(self, materialization: dg.AssetMaterialization) -> dg.AssetMaterialization:
        """Returns a materialization whose tags name its own snapshot, and those that it was made of."""
        tags = dict(materialization.tags or {})
        snapshot = snapshot_of(materialization)
        if snapshot is not None and DATA_VERSION_TAG in tags:
            tags[DATA_VERSION_TAG] = snapshot
        read = self._versions()
        for asset in inputs_in(tags):
            versions = read.get(dataset_path(asset.path))
            if versions and tags[version_tag(asset)] != input_version(versions):
                tags[version_tag(asset)] = input_version(versions)
                tags[pointer_tag(asset)] = self._pointer(asset, versions)
        return materialization._replace(tags=tags)

    def _versions(self) -> dict[str, dict[str, str]]:
        """Returns what was read, by dataset. Of what was read twice, the first one counts."""
        versions: dict[str, dict[str, str]] = {}
        for access in self.reads:
            if access.repository == self.repository:
                of_dataset = versions.setdefault(access.dataset, {})
                for snapshot in access.snapshots:
                    of_dataset.setdefault(partition_key(snapshot.partition), snapshot.snapshot)
        return versions

    def _pointer(self, asset: dg.AssetKey, versions: Versions) -> str:
        """Returns the id of the event after which the versions that were read were the latest ones.

        Dagster asks of each partition whether something else came after it. Where no single id is right for
        all partitions, the one before the first change is, so that they are stale rather than fresh.
        """
        if asset in self.unrecorded:
            return NULL_EVENT_POINTER
        spans = [self._span(asset, partition, version) for partition, version in versions.items()]
        known = [span for span in spans if span is not None]
        if not known:
            return NULL_EVENT_POINTER
        newest = max(first for first, _ in known)
        changes = [after for _, after in known if after is not None]
        return str(min([newest, *(change - 1 for change in changes)]))

    def _span(self, asset: dg.AssetKey, partition: str, version: str) -> tuple[int, int | None] | None:
        """Returns which event made this version the latest one, and which one ended that."""
        wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[partition] if partition else None)
        after: int | None = None
        for record in self.instance.fetch_materializations(wanted, limit=_LOOKED_AT).records:
            there = record.asset_materialization
            if there is not None and (there.tags or {}).get(DATA_VERSION_TAG) == version:
                return record.storage_id, after
            after = record.storage_id
        return None


def with_input(
    materialization: dg.AssetMaterialization, asset: dg.AssetKey, *, storage_id: int, version: str | None
) -> dg.AssetMaterialization:
    """Returns a materialization that came from this event of an input, if that is one of its inputs.

    `version` is None for what has partitions: only their digest is in the tags, and that is right already.
    """
    tags = dict(materialization.tags or {})
    if version_tag(asset) not in tags:
        return materialization
    tags[pointer_tag(asset)] = str(storage_id)
    if version is not None:
        tags[version_tag(asset)] = version
    return materialization._replace(tags=tags)


def snapshot_of(told: dg.AssetMaterialization | dg.AssetObservation) -> str | None:
    """Returns the snapshot that an asset's event is about; None for what is in no lake.

    Once it is stored, its metadata has the first digits of it, and all of it is the data version.
    """
    value = told.metadata.get(SNAPSHOT_KEY)
    if value is None:
        return None
    shown, version = id_shown(value), (told.tags or {}).get(DATA_VERSION_TAG)
    return version if version is not None and version.startswith(shown) else shown


def as_stored(materialization: dg.AssetMaterialization) -> dg.AssetMaterialization:
    """Returns a materialization as it is stored: for people, with the snapshot's id as its data version."""
    if (materialization.tags or {}).get(DATA_VERSION_TAG) != snapshot_of(materialization):
        return materialization
    return materialization._replace(metadata=for_people(materialization.metadata))


def input_version(versions: Versions) -> str:
    """Returns what Dagster calls the version of an input: of many partitions, it is a digest."""
    if versions.keys() == {""}:
        return versions[""]
    return hashlib.sha256("".join(version for _, version in sorted(versions.items())).encode()).hexdigest()


def inputs_in(tags: Iterable[str]) -> Iterator[dg.AssetKey]:
    """Yields the assets that the tags of a materialization name as inputs."""
    prefix = f"{INPUT_DATA_VERSION_TAG_PREFIX}/"
    for tag in list(tags):
        if tag.startswith(prefix):
            yield dg.AssetKey.from_user_string(tag.removeprefix(prefix))


def version_tag(asset: dg.AssetKey) -> str:
    """Returns the tag for the version of an input."""
    return f"{INPUT_DATA_VERSION_TAG_PREFIX}/{asset.to_user_string()}"


def pointer_tag(asset: dg.AssetKey) -> str:
    """Returns the tag for the event that made this version of an input."""
    return f"{INPUT_EVENT_POINTER_TAG_PREFIX}/{asset.to_user_string()}"
