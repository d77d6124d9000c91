"""All of Dagster that LineageFlow uses and Dagster does not call public. Tried with Dagster 1.11 to 1.13.

The rest of the package goes through this module, so that a release of Dagster which moves something
breaks one file, and the contract tests name what moved.
"""

import inspect
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from copy import copy as shallow_copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg
from dagster._config.pythonic_config import PartialResource
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.data_version import (
    DATA_VERSION_TAG,
    INPUT_DATA_VERSION_TAG_PREFIX,
    INPUT_EVENT_POINTER_TAG_PREFIX,
    NULL_EVENT_POINTER,
)
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.definitions.partitions.utils.mapping import infer_partition_mapping
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.events import (
    AssetObservationData,
    DagsterEvent,
    EngineEventData,
    HandledOutputData,
    StepMaterializationData,
)
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.log_manager import LOG_RECORD_EVENT_ATTR, LOG_RECORD_EVENT_BATCH_METADATA_ATTR
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG as RANGE_END_TAG,
)
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_START_TAG as RANGE_START_TAG,
)
from dagster._core.storage.tags import (
    EXTERNALLY_MANAGED_ASSETS_TAG as DEFER_EVENTS_TAG,
)
from dagster._serdes import deserialize_value, serialize_value
from dagster_shared.check.record import is_record
from dagster_shared.record import copy

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext, StepExecutionContext
    from dagster._core.execution.plan.plan import ExecutionPlan

__all__ = [
    "DATA_VERSION_TAG",
    "DEFER_EVENTS_TAG",
    "INPUT_DATA_VERSION_TAG_PREFIX",
    "INPUT_EVENT_POINTER_TAG_PREFIX",
    "NULL_EVENT_POINTER",
    "RANGE_END_TAG",
    "RANGE_START_TAG",
    "DagsterEvent",
    "IoContext",
    "OpContext",
    "PartialResource",
    "Step",
    "UnresolvedAssetJobDefinition",
    "as_note",
    "as_observation",
    "assets_of",
    "assets_of_kind",
    "check_evaluation_of",
    "config_schema_of",
    "current_context",
    "engine_event",
    "event_logged",
    "events_of",
    "executed_by",
    "executes_all_steps",
    "failure_of",
    "instance_of",
    "is_failed_check",
    "is_of_assets",
    "is_stored_output",
    "is_succeeded",
    "log_instead",
    "materialization_of",
    "metadata_said",
    "notes_of",
    "observation_of",
    "packed",
    "partition_checked",
    "partitions_heard_of",
    "partitions_per_run",
    "planned_in",
    "producing_together",
    "resource_config",
    "resource_definition",
    "run_looked_at",
    "set_version_of",
    "spec_of",
    "stated_metadata",
    "step_of",
    "store_event",
    "stored_by",
    "unpacked",
    "upstream_first",
    "upstream_partitions",
    "warn",
    "with_body",
    "with_fields",
    "with_materialization",
    "with_said",
    "with_target",
    "write_note",
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
    makes: frozenset[dg.AssetKey]
    """The assets that steps of the whole job make."""
    instance: dg.DagsterInstance
    log: logging.Logger
    """The step's own: what it logs becomes the step's events."""
    description: str | None
    """What the project says that the step does."""
    assets: tuple[dg.AssetSpec, ...]
    """What it makes, all of it that it can; none for a check, or an op that makes no asset."""


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
        makes=frozenset(step_context.job_def.asset_layer.executable_asset_keys),
        instance=step_context.instance,
        log=step_context.log,
        description=step_context.op_def.description,
        assets=tuple(step_context.assets_def.specs) if step_context.assets_def is not None else (),
    )


def current_context() -> dg.OpExecutionContext | None:
    """Returns the context of the step that the calling code is part of; None where it is part of none."""
    try:
        return dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return None


def warn(text: str) -> None:
    """Warns in the run's log, or outside of steps in that of the process."""
    context = current_context()
    log = dg.get_dagster_logger("lineageflow") if context is None else context.log
    log.warning(text)


