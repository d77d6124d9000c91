"""`with_lineageflow`: a whole project on a lake, in one call."""

from collections.abc import Iterable
from typing import TypeVar

import dagster as dg

from lineageflow_dagster.about import as_kept_in_lake
from lineageflow_dagster.checks import telling_version
from lineageflow_dagster.default_executor import default_executor
from lineageflow_dagster.executor import publishing
from lineageflow_dagster.internals import (
    PartialResource,
    UnresolvedAssetJobDefinition,
    stored_by,
    with_fields,
)
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.policy import PublishPolicy
from lineageflow_dagster.reconciliation import build_reconciliation_sensor
from lineageflow_dagster.resource import RESOURCE_KEY, LineageFlowResource
from lineageflow_dagster.rollback import build_rollback_sensor

AnyJob = dg.JobDefinition | UnresolvedAssetJobDefinition
Asset = TypeVar("Asset")
AnyResource = LineageFlowResource | PartialResource[LineageFlowResource]


def with_lineageflow(
    definitions: dg.Definitions,
    lineageflow: AnyResource,
    *,
    publish: PublishPolicy = PublishPolicy(),  # noqa: B008  # a frozen value
    io_manager_key: str = "io_manager",
) -> dg.Definitions:
    """Returns definitions whose assets are kept in a lake and whose runs are published as a whole.

    `lineageflow`, which may be left to be configured at launch, becomes the resource of that name. There is
    a LineageFlowIOManager under `io_manager_key`, added if it is not there; and the executors, that of the
    definitions and those of single jobs, publish each run as `publish` says, by default as one thing. A job
    that only a schedule or sensor names, with an executor of its own, is left alone: wrap that with
    `publishing(executor)`. Sensors look after runs whose process died, and tell Dagster of rollbacks, unless
    the resource is configured at launch, which no sensor is. Assets that the IO manager keeps are
    of the kind `lineageflow`, and results of checks say which version they looked at.

    Raises DagsterInvalidDefinitionError if another kind of IO manager has that key.
    """
    resources = dict(definitions.resources or {})
    there = resources.setdefault(io_manager_key, LineageFlowIOManager(lineageflow=lineageflow))
    if not isinstance(there, LineageFlowIOManager):
        raise dg.DagsterInvalidDefinitionError(
            f"the resource {io_manager_key!r} is another IO manager; to keep both, pass "
            "with_lineageflow(..., io_manager_key='lineageflow_io') and give that key to the assets that go "
            "to the lake"
        )
    resources[RESOURCE_KEY] = lineageflow
    return with_fields(
        definitions,
        assets=[_asset(asset, io_manager_key) for asset in definitions.assets or []],
        asset_checks=[telling_version(checks) for checks in definitions.asset_checks or []],
        resources=resources,
        executor=_executor(definitions.executor, publish),
        jobs=list(_jobs(definitions.jobs or [], publish)),
        sensors=[*(definitions.sensors or []), *_sensors(lineageflow)],
    )


def _asset(asset: Asset, io_manager_key: str) -> Asset | dg.AssetsDefinition:
    """Returns an asset as its page shows it; checks may stand among assets, too."""
    if not isinstance(asset, dg.AssetsDefinition):
        return asset
    if not asset.keys:
        return telling_version(asset)
    kept = stored_by(asset, io_manager_key)
    return asset.map_asset_specs(lambda spec: as_kept_in_lake(spec) if spec.key in kept else spec)


def _executor(
    executor: dg.ExecutorDefinition | dg.Executor | None, policy: PublishPolicy
) -> dg.ExecutorDefinition:
    match executor:
        case None:
            return publishing(default_executor, policy)
        case dg.Executor():
            return publishing(dg.ExecutorDefinition.hardcoded_executor(executor), policy)
        case _:
            return publishing(executor, policy)


def _jobs(jobs: Iterable[AnyJob], policy: PublishPolicy) -> Iterable[AnyJob]:
    for job in jobs:
        if isinstance(job, dg.JobDefinition):
            own = job.has_specified_executor
            yield job.with_executor_def(publishing(job.executor_def, policy)) if own else job
        elif job.executor_def is not None:
            yield with_fields(job, executor_def=publishing(job.executor_def, policy))
        else:
            yield job


def _sensors(lineageflow: AnyResource) -> list[dg.SensorDefinition]:
    if isinstance(lineageflow, PartialResource):
        return []
    return [build_reconciliation_sensor(), build_rollback_sensor()]
