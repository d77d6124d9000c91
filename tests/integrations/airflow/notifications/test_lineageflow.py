"""The notifier: how a task or a DAG run has ended, said in the lake."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from airflow.api_fastapi.core_api.datamodels.dag_run import DAGRunResponse
from airflow.models.dagrun import DagRun
from airflow.sdk import DAG, Asset, task
from airflow.utils.session import create_session
from lineageflow_airflow.bounds import Bounds
from lineageflow_airflow.identity import dag_run_attempt
from lineageflow_airflow.notifications.lineageflow import LineageFlowNotifier
from lineageflow_airflow.transactions import begin_dag_run
from lineageflow_airflow.views.data_branch import dag_run_of
from sqlalchemy import select

from lineageflow_core import Lake, RunSession
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.run import Job
from lineageflow_core.run import run_transaction
from tests.integrations.airflow.releases import TELLS_CALLBACKS_OF_ERRORS, AsyncCallback, CallbackTrigger
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import succeeded, two_blocks

CLEAN = Asset("lf://sales/clean")


def checks(lake: Lake, ref: str) -> dict[str, tuple[CheckState, str]]:
    return {each.name: (each.state, each.summary) for each in lake.checks.list_checks("sales", ref)}


def test_what_a_task_has_published_is_tagged_and_checked_when_it_succeeds(lake: Lake) -> None:
    said = LineageFlowNotifier(
        repository="sales", tag="run-{{ run_id }}", check="nightly", message="by {{ ti.task_id }}"
    )
    with DAG("told") as dag:

        @task.lineageflow(outlets=[CLEAN], on_success_callback=said)
        def clean() -> None:
            with fsspec.open("lf://sales/clean", "w") as file:
                file.write("1")

        clean()

    ran = run_dag(dag, run_id="first")
    head = lake.repository("sales").head().id
    assert ("success", head) == (ran.state, lake.repository("sales").head("run-first").id)
    assert {"nightly": (CheckState.PASSED, "by clean")} == checks(lake, "main")


def test_a_failure_is_a_check_that_failed(lake: Lake) -> None:
    with DAG("failing") as dag:

        @task(on_failure_callback=LineageFlowNotifier(repository="sales", check="nightly"))
        def audit() -> None:
            raise ValueError("no rows")

        audit()

    assert "failed" == run_dag(dag, run_id="first").state
    (check,) = lake.checks.list_checks("sales", "main")
    assert (CheckState.FAILED, "airflow") == (check.state, check.author)
    error = {"error": "no rows"} if TELLS_CALLBACKS_OF_ERRORS else {}
    assert {"airflow/dag_id": "failing", "airflow/run_id": "first", **error} == check.details


def dag_context(**rest: Any) -> Any:
    """Returns the context that the DAG processor gives a DAG's callback."""
    run = SimpleNamespace(
        dag_id="shop",
        run_id="first",
        logical_date=None,
        run_after=datetime(2026, 5, 1, tzinfo=UTC),
        clear_number=0,
        start_date=None,
    )
    return {"dag": DAG("shop"), "run_id": "first", "dag_run": run, "reason": "success", **rest}


def test_what_a_dag_run_has_published_is_meant_when_it_has_ended(lake: Lake) -> None:
    context = dag_context()
    run_id = dag_run_attempt(context["dag_run"]).lineage_id
    with run_transaction(
        RunSession(lake, "sales", Job(namespace="d", name="shop"), run_id=run_id)
    ) as session:
        session.write("clean", {"a": b"1"})
    made = lake.repository("sales").head().id
    lake.repository("sales").write("later", {"a": b"1"})
    LineageFlowNotifier(repository="sales", tag="v1")(context)
    assert made == lake.repository("sales").head("v1").id