def assets_of(context: dg.OpExecutionContext) -> frozenset[dg.AssetKey]:
    """Returns the assets that a step makes; none for a check, or an op that makes no asset."""
    return frozenset(context.selected_asset_keys) if context.has_assets_def else frozenset()


def set_version_of(
    context: dg.OutputContext | dg.OpExecutionContext,
    asset: dg.AssetKey,
    data_version: str,
    metadata: Mapping[str, Mapping[str, Any]],
) -> None:
    """Makes Dagster record a data version and metadata when the asset is materialized by this step.

    `metadata` is by partition key; '' is for all materializations of the asset. Their events are built when
    the body has given its result, and after `handle_output` has returned.
    https://github.com/dagster-io/dagster/issues/15584 asks for a public way.
    """
    step_context = _step_context(context)
    assert step_context is not None  # a step executes
    step_context.set_data_version(asset, dg.DataVersion(data_version))
    for partition, entries in metadata.items():
        step_context.add_asset_metadata(entries, asset, partition or None)


def spec_of(context: dg.OutputContext | dg.OpExecutionContext, asset: dg.AssetKey) -> dg.AssetSpec | None:
    """Returns how the project defines an asset that the step makes."""
    step_context = _step_context(context)
    assets = step_context.assets_def if step_context is not None else None
    return assets.specs_by_key.get(asset) if assets is not None else None


def stated_metadata(
    context: dg.OutputContext | dg.OpExecutionContext, asset: dg.AssetKey
) -> Mapping[str, Any]:
    """Returns the metadata that a body has added to an asset so far, by `add_asset_metadata`."""
    step_context = _step_context(context)
    return (step_context.get_asset_metadata(asset) if step_context is not None else None) or {}


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


def assets_of_kind(plan: "PlanOrchestrationContext", kind: str) -> frozenset[dg.AssetKey]:
    """Returns the assets of a kind that the job makes which an executor is about to run."""
    layer = plan.job.get_definition().asset_layer
    return frozenset(key for key in layer.executable_asset_keys if kind in layer.get(key).kinds)


def planned_in(
    instance: dg.DagsterInstance, run_id: str
) -> Iterator[tuple[str, dg.AssetKey, frozenset[str]]]:
    """Yields what a run was launched to materialize: step, asset, and its partitions if it has any."""
    for event in events_of(instance, run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED):
        planned = event.asset_materialization_planned_data
        partitions = frozenset({planned.partition} if planned.partition else ())
        if planned.partitions_subset is not None:
            partitions |= frozenset(planned.partitions_subset.get_partition_keys())
        if event.step_key is not None:
            yield event.step_key, planned.asset_key, partitions


def executes_all_steps(plan: "ExecutionPlan") -> bool:
    """Tells whether a run executes its whole job, and not only some steps of it again."""
    return len(plan.step_keys_to_execute) == len(plan.steps)


def executed_by(plan: "PlanOrchestrationContext", executor: dg.Executor) -> "PlanOrchestrationContext":
    """Returns the context of a run with another executor: those of Celery ask it for their own settings."""
    changed = shallow_copy(plan)
    changed._executor = executor  # noqa: SLF001
    return changed


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


def event_logged(record: logging.LogRecord) -> DagsterEvent | None:
    """Returns the event that a record of a step's log is; None for a message."""
    event: DagsterEvent | None = getattr(record, LOG_RECORD_EVENT_ATTR, None)
    return event


def log_instead(record: logging.LogRecord, event: DagsterEvent) -> None:
    """Makes a record of a step's log another event, before it is stored."""
    setattr(record, LOG_RECORD_EVENT_ATTR, event)
    if event.event_type is dg.DagsterEventType.ENGINE_EVENT:  # Dagster stores none of those in batches
        setattr(record, LOG_RECORD_EVENT_BATCH_METADATA_ATTR, None)
    record.msg, record.args = event.message or "", ()


