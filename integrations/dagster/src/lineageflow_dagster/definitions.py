"""`with_lineageflow`: a whole project on a lake, in one call."""

from collections.abc import Iterable

import dagster as dg

from lineageflow_dagster.executor import lineageflow_executor, publishing
from lineageflow_dagster.internals import PartialResource, UnresolvedAssetJobDefinition, with_fields
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.resource import RESOURCE_KEY, LineageFlowResource
from lineageflow_dagster.rollback import build_rollback_sensor

AnyJob = dg.JobDefinition | UnresolvedAssetJobDefinition
AnyResource = LineageFlowResource | PartialResource[LineageFlowResource]


def with_lineageflow(
    definitions: dg.Definitions, lineageflow: AnyResource, *, io_manager_key: str = "io_manager"
) -> dg.Definitions:
    """Returns definitions whose assets are kept in a lake and whose runs are published as a whole.

    `lineageflow`, which may be left to be configured at launch, becomes the resource of that name. There is
    a LineageFlowIOManager under `io_manager_key`, added if it is not there; and the executors, that of the
    definitions and those of single jobs, publish each run. A sensor tells Dagster of rollbacks, unless
    the resource is configured at launch, which no sensor is. A job that only a schedule or sensor names, with
    an executor of its own, is left alone: wrap that with `publishing(executor)`.

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
        resources=resources,
        executor=_executor(definitions.executor),
        jobs=list(_jobs(definitions.jobs or [])),
        sensors=[*(definitions.sensors or []), *_sensors(lineageflow)],
    )


def _sensors(lineageflow: AnyResource) -> list[dg.SensorDefinition]:
    return [] if isinstance(lineageflow, PartialResource) else [build_rollback_sensor()]


def _executor(executor: dg.ExecutorDefinition | dg.Executor | None) -> dg.ExecutorDefinition:
    match executor:
        case None:
            return lineageflow_executor
        case dg.Executor():
            return publishing(dg.ExecutorDefinition.hardcoded_executor(executor))
        case _:
            return publishing(executor)


def _jobs(jobs: Iterable[AnyJob]) -> Iterable[AnyJob]:
    for job in jobs:
        if isinstance(job, dg.JobDefinition):
            yield job.with_executor_def(publishing(job.executor_def)) if job.has_specified_executor else job
        elif job.executor_def is not None:
            yield with_fields(job, executor_def=publishing(job.executor_def))
        else:
            yield job