def test_of_several_blocks_the_commit_is_meant_that_was_published_last(lake: Lake) -> None:
    ran = succeeded(run_dag(two_blocks("blocks"), run_id="first"))
    made = lake.repository("sales").head().id
    lake.repository("sales").write("later", {"a": b"1"})
    context = dag_context(dag=ran.dag, dag_run=dag_run_of("blocks", "first"))
    LineageFlowNotifier(repository="sales", tag="v1")(context)
    assert made == lake.repository("sales").head("v1").id


def test_of_a_run_that_was_deleted_and_made_anew_the_new_commit_is_meant(lake: Lake) -> None:
    context = dag_context()
    job = Job(namespace="d", name="shop")
    for value in (b"1", b"2"):
        begun = begin_dag_run(lake, "sales", dag_run_attempt(context["dag_run"]), Bounds())
        with run_transaction(RunSession(lake, "sales", job, run_id=begun.run_id)) as session:
            session.write("clean", {"a": value})
    made = lake.repository("sales").head().id
    lake.repository("sales").write("later", {"a": b"1"})
    LineageFlowNotifier(repository="sales", tag="v1")(context)
    assert made == lake.repository("sales").head("v1").id


def missed_deadline(dag_id: str, run_id: str, **said: Any) -> dict[str, Any]:
    """Has the notifier run as Airflow runs a deadline's callback. Returns how that has ended."""
    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).one()
        shown = DAGRunResponse.model_validate(run).model_dump(mode="json")
    context = {"dag_run": shown, "deadline": {"id": str(uuid4()), "deadline_time": datetime.now(UTC)}}
    callback = AsyncCallback(LineageFlowNotifier, kwargs=said)
    trigger = CallbackTrigger(callback.path, {**callback.kwargs, "context": context})

    async def last() -> dict[str, Any]:
        return [dict(event.payload) async for event in trigger.run()][-1]

    return asyncio.run(last())


def test_a_deadline_that_was_missed_is_a_check_that_failed(lake: Lake) -> None:
    with DAG("late") as dag:

        @task
        def nothing() -> None:
            pass

        nothing()
    succeeded(run_dag(dag, run_id="first"))
    said = {"repository": "sales", "check": "in time", "message": "{{ dag_run.dag_run_id }} is late"}
    ended = missed_deadline("late", "first", ref="main", tag="late-{{ dag_run.dag_run_id }}", **said)
    assert "success" == ended["state"], ended
    (check,) = lake.checks.list_checks("sales", "main")
    assert (CheckState.FAILED, "first is late") == (check.state, check.summary)
    assert {"airflow/dag_id": "late", "airflow/run_id": "first"} == check.details
    assert lake.repository("sales").head().id == lake.repository("sales").head("late-first").id
    ended = missed_deadline("late", "first", **said)
    assert ("failed", True) == (ended["state"], "say what is meant by `ref`" in str(ended))


def test_without_a_context_it_says_what_it_is_for() -> None:
    with pytest.raises(InvalidInputError, match="is for callbacks of tasks"):
        LineageFlowNotifier(repository="sales", tag="v1").notify({})


def test_a_callback_that_runs_twice_tags_once(lake: Lake) -> None:
    said = LineageFlowNotifier(repository="sales", tag="v1")
    said(dag_context())
    lake.repository("sales").write("later", {"a": b"1"})
    asyncio.run(said.async_notify(dag_context()))
    assert 1 == len(lake.refs.list_tags("sales").items)


def test_a_ref_and_a_state_can_be_said(lake: Lake) -> None:
    dev = lake.repository("sales").branch("dev")
    dev.write("clean", {"a": b"1"})
    LineageFlowNotifier(repository="sales", ref="dev", check="look", state="failed")(dag_context())
    assert ({"look": (CheckState.FAILED, "")}, {}) == (checks(lake, "dev"), checks(lake, "main"))
    LineageFlowNotifier(repository="sales", check="look")(dag_context(reason="task_failure"))
    assert {"look": (CheckState.FAILED, "")} == checks(lake, "main")
    with pytest.raises(InvalidInputError, match="does nothing"):
        LineageFlowNotifier(repository="sales")
