"""Datasets that this project only reads: Dagster observes which version of them there is."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.internals import current_context, step_of
from lineageflow_dagster.naming import dataset_path, partition_key
from lineageflow_dagster.resource import LineageFlowResource


def build_observable_asset(asset: dg.AssetSpec | str, *, io_manager_key: str | None = None) -> dg.SourceAsset:
    """Returns an asset that somebody else writes to the lake, as one that Dagster can observe.

    Its data version is the snapshot on the branch that runs read, or one for each partition that is there.
    So what is made of it is stale as soon as its content has changed, and not before; with an automation
    condition or a schedule on it, Dagster looks by itself. Consumers read it through `io_manager_key`.

    .. code-block:: python

        weather = build_observable_asset(
            dg.AssetSpec("weather", automation_condition=dg.AutomationCondition.on_cron("@hourly"))
        )

    An observation fails with ObjectNotFoundError where the dataset is not there yet.
    """
    spec = asset if isinstance(asset, dg.AssetSpec) else dg.AssetSpec(asset)
    observe = _by_partition(spec.key) if spec.partitions_def is not None else _as_a_whole(spec.key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # Dagster has no other way to observe partitions
        return dg.observable_source_asset(
            key=spec.key,
            description=spec.description,
            metadata=dict(spec.metadata),
            group_name=spec.group_name,
            partitions_def=spec.partitions_def,
            automation_condition=spec.automation_condition,
            tags=dict(spec.tags),
            io_manager_key=io_manager_key,
        )(observe)


def _as_a_whole(key: dg.AssetKey) -> Callable[..., Any]:
    def observe(lineageflow: LineageFlowResource) -> dg.ObserveResult:
        dataset = dataset_path(key.path)
        commit = lineageflow.catalog.refs.resolve(lineageflow.repository, lineageflow.base_ref).id
        found = lineageflow.catalog.objects.get_dataset(lineageflow.repository, commit, dataset)
        _tell(lineageflow, dataset, commit)
        return dg.ObserveResult(
            data_version=dg.DataVersion(found.snapshot),
            metadata={
                "lineageflow/snapshot": found.snapshot,
                "lineageflow/commit": commit,
                "lineageflow/ref": lineageflow.base_ref,
            },
        )

    return observe


def _by_partition(key: dg.AssetKey) -> Callable[..., Any]:
    def observe(lineageflow: LineageFlowResource) -> dg.DataVersionsByPartition:
        commit = lineageflow.catalog.refs.resolve(lineageflow.repository, lineageflow.base_ref).id
        found = _tell(lineageflow, dataset_path(key.path), commit)
        return dg.DataVersionsByPartition({partition_key(each.partition): each.snapshot for each in found})

    return observe


def _tell(lineageflow: LineageFlowResource, dataset: str, commit: CommitId) -> Sequence[Snapshot]:
    """Tells lineage what the observing step has looked at; returns that."""
    objects, context = lineageflow.catalog.objects, current_context()
    found = tuple(
        every(
            lambda after, limit: objects.list_snapshots(
                lineageflow.repository, commit, dataset, after=after, limit=limit
            )
        )
    )
    step = step_of(context) if context is not None else None
    if step is not None and found:
        session = lineageflow.step_session(step)
        session.record_all(
            [
                DatasetAccess(
                    repository=lineageflow.repository,
                    snapshots=found,
                    commit=commit,
                    ref=lineageflow.base_ref,
                )
            ]
        )
        lineageflow.report(step, session)
    return found
