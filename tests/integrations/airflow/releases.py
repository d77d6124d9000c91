"""What of Airflow has moved between the releases that are supported, from where it is in this one."""

# mypy: disable-error-code="assignment, no-redef, attr-defined, import-not-found, unused-ignore"
import time
from functools import cache
from importlib.metadata import version
from typing import Any

import pytest
from airflow.providers.openlineage import conf
from airflow.sdk import DAG
from airflow.sdk.definitions.deadline import AsyncCallback
from airflow.sdk.execution_time import supervisor

try:
    from airflow.sdk import lineage  # 3.2
except ImportError:
    from airflow.lineage import hook as lineage
try:
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db  # 3.2
except ImportError:
    from airflow.models.dagbag import DagBag, sync_bag_to_db
try:
    from airflow.serialization.definitions.dag import SerializedDAG  # 3.2
    from airflow.serialization.serialized_objects import DagSerialization
except ImportError:
    from airflow.serialization.serialized_objects import SerializedDAG
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization
try:
    from airflow.sdk.listener import get_listener_manager  # 3.2
except ImportError:
    from airflow.listeners.listener import get_listener_manager
try:
    from airflow.triggers.callback import CallbackTrigger  # 3.2
except ImportError:
    from airflow.triggers.deadline import DeadlineCallbackTrigger as CallbackTrigger
try:
    from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred  # 3.2
except ImportError:
    from airflow.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

__all__ = [
    "TELLS_CALLBACKS_OF_ERRORS",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AsyncCallback",
    "CallbackTrigger",
    "DagBag",
    "DagSerialization",
    "SerializedDAG",
    "TaskDeferred",
    "collected_lineage",
    "configured_by_connection",
    "forget_lineage",
    "get_listener_manager",
    "lineage",
    "serialized",
    "sync_bag_to_db",
    "triggered_params",
]

TELLS_CALLBACKS_OF_ERRORS = version("apache-airflow-core") >= "3.3"
"""Whether `DAG.test` does; workers always do."""

configured_by_connection = pytest.mark.skipif(
    not hasattr(conf, "config_conn_id"), reason="this OpenLineage provider has no such setting yet"
)
"""Marks a test of the OpenLineage provider's CONFIG_CONN_ID."""


def serialized(dag: DAG) -> SerializedDAG:
    """Returns a DAG as the scheduler has it."""
    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def triggered_params(dag: DAG, conf: dict[str, Any]) -> dict[str, Any]:
    """Returns what the params are of a run that is triggered so. Raises what refuses it."""
    params = serialized(dag).params
    if hasattr(params, "deep_merge"):  # 3.2
        params = params.deep_merge(conf)
    else:
        params.update(conf)
    merged: dict[str, Any] = params.validate()
    return merged


def collected_lineage() -> lineage.HookLineage:
    """Returns what the task that runs in this process, or has run, told Airflow's lineage collector."""
    return lineage.get_hook_lineage_collector().collected_assets


def forget_lineage() -> None:
    """Lets the next task have a collector of its own, as it has in a process of its own."""
    if hasattr(lineage, "_hook_lineage_collector"):
        lineage._hook_lineage_collector = None
    else:
        lineage.get_hook_lineage_collector.cache_clear()


@cache
def _ready_api() -> Any:
    """Returns the API in this process: one, and when it is ready, as in 3.3.

    Earlier releases make another for each task, which takes seconds, and some tasks find theirs unready.
    """
    api = _in_process_api_server()
    assert api.transport
    while not hasattr(api.app.state, "svcs_registry"):
        time.sleep(0.01)
    return api


_in_process_api_server = supervisor.in_process_api_server
if version("apache-airflow-core") < "3.3":
    supervisor.in_process_api_server = _ready_api
