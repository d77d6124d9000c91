"""Runs of DAGs in this process: what `DAG.test` does, for DAGs that are in no file, under any run id.

`DAG.test` deletes the run that there was, and lets each task see what earlier ones told the lineage
collector. A run here stays, can be cleared and gone on with, and its tasks know nothing of each other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from unittest.mock import patch

import airflow.sdk.definitions.dag as dag_of_sdk
from airflow.models.asset import AssetEvent
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.sdk import DAG, timezone
from airflow.sdk.definitions.param import ParamsDict
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select

from tests.integrations.airflow.releases import (
    DagBag,
    SerializedDAG,
    collected_lineage,
    forget_lineage,
    lineage,
    serialized,
    sync_bag_to_db,
)

BUNDLE = "dags-folder"


@dataclass(frozen=True, kw_only=True)
class Event:
    """An asset event that a run has caused."""

    uri: str
    extra: Mapping[str, Any]
    task: str
    id: int


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A DAG run that has come to an end, and what can be seen of it."""

    dag: DAG
    run_id: str
    state: str
    errors: dict[str, BaseException] = field(default_factory=dict)
    """By task: what its last try raised."""
    lineage: "dict[str, lineage.HookLineage]" = field(default_factory=dict)
    """By task: what its last try has told Airflow's lineage collector."""

    @property
    def states(self) -> dict[str, str | None]:
        """The state of each task, as `task_id`, or `task_id[map_index]` of mapped ones."""
        mine = TaskInstance.dag_id == self.dag.dag_id, TaskInstance.run_id == self.run_id
        with create_session() as session:
            return {
                _name(ti): ti.state and str(ti.state)
                for ti in session.scalars(select(TaskInstance).where(*mine))
            }

    @property
    def events(self) -> list[Event]:
        """The asset events that its tasks caused, oldest first."""
        mine = AssetEvent.source_dag_id == self.dag.dag_id, AssetEvent.source_run_id == self.run_id
        with create_session() as session:
            return [
                Event(uri=event.uri, extra=event.extra, task=event.source_task_id or "", id=event.id)
                for event in session.scalars(select(AssetEvent).where(*mine).order_by(AssetEvent.id))
            ]

    def returned(self, task: str, *, map_index: int = -1) -> Any:
        """Returns what a task has returned."""
        with create_session() as session:
            query = XComModel.get_many(
                run_id=self.run_id,
                key="return_value",
                task_ids=task,
                dag_ids=self.dag.dag_id,
                map_indexes=map_index,
            )
            return XComModel.deserialize_value(session.scalars(query).one())

    def clear(self, *tasks: str, only_failed: bool = False) -> "Ran":
        """Clears tasks and what is below them, or all, or those that failed; and runs them again."""
        chosen = {task for each in tasks for task in (each, *self.dag.get_task(each).get_flat_relative_ids())}
        serialized(self.dag).clear(
            run_id=self.run_id, task_ids=sorted(chosen) or None, only_failed=only_failed
        )
        return _execute(self.dag, lambda: _reopened(self.dag.dag_id, self.run_id))

    def reprocess(self, conf: Mapping[str, Any]) -> "Ran":
        """Runs it again with other conf, as a backfill does with a date that was run: under the same id."""
        serialized(self.dag).clear(run_id=self.run_id)
        mine = DagRun.dag_id == self.dag.dag_id, DagRun.run_id == self.run_id
        with create_session() as session:
            session.scalars(select(DagRun).where(*mine)).one().conf = dict(conf)
        return _execute(self.dag, lambda: _reopened(self.dag.dag_id, self.run_id))


def run_dag(
    dag: DAG,
    *,
    conf: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    logical_date: datetime | None = None,
    run_type: DagRunType = DagRunType.MANUAL,
    partition_key: str | None = None,
    consumes: Sequence[Event] = (),
) -> Ran:
    """Runs a DAG to its end, whether it succeeds or not.

    A run that consumes events is as one that they have triggered; one without a logical date as one that a
    person has triggered.
    """
    _write_to_database(dag)
    if consumes:
        run_type = DagRunType.ASSET_TRIGGERED
    now = timezone.utcnow()
    named = run_id or run_type.generate_run_id(suffix=(logical_date or now).isoformat())

    def create() -> str:
        with create_session() as session:
            run = serialized(dag).create_dagrun(
                run_id=named,
                logical_date=logical_date,
                data_interval=None if logical_date is None else (logical_date, logical_date),
                run_after=logical_date or now,
                conf=dict(conf or {}),
                run_type=run_type,
                state=DagRunState.RUNNING,
                triggered_by=DagRunTriggeredByType.TEST,
                triggering_user_name="test",
                start_date=now,
                session=session,
                **({} if partition_key is None else {"partition_key": partition_key}),  # Airflow 3.2
            )
            ids = [event.id for event in consumes]
            run.consumed_asset_events.extend(
                session.scalars(select(AssetEvent).where(AssetEvent.id.in_(ids)))
            )
        return named

    return _execute(dag, create)


def _execute(dag: DAG, begin: Callable[[], str]) -> Ran:
    errors: dict[str, BaseException] = {}
    collected: dict[str, lineage.HookLineage] = {}
    run_task = dag_of_sdk._run_task

    def isolated(*, ti: TaskInstance, **rest: Any) -> Any:
        forget_lineage()
        errors.pop(_name(ti), None)
        result = run_task(ti=ti, **rest)
        collected[_name(ti)] = collected_lineage()
        if result is not None and result.error is not None:
            errors[_name(ti)] = result.error
        return result

    def begun(*, session: Any, **_: object) -> DagRun:
        run_id = begin()
        mine = DagRun.dag_id == dag.dag_id, DagRun.run_id == run_id
        run = session.scalars(select(DagRun).where(*mine)).one()
        run.dag = serialized(dag)
        return run

    with (
        _own_params(dag),
        patch.object(dag_of_sdk, "_run_task", isolated),
        patch.object(SerializedDAG, "clear_dags"),
        patch("airflow.models.dagrun.get_or_create_dagrun", begun),
    ):
        run = dag.test(logical_date=None)
    forget_lineage()
    return Ran(dag=dag, run_id=run.run_id, state=str(run.state), errors=errors, lineage=collected)


@contextmanager
def _own_params(dag: DAG) -> Iterator[None]:
    """Lets a run's conf change the params for this run only, as where each run parses the DAG anew."""
    params = [
        cast(ParamsDict, each.params).get_param(name) for each in (dag, *dag.tasks) for name in each.params
    ]
    values = [param.value for param in params]
    yield
    for param, value in zip(params, values, strict=True):
        param.value = value


def _reopened(dag_id: str, run_id: str) -> str:
    """Lets a run that was cleared run, as the scheduler does with what is queued."""
    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).one()
        run.state = DagRunState.RUNNING
    return run_id


def _write_to_database(dag: DAG) -> None:
    """Makes a DAG known, as the dag processor does with those that it finds in files."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    with create_session() as session:
        bundles = DagBundlesManager()  # type: ignore[no-untyped-call]
        bundles.sync_bundles_to_db(session=session)
    bag = DagBag(collect_dags=False)
    bag.bag_dag(dag)
    assert not bag.import_errors, bag.import_errors
    sync_bag_to_db(bag, BUNDLE, None)


def _name(ti: TaskInstance) -> str:
    return ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]"