def materialization_of(event: DagsterEvent) -> dg.AssetMaterialization | None:
    """Returns what an event says of an asset that was materialized, if that is what it is."""
    data = event.event_specific_data
    return data.materialization if isinstance(data, StepMaterializationData) else None


def with_materialization(event: DagsterEvent, materialization: dg.AssetMaterialization) -> DagsterEvent:
    """Returns an event that says something else of the asset."""
    return event._replace(event_specific_data=StepMaterializationData(materialization))


def as_observation(event: DagsterEvent, materialization: dg.AssetMaterialization) -> DagsterEvent:
    """Returns an event that says that a version of an asset is there, but not that it is the current one."""
    version = (materialization.tags or {}).get(DATA_VERSION_TAG)
    observation = dg.AssetObservation(
        asset_key=materialization.asset_key,
        partition=materialization.partition,
        metadata=materialization.metadata,
        tags={DATA_VERSION_TAG: version} if version is not None else None,
    )
    return event._replace(
        event_type_value=dg.DagsterEventType.ASSET_OBSERVATION.value,
        event_specific_data=AssetObservationData(observation),
        message=None,
    )


def observation_of(event: DagsterEvent) -> dg.AssetObservation | None:
    """Returns what an event says of an asset that was looked at, if that is what it is."""
    data = event.event_specific_data
    return data.asset_observation if isinstance(data, AssetObservationData) else None


def check_evaluation_of(event: DagsterEvent) -> dg.AssetCheckEvaluation | None:
    """Returns what an event says that a check found, if that is what it is."""
    data = event.event_specific_data
    return data if isinstance(data, dg.AssetCheckEvaluation) else None


def with_target(
    event: DagsterEvent, found: dg.AssetCheckEvaluation, *, run_id: str, storage_id: int, timestamp: float
) -> DagsterEvent:
    """Returns an event that says that a check looked at another materialization."""
    target = AssetCheckEvaluationTargetMaterializationData(
        run_id=run_id, storage_id=storage_id, timestamp=timestamp
    )
    return event._replace(event_specific_data=with_fields(found, target_materialization_data=target))


def partition_checked(found: dg.AssetCheckEvaluation) -> str | None:
    """Returns the partition that a check looked at. Before Dagster 1.12, checks know of none."""
    return getattr(found, "partition", None)


def as_note(event: DagsterEvent, message: str, metadata: Mapping[str, dg.MetadataValue]) -> DagsterEvent:
    """Returns a line for the log of the run, from where `event` comes."""
    return event._replace(
        event_type_value=dg.DagsterEventType.ENGINE_EVENT.value,
        event_specific_data=EngineEventData(metadata=metadata),
        message=message,
    )


def notes_of(instance: dg.DagsterInstance, run_id: str) -> Iterator[Mapping[str, dg.MetadataValue]]:
    """Yields the metadata of all lines in the log of a run that executors, steps and sensors wrote there."""
    for event in events_of(instance, run_id, dg.DagsterEventType.ENGINE_EVENT):
        yield metadata_said(event)


def metadata_said(event: DagsterEvent) -> Mapping[str, dg.MetadataValue]:
    """Returns the metadata of a line in a run's log, or of an output that was stored."""
    data = event.event_specific_data
    return data.metadata if isinstance(data, EngineEventData | HandledOutputData) else {}


def is_stored_output(event: DagsterEvent) -> bool:
    """Tells whether an event says that an IO manager has stored an output. Its assets are told of before."""
    return isinstance(event.event_specific_data, HandledOutputData)


def with_said(event: DagsterEvent, message: str, metadata: Mapping[str, dg.MetadataValue]) -> DagsterEvent:
    """Returns the event of an output that was stored, which says more than it did."""
    data = event.event_specific_data
    assert isinstance(data, HandledOutputData)
    return event._replace(
        event_specific_data=with_fields(data, metadata={**data.metadata, **metadata}),
        message=f"{event.message or ''} {message}".strip(),
    )


