"""All of Dagster that LineageFlow uses and Dagster does not call public. Tried with Dagster 1.11 to 1.13.

The rest of the package goes through this module, so that a release of Dagster which moves something
breaks one file, and the contract tests name what moved.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg
from dagster._config.pythonic_config import PartialResource
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.definitions.partitions.utils.mapping import infer_partition_mapping
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG as RANGE_END_TAG,
)
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_START_TAG as RANGE_START_TAG,
)
from dagster._core.storage.tags import (
    EXTERNALLY_MANAGED_ASSETS_TAG as DEFER_EVENTS_TAG,
)
from dagster_shared.record import copy

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext, StepExecutionContext
    from dagster._core.execution.plan.plan import ExecutionPlan

__all__ = [
    "DATA_VERSION_TAG",
    "DEFER_EVENTS_TAG",
    "RANGE_END_TAG",
    "RANGE_START_TAG",
    "DagsterEvent",
    "IoContext",
    "OpContext",
    "PartialResource",
    "Step",
    "UnresolvedAssetJobDefinition",
    "add_partition_metadata",
    "assets_of",
    "config_schema_of",
    "current_context",
    "engine_event",
    "executes_all_steps",
    "failure_of",
    "instance_of",
    "partitions_heard_of",
    "partitions_per_run",
    "producing_together",
    "resource_config",
    "resource_definition",
    "run_looked_at",
    "set_data_version",
    "set_version_of",
    "step_of",
    "upstream_first",
    "upstream_partitions",
    "with_fields",
]

IoContext = dg.InputContext | dg.OutputContext
OpContext = dg.AssetExecutionContext | dg.OpExecutionContext
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One attempt at one step of a run."""

    run: dg.DagsterRun
    key: str
    retry_number: int
    """0 at the first attempt."""
    config: Mapping[str, Any]
    """What the run's config says for the op, as it was written: secrets are names of variables still."""
    executor: dg.ExecutorDefinition
    """What executes the whole run."""
    code_file: Path | None
    """The file that has the step's code; None where it has none of its own."""


def step_of(context: IoContext | OpContext) -> Step | None:
    """Returns the step that a context belongs to; None outside of a run, as in `load_asset_value`."""
    step_context = _step_context(context)
    if step_context is None:
        return None
    return Step(
        run=step_context.dagster_run,
        key=step_context.step.key,
        retry_number=step_context.previous_attempt_count,
        config=_config(step_context),
        executor=step_context.job_def.executor_def,
        code_file=_code_file(step_context.op_def.compute_fn),
    )


def current_context() -> dg.OpExecutionContext | None:
    """Returns the context of the step that the calling code is part of; None where it is part of none."""
    try:
        return dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return None


def assets_of(context: dg.OpExecutionContext) -> frozenset[dg.AssetKey]:
    """Returns the assets that a step makes; none for a check, or an op that makes no asset."""
    return frozenset(context.selected_asset_keys) if context.has_assets_def else frozenset()


def set_version_of(
    context: dg.OpExecutionContext,
    asset: dg.AssetKey,
    data_version: str,
    metadata: Mapping[str, Mapping[str, Any]],
) -> None:
    """Makes Dagster record a data version and metadata when the asset is materialized by this step.

    `metadata` is by partition key; '' is for all materializations of the asset.
    """
    step_context = context.get_step_execution_context()
    step_context.set_data_version(asset, dg.DataVersion(data_version))
    for partition, entries in metadata.items():
        step_context.add_asset_metadata(entries, asset, partition or None)


def upstream_partitions(
    context: dg.OutputContext | dg.OpExecutionContext, asset: dg.AssetKey, partition: str
) -> dict[dg.AssetKey, frozenset[str]]:
    """Returns, of each partitioned asset above `asset`, the partitions that feed one of its partitions.

    That is what partition mappings say, and what Dagster's staleness goes by.
    """
    step_context = _step_context(context)
    assets = step_context.assets_def if step_context is not None else None
    if step_context is None or assets is None:
        return {}
    layer = step_context.job_def.asset_layer
    own = layer.get(asset).partitions_def
    found: dict[dg.AssetKey, frozenset[str]] = {}
    with partition_loading_context(dynamic_partitions_store=step_context.instance):
        for upstream in assets.asset_deps[asset]:
            above = layer.get(upstream).partitions_def
            if own is None or above is None:
                continue
            mapping = infer_partition_mapping(assets.get_partition_mapping_for_dep(upstream), own, above)
            wanted = own.empty_subset().with_partition_keys([partition])
            mapped = mapping.get_upstream_mapped_partitions_result_for_partitions(wanted, own, above)
            found[upstream] = frozenset(mapped.partitions_subset.get_partition_keys())
    return found


