"""Dagster's default executor, whose steps start sooner.

It starts a new Python for each step, which imports Dagster and what a lake needs: seconds, where the step
itself may take a tenth of one. Here the processes of steps are forked from one that has imported that, and
nothing of the project's, unless the config names a `start_method`. Python itself begins processes so since
3.14, where the system can.
"""

from collections.abc import Mapping
from multiprocessing import get_all_start_methods

import dagster as dg
from dagster import Executor, ExecutorDefinition, InitExecutorContext

from lineageflow_dagster.internals import config_schema_of

PRELOAD = "lineageflow_dagster.preload"
_FORKED = "forkserver"
_DAGSTERS = dg.multi_or_in_process_executor


def _create(context: InitExecutorContext) -> Executor:
    create = _DAGSTERS.executor_creation_fn
    assert create is not None
    return create(context._replace(executor_config=_forking(context.executor_config)))


def _forking(config: Mapping[str, object]) -> Mapping[str, object]:
    steps = config.get("multiprocess")
    if not isinstance(steps, Mapping) or steps.get("start_method") or _FORKED not in get_all_start_methods():
        return config
    return {**config, "multiprocess": {**steps, "start_method": {_FORKED: {"preload_modules": [PRELOAD]}}}}


default_executor = ExecutorDefinition(
    name=_DAGSTERS.name,
    config_schema=config_schema_of(_DAGSTERS),
    requirements=_DAGSTERS.get_requirements,
    executor_creation_fn=_create,
    description=_DAGSTERS.description,
)
"""As Dagster's, with the same name and config."""