def write_note(
    instance: dg.DagsterInstance, run: dg.DagsterRun, message: str, metadata: Mapping[str, dg.MetadataValue]
) -> None:
    """Writes a line to the log of a run from outside of its processes."""
    instance.report_engine_event(message, run, EngineEventData(metadata=metadata))


def events_of(
    instance: dg.DagsterInstance, run_id: str, *event_types: dg.DagsterEventType
) -> Iterator[DagsterEvent]:
    """Yields a run's events of some types, in their order."""
    for record in instance.all_logs(run_id, of_type=set(event_types)):
        if record.dagster_event is not None:
            yield record.dagster_event


def store_event(instance: dg.DagsterInstance, event: DagsterEvent, run_id: str) -> None:
    """Stores an event of a run, as its own processes would."""
    instance.report_dagster_event(event, run_id, log_level=logging.DEBUG)


def packed(event: DagsterEvent) -> dict[str, Any]:
    """Returns an event as plain values, from which `unpacked` makes it again."""
    plain: dict[str, Any] = json.loads(serialize_value(event))
    return plain


def unpacked(plain: Any) -> DagsterEvent:
    """Returns the event that `packed` was given, maybe by an older release of Dagster."""
    return deserialize_value(json.dumps(plain), DagsterEvent)


def is_succeeded(instance: dg.DagsterInstance, backfill_id: str) -> bool:
    """Tells whether all of a backfill has succeeded; not if nobody knows of it."""
    backfill = instance.get_backfill(backfill_id)
    return backfill is not None and backfill.status is BulkActionStatus.COMPLETED_SUCCESS


def is_of_assets(instance: dg.DagsterInstance, backfill_id: str) -> bool:
    """Tells whether a backfill goes on by what is materialized, as those of assets do, not those of jobs."""
    backfill = instance.get_backfill(backfill_id)
    return backfill is not None and backfill.is_asset_backfill


def is_failed_check(event: DagsterEvent) -> bool:
    """Tells whether a step failed because of a blocking check, and of nothing else."""
    error = getattr(event.event_specific_data, "error", None)
    return error is not None and error.cls_name == DagsterAssetCheckFailedError.__name__


def with_body(
    definition: dg.AssetsDefinition, change: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> dg.AssetsDefinition:
    """Returns assets or checks with the function that computes them changed.

    As they were, where that is no single function that a decorator was put on. The new function has to take
    what the old one takes, and say so as `functools.wraps` does.
    """
    computation = definition.computation
    op = computation.node_def if computation is not None else None
    if not (isinstance(op, dg.OpDefinition) and isinstance(op.compute_fn, DecoratedOpFunction)):
        return definition
    changed, changed_op = shallow_copy(definition), shallow_copy(op)
    changed_op._compute_fn = DecoratedOpFunction(change(op.compute_fn.decorated_fn))  # noqa: SLF001
    changed._computation = copy(computation, node_def=changed_op)  # noqa: SLF001
    return changed


def stored_by(definition: dg.AssetsDefinition, io_manager_key: str) -> frozenset[dg.AssetKey]:
    """Returns the assets of a definition whose values go to the IO manager of this key."""
    if not definition.is_materializable:
        return frozenset()
    outputs = {
        key: definition.node_def.resolve_output_to_origin(name, None)[0]
        for name, key in definition.keys_by_output_name.items()
    }
    return frozenset(
        key
        for key, output in outputs.items()
        if output.io_manager_key == io_manager_key and not output.dagster_type.is_nothing
    )


def failure_of(event: DagsterEvent) -> str:
    """Returns, in one line, why a step failed or is to be tried again."""
    error = getattr(event.event_specific_data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else str(event.message or "the step failed")


def with_fields(record: Record, **fields: Any) -> Record:
    """Returns a copy of one of Dagster's records (definitions, jobs, checks) with other fields.

    What is a record in one release of Dagster may be a named tuple in an older one.
    """
    if is_record(record):
        return copy(record, **fields)
    changed: Record = record._replace(**fields)  # type: ignore[attr-defined]  # a named tuple then
    return changed


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