def instance_of(context: dg.InputContext) -> dg.DagsterInstance | None:
    """Returns the instance, which knows dynamic partitions; None where a context was built without one."""
    try:
        return context.instance
    except dg.DagsterInvariantViolationError:
        return None


def run_looked_at(context: dg.InputContext) -> str | None:
    """Returns the run whose result is looked at, where that is what an input is for.

    `JobExecutionResult.output_for_node` loads an output as if it were an input of the step that made it.
    """
    upstream, step_context = context.upstream_output, _step_context(context)
    if upstream is None or step_context is None:
        return None
    try:
        is_own = upstream.step_key == step_context.step.key
    except dg.DagsterInvariantViolationError:  # an asset that this run does not make
        return None
    return step_context.run_id if is_own else None


def executes_all_steps(plan: "ExecutionPlan") -> bool:
    """Tells whether a run executes its whole job, and not only some steps of it again."""
    return len(plan.step_keys_to_execute) == len(plan.steps)


def set_data_version(context: dg.OutputContext, data_version: str) -> None:
    """Makes Dagster record this data version for the asset whose output is being handled.

    The event is built after `handle_output` returns. https://github.com/dagster-io/dagster/issues/15584
    asks for a public way.
    """
    context.step_context.set_data_version(context.asset_key, dg.DataVersion(data_version))


def add_partition_metadata(
    context: dg.OutputContext, partition_key: str, metadata: Mapping[str, Any]
) -> None:
    """Adds metadata to the materialization of one of the many partitions that a step writes."""
    context.step_context.add_asset_metadata(metadata, context.asset_key, partition_key)


def resource_definition(plan: "PlanOrchestrationContext", key: str) -> dg.ResourceDefinition | None:
    """Returns a resource of the job that an executor is about to run."""
    return plan.job.get_definition().resource_defs.get(key)


def resource_config(plan: "PlanOrchestrationContext", key: str) -> dict[str, Any]:
    """Returns what the run config says about one resource, as `build_resources` takes it."""
    config = plan.run_config.get("resources")
    return {key: config[key]} if isinstance(config, Mapping) and key in config else {}


def partitions_heard_of(instance: dg.DagsterInstance, asset: dg.AssetKey) -> set[str]:
    """Returns the keys of the partitions of an asset that were ever materialized."""
    return instance.get_materialized_partitions(asset)


def partitions_per_run(job: dg.JobDefinition) -> int | None:
    """Returns how many partitions one run of a job may have, by the backfill policies of its assets.

    None: any number. One that makes no assets has one at a time.
    """
    return job.backfill_policy.max_partitions_per_run


def upstream_first(repository: dg.RepositoryDefinition) -> list[dg.AssetKey]:
    """Returns the assets that a code location makes itself, each after all that it is made from."""
    graph = repository.asset_graph
    return [key for key in graph.toposorted_asset_keys if graph.get(key).is_materializable]


def producing_together(repository: dg.RepositoryDefinition, asset: dg.AssetKey) -> list[dg.AssetKey]:
    """Returns the assets that can only be made together with one: it alone, unless they share a step."""
    return sorted(repository.asset_graph.get(asset).execution_set_asset_keys)


def config_schema_of(executor: dg.ExecutorDefinition) -> Any:
    """Returns the schema of an executor's config. Dagster takes a resolved one, but types do not say so."""
    return executor.config_schema


def engine_event(
    plan: "PlanOrchestrationContext", message: str, metadata: Mapping[str, dg.MetadataValue]
) -> DagsterEvent:
    """Returns a line for the run's log, which an executor may yield between the events of steps."""
    return DagsterEvent.engine_event(plan, message, EngineEventData(metadata=metadata))


def failure_of(event: DagsterEvent) -> str:
    """Returns, in one line, why a step failed or is to be tried again."""
    error = getattr(event.event_specific_data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else str(event.message or "the step failed")


def with_fields(record: Record, **fields: Any) -> Record:
    """Returns a copy of one of Dagster's records (definitions, unresolved jobs) with other fields."""
    return copy(record, **fields)


def _step_context(context: IoContext | OpContext) -> "StepExecutionContext | None":
    if isinstance(context, dg.AssetExecutionContext | dg.OpExecutionContext):
        return context.get_step_execution_context()
    try:
        return context.step_context
    except dg.DagsterInvariantViolationError:
        return None


def _code_file(compute: object) -> Path | None:
    function = getattr(compute, "decorated_fn", compute)
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return Path(code.co_filename) if code is not None else None


def _config(step_context: "StepExecutionContext") -> Mapping[str, Any]:
    config: Any = step_context.dagster_run.run_config or step_context.job_def.run_config or {}
    for name in step_context.node_handle.path:
        config = config.get("ops", {}).get(name) or {}
    config = config.get("config", {})
    return config if isinstance(config, Mapping) else {"config": config}
