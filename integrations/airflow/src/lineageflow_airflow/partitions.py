"""The partition that a DAG run is for (Airflow 3.2), as a partition of a dataset: one to one.

Where a task writes it, the code says; this only says how Airflow's key is written there.
"""

from urllib.parse import quote, unquote

from airflow.sdk import get_current_context

from lineageflow_core.errors import InvalidInputError

_PLAIN = " :=,+|"
"""What a key may have, besides letters, digits and '_.-~', that is written as it is."""


def current_partition(column: str | None = None) -> str:
    """Returns the partition that the running task's DAG run is for: `2026-05-01`.

    With a `column`, it is the folder as tools read it: `day=2026-05-01`. Raises InvalidInputError if the run
    is for no partition.
    """
    run = get_current_context()["dag_run"]
    key = getattr(run, "partition_key", None)
    if not key:
        raise InvalidInputError(
            f"run {run.run_id!r} of {run.dag_id!r} is for no partition: schedule the DAG by a timetable that "
            "has partitions, or trigger it with a partition key"
        )
    return partition_of_key(key, column)


def partition_of_key(key: str, column: str | None = None) -> str:
    """Returns the partition of a dataset for a key of Airflow's: one segment of a path, whatever is in it."""
    segment = quote(key, safe=_PLAIN)
    if column is not None:
        return f"{column}={segment}"
    return segment if segment.strip(".") else segment.replace(".", "%2E")


def key_of_partition(partition: str, column: str | None = None) -> str:
    """Returns the key that a partition is for."""
    return unquote(partition if column is None else partition.removeprefix(f"{column}="))
