"""Who a DAG run and a task's try are in lineage: the run ids and job names of Airflow's OpenLineage provider.

They are computed here, from the same facts and in the same way, so that what the provider tells of a try and
what we tell of it is one run, whether or not the provider is installed. The ids are openlineage-python's
`generate_static_uuid` of the DAG run's date and the namespace, DAG, task, try and map index; a test compares
them with the provider's. Nothing here asks anybody, so a row of Airflow's database does as well as the task
instance of a task's process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lineageflow_airflow.configuration import openlineage_namespace
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Job

AUTHOR = "airflow"
"""Who commits are by, unless a server's token says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRunAttempt:
    """A DAG run since it was last cleared."""

    dag_id: str
    run_id: str
    """Airflow's."""
    at: datetime
    """Its logical date; of a run without one, the time after which it was to run."""
    clear_number: int = 0
    """How often it has been cleared."""
    started_at: datetime | None = field(default=None, compare=False)
    """When it has begun, since then; None if that is not known here."""
    is_dated: bool = field(default=True, compare=False)
    """Whether `at` is its logical date, which no other run of the DAG has."""

    @property
    def job(self) -> Job:
        """The DAG, as lineage has it."""
        return Job(namespace=openlineage_namespace(), name=self.dag_id)

    @property
    def lineage_id(self) -> RunId:
        """The id of this attempt in lineage."""
        return _static_id(self.at, f"{openlineage_namespace()}.{self.dag_id}.{self.clear_number}")

    def so_far(self) -> Iterator["DagRunAttempt"]:
        """Yields this attempt and all before it, newest first."""
        yield self
        for number in range(self.clear_number - 1, -1, -1):
            yield replace(self, clear_number=number)

    def next(self) -> "DagRunAttempt":
        """Returns what follows if it is cleared; it may have been already, while a task still runs."""
        return replace(self, clear_number=self.clear_number + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTry:
    """One try of a task instance."""

    dag_run: DagRunAttempt
    task_id: str
    try_number: int
    map_index: int = -1
    """Which of the instances of a mapped task; -1 where it is not mapped."""

    def __str__(self) -> str:
        """As people know it, and as the message of what the try publishes."""
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_run.dag_id}.{self.task_id}{mapped}, try {self.try_number} in {self.dag_run.run_id}"

    @property
    def dag_id(self) -> str:
        """The DAG."""
        return self.dag_run.dag_id

    @property
    def run_id(self) -> str:
        """The DAG run, as Airflow has it."""
        return self.dag_run.run_id

    def before(self) -> Iterator["TaskTry"]:
        """Yields the earlier tries, the last of them first."""
        for number in range(self.try_number - 1, 0, -1):
            yield replace(self, try_number=number)

    @property
    def job(self) -> Job:
        """The task, as lineage has it."""
        return Job(namespace=openlineage_namespace(), name=f"{self.dag_run.dag_id}.{self.task_id}")

    @property
    def lineage_id(self) -> RunId:
        """The id of this try in lineage."""
        name = f"{self.dag_run.dag_id}.{self.task_id}.{self.try_number}.{self.map_index}"
        return _static_id(self.dag_run.at, f"{openlineage_namespace()}.{name}")


def dag_run_attempt(dag_run: Any) -> DagRunAttempt:
    """Returns who a DAG run is: the one in a task's context, or a row of Airflow's database."""
    return DagRunAttempt(
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
        at=dag_run.logical_date or dag_run.run_after,
        clear_number=dag_run.clear_number or 0,
        started_at=dag_run.start_date,
        is_dated=dag_run.logical_date is not None,
    )


def task_try(task_instance: Any) -> TaskTry:
    """Returns who a try is: the one that runs in this process, or a row of Airflow's database."""
    return TaskTry(
        dag_run=dag_run_attempt(dag_run_of(task_instance)),
        task_id=task_instance.task_id,
        try_number=task_instance.try_number,
        map_index=-1 if task_instance.map_index is None else task_instance.map_index,
    )


def dag_run_of(task_instance: Any) -> Any:
    """Returns the DAG run of a task instance, as this process has it."""
    if hasattr(task_instance, "get_template_context"):
        return task_instance.get_template_context()["dag_run"]
    return task_instance.dag_run


def _static_id(at: datetime, text: str) -> RunId:
    from openlineage.client.uuid import generate_static_uuid  # a fifth of a second, so not with this module

    return RunId(str(generate_static_uuid(instant=at, data=text.encode())))
