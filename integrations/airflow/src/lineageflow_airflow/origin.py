"""What a commit, and a run in lineage, says of the task that made it: so one leads to the other.

A commit's metadata has `airflow/dag_id`, `airflow/run_id`, `airflow/task_id` and `airflow/map_index`, the
address of the log, and the version of the DAG that ran. A run has the first four as its parameters.
"""

from typing import Any

from lineageflow_core.model.commit import Commit

DAG_ID = "airflow/dag_id"
RUN_ID = "airflow/run_id"
TASK_ID = "airflow/task_id"
MAP_INDEX = "airflow/map_index"


def origin_of(task_instance: Any) -> dict[str, str]:
    """Returns which task instance it is, in whichever try."""
    index = task_instance.map_index
    said = {
        DAG_ID: task_instance.dag_id,
        RUN_ID: task_instance.run_id,
        TASK_ID: task_instance.task_id,
        MAP_INDEX: str(index) if index is not None and index >= 0 else "",
    }
    return {name: value for name, value in said.items() if value}


def dag_version_of(task_instance: Any) -> dict[str, str]:
    """Returns the DAG's version and its bundle's, as Airflow has them; what it does not tell is left out."""
    bundle = getattr(task_instance, "bundle_instance", None)
    said = {
        "dag_bundle": getattr(bundle, "name", None),
        "dag_bundle_version": getattr(bundle, "version", None),
        "dag_version": getattr(task_instance, "dag_version_id", None),
    }
    return {name: str(value) for name, value in said.items() if value}


def metadata_of(task_instance: Any) -> dict[str, str]:
    """Returns what the metadata of a commit says of the try that makes it."""
    log = getattr(task_instance, "log_url", None)
    versions = {f"airflow/{name}": value for name, value in dag_version_of(task_instance).items()}
    return {**origin_of(task_instance), **versions, **({"airflow/log_url": log} if log else {})}


def instance_of(commit: Commit) -> str:
    """Returns which task instance made a commit, as Airflow names it: `task`, or `task_0` of a mapped one."""
    said = commit.metadata
    return "_".join(said[key] for key in (TASK_ID, MAP_INDEX) if key in said)


def is_by(commit: Commit, task_instance: Any) -> bool:
    """Tells whether a commit was made by this task, in whichever try of it."""
    return origin_of(task_instance).items() <= commit.metadata.items()
