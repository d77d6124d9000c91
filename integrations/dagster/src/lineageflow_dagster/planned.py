"""What the steps of a run were to write to the lake, so that lineage hears of what did not come to be."""

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from lineageflow_core.openlineage.access import PlannedWrite
from lineageflow_dagster.internals import planned_in
from lineageflow_dagster.naming import dataset_path, path_segment


def planned_writes(
    instance: dg.DagsterInstance, run_id: str, kept: Collection[dg.AssetKey], repository: str
) -> Mapping[str, Sequence[PlannedWrite]]:
    """Returns by step what it was to write; `kept` are the assets that are kept in the repository."""
    found: dict[str, dict[dg.AssetKey, set[str]]] = {}
    for step_key, asset, partitions in planned_in(instance, run_id):
        if asset in kept:
            found.setdefault(step_key, {}).setdefault(asset, set()).update(partitions)
    return {
        step_key: [
            PlannedWrite(
                repository=repository,
                dataset=dataset_path(asset.path),
                partitions=tuple(sorted(map(path_segment, partitions))),
            )
            for asset, partitions in assets.items()
        ]
        for step_key, assets in found.items()
    }
