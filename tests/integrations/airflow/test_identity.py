"""Runs and jobs have the ids and names that Airflow's OpenLineage provider gives them."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
from airflow.providers.openlineage.utils.utils import get_job_name
from lineageflow_airflow.identity import DagRunAttempt, TaskTry, dag_run_attempt, task_try

DATES = [
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 5, 3, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2))),
]


def _attempt(at: datetime, clear_number: int = 0) -> DagRunAttempt:
    return DagRunAttempt(dag_id="daily", run_id="manual__1", at=at, clear_number=clear_number)


@pytest.mark.parametrize("at", DATES)
@pytest.mark.parametrize("clear_number", [0, 3])
def test_a_dag_run_has_the_id_that_the_openlineage_provider_computes(at: datetime, clear_number: int) -> None:
    expected = OpenLineageAdapter.build_dag_run_id("daily", at, clear_number)
    assert expected == _attempt(at, clear_number).lineage_id


@pytest.mark.parametrize("at", DATES)
@pytest.mark.parametrize("map_index", [-1, 4])
def test_a_try_has_the_id_that_the_openlineage_provider_computes(at: datetime, map_index: int) -> None:
    expected = OpenLineageAdapter.build_task_instance_run_id("daily", "load.orders", 2, at, map_index)
    found = TaskTry(dag_run=_attempt(at), task_id="load.orders", try_number=2, map_index=map_index)
    assert expected == found.lineage_id


@pytest.mark.parametrize("variable", ["AIRFLOW__OPENLINEAGE__NAMESPACE", "OPENLINEAGE_NAMESPACE"])
def test_ids_and_jobs_are_in_the_namespace_that_airflow_is_told(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "production")
    attempt = _attempt(DATES[0])
    assert OpenLineageAdapter.build_dag_run_id("daily", DATES[0], 0) == attempt.lineage_id
    assert "production" == attempt.job.namespace


def test_a_task_is_the_job_that_the_openlineage_provider_names() -> None:
    found = TaskTry(dag_run=_attempt(DATES[0]), task_id="load.orders", try_number=1)
    assert get_job_name(SimpleNamespace(dag_id="daily", task_id="load.orders")) == found.job.name
    assert "default" == found.job.namespace


def test_a_run_without_a_logical_date_is_dated_by_when_it_was_to_run() -> None:
    row = SimpleNamespace(
        dag_id="daily",
        run_id="asset__1",
        logical_date=None,
        run_after=DATES[0],
        clear_number=None,
        start_date=None,
    )
    assert DagRunAttempt(dag_id="daily", run_id="asset__1", at=DATES[0]) == dag_run_attempt(row)


def test_a_row_of_the_database_is_the_try_that_ran() -> None:
    dag_run = SimpleNamespace(
        dag_id="daily",
        run_id="manual__1",
        logical_date=DATES[0],
        run_after=DATES[1],
        clear_number=1,
        start_date=None,
    )
    row = SimpleNamespace(task_id="load", try_number=2, map_index=-1, dag_run=dag_run)
    assert TaskTry(dag_run=_attempt(DATES[0], 1), task_id="load", try_number=2) == task_try(row)


def test_attempts_so_far_are_newest_first() -> None:
    assert [2, 1, 0] == [each.clear_number for each in _attempt(DATES[0], 2).so_far()]
