"""A try of a task, as its operator sees it: no DAG run of Airflow's, and no database."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from airflow.sdk import DAG, BaseOperator
from lineageflow_airflow.sessions import take_sessions

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def context_of(
    operator: BaseOperator, *, run_id: str = "first", try_number: int = 1, cleared_after: int = 0
) -> Any:
    """Returns the context of a try; the task was last cleared after so many tries."""
    if not operator.has_dag():  # type: ignore[no-untyped-call]
        operator.dag = DAG("shop")
    dag_run = SimpleNamespace(
        dag_id="shop",
        run_id=run_id,
        start_date=BEGAN,
        logical_date=BEGAN,
        clear_number=0,
        conf={},
        consumed_asset_events=[],
    )
    ti = SimpleNamespace(
        id=uuid4(),
        task=operator,
        dag_id="shop",
        run_id=run_id,
        task_id=operator.task_id,
        map_index=-1,
        try_number=try_number,
        max_tries=(operator.retries or 0) + cleared_after,
        log_url=f"http://airflow/dags/shop/runs/{run_id}/tasks/{operator.task_id}?try_number={try_number}",
    )
    context = {"ti": ti, "task": operator, "dag_run": dag_run, "run_id": run_id, "params": {}}
    ti.get_template_context = lambda: context
    return context


def execute(operator: BaseOperator, **which: Any) -> Any:
    """Lets an operator do a try of its task."""
    context = context_of(operator, **which)
    try:
        return operator.execute(context)
    finally:
        take_sessions(context["ti"])
