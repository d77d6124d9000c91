"""From what a consumer of an asset asks for to a Python value: which partitions, objects and type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

import dagster as dg

from lineageflow_core import Catalog
from lineageflow_core.model.names import parents_of
from lineageflow_core.model.objects import ObjectEntry, Snapshot
from lineageflow_core.model.page import every
from lineageflow_core.run import Reading, admit
from lineageflow_core.run.look import look, path_of
from lineageflow_dagster.formats import Trust, is_object, read_value
from lineageflow_dagster.internals import instance_of
from lineageflow_dagster.naming import dataset_path, partition_key, path_segment
from lineageflow_dagster.outputs import text_of

REF_KEY = "lineageflow/ref"
"""Metadata of an input: the ref that it is read at, unless a run tag says another one for the asset."""
ALLOW_MISSING_KEY = "allow_missing_partitions"
"""Metadata of an input, as for Dagster's own file stores: go without partitions that are not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a consumer of an asset asks for."""

    dataset: str
    partitions: tuple[str, ...] | None
    """As path segments, in order; None is all that there are."""
    may_miss: bool
    """Partitions that are not there are left out."""
    annotation: Any
    """The input's type: of the value, or a dictionary of values by partition key."""
    ref: str | None = None
    """Where it is read; None is where the run reads everything else."""

    @property
    def is_by_partition(self) -> bool:
        return self.annotation is dict or get_origin(self.annotation) in {dict, Mapping}

    @property
    def value_type(self) -> Any:
        """The type of one partition's value, where the annotation is by partition."""
        types = get_args(self.annotation)
        return types[1] if len(types) == 2 else Any


def request_of(context: dg.InputContext) -> Request:
    """Returns what an input asks for.

    A consumer without partitions needs every one that there can be, and is given those that there are.
    """
    return Request(
        dataset=dataset_path(asset_key_of(context).path),
        partitions=_partitions(context),
        may_miss=bool(context.definition_metadata.get(ALLOW_MISSING_KEY)),
        annotation=context.dagster_type.typing_type,
        ref=text_of(context.definition_metadata.get(REF_KEY)),
    )


def has_asset(context: dg.InputContext) -> bool:
    """Tells whether an input is an asset, and not an intermediate of ops."""
    upstream = context.upstream_output
    return context.has_asset_key or (upstream is not None and upstream.has_asset_key)


def asset_key_of(context: dg.InputContext) -> dg.AssetKey:
    """Returns the asset that is read. Where a result is looked at, only the output knows which it is."""
    upstream = context.upstream_output
    return context.asset_key if context.has_asset_key or upstream is None else upstream.asset_key


def _partitions(context: dg.InputContext) -> tuple[str, ...] | None:
    if not (context.has_asset_key and context.has_asset_partitions):
        return None
    keys = context.asset_partition_keys
    every = context.asset_partitions_def.get_partition_keys(dynamic_partitions_store=instance_of(context))
    if len(keys) > 1 and set(keys) == set(every):
        return None
    return tuple(path_segment(key) for key in sorted(keys))  # Dagster's order is not always the same


def without_missing(request: Request, catalog: Catalog, repository: str, ref: str) -> Request:
    """Returns the request without the partitions that are not there, if it may go without them."""
    if request.partitions is None or not request.may_miss:
        return request
    there = {snapshot.partition for snapshot in _snapshots(catalog, repository, ref, request.dataset)}
    return replace(request, partitions=tuple(part for part in request.partitions if part in there))


def look_at(request: Request, catalog: Catalog, repository: str, ref: str) -> Reading:
    """Reads what is asked for without a trace in the lineage: nothing is made from it."""
    commit = catalog.refs.resolve(repository, ref).id
    request = without_missing(request, catalog, repository, commit)
    reading = look(catalog, repository, commit, request.dataset, partitions=request.partitions)
    notices = admit(catalog, repository, commit, request.dataset, partitions=request.partitions)
    return replace(reading, notices=notices)


def load(request: Request, reading: Reading, *, trust: Trust, copies: Path) -> object:
    """Returns the value of what was read.

    By partition, it is a dictionary, unless a single partition was asked for whose value is a dictionary
    itself. Otherwise the values of many partitions are put together, as far as their kind can.
    """
    if not (request.is_by_partition and any(snapshot.partition for snapshot in reading.snapshots)):
        return read_value(reading, request.annotation, trust=trust, copies=copies)
    parts = by_partition(reading)
    if request.partitions is not None and len(request.partitions) == 1 and is_object(reading):
        only = read_value(reading, Any, trust=trust, copies=copies)
        if isinstance(only, Mapping):
            return only
    return {
        key: read_value(part, request.value_type, trust=trust, copies=copies) for key, part in parts.items()
    }


def by_partition(reading: Reading) -> dict[str, Reading]:
    """Returns what was read of each partition, by its key."""
    objects: dict[str, list[ObjectEntry]] = {path_of(snapshot): [] for snapshot in reading.snapshots}
    for entry in reading.objects:
        place = next((path for path in (entry.path, *parents_of(entry.path)) if path in objects), None)
        if place is not None:
            objects[place].append(entry)
    return {
        partition_key(snapshot.partition): replace(
            reading, snapshots=(snapshot,), objects=tuple(objects[path_of(snapshot)])
        )
        for snapshot in reading.snapshots
    }


def _snapshots(catalog: Catalog, repository: str, ref: str, dataset: str) -> Iterable[Snapshot]:
    return every(
        lambda after, limit: catalog.objects.list_snapshots(
            repository, ref, dataset, after=after, limit=limit
        )
    )
