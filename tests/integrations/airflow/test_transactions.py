"""A DAG run's transaction is found again by every task, and begun anew where that would mix two states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lineageflow_airflow.bounds import Bounds
from lineageflow_airflow.identity import DagRunAttempt, TaskTry
from lineageflow_airflow.transactions import begin_alone, begin_dag_run, begin_try

from lineageflow_core import Lake, connect
from lineageflow_core.model.run import Transaction

RUN = DagRunAttempt(dag_id="daily", run_id="manual__1", at=datetime(2026, 1, 1, tzinfo=UTC))
CLEARED = replace(RUN, clear_number=1)


@pytest.fixture
def lake() -> Lake:
    lake = connect("memory:")
    sales = lake.repository("sales").create()
    sales.put("raw", b"1")
    sales.tag("v1")
    sales.put("raw", b"2")
    return lake


def begin(lake: Lake, run: DagRunAttempt, *, key: str = "", **bounds: str) -> Transaction:
    return begin_dag_run(lake, "sales", run, Bounds(**bounds), key=key)


def test_it_is_named_by_the_run_in_lineage_and_all_tasks_find_it(lake: Lake) -> None:
    first = begin(lake, RUN)
    lake.repository("sales").put("raw", b"3")
    assert first == begin(lake, RUN)
    assert RUN.lineage_id == first.run_id


def test_a_cleared_run_goes_on_with_it(lake: Lake) -> None:
    first = begin(lake, RUN)
    lake.repository("sales").put("raw", b"3")
    assert first == begin(lake, CLEARED) == begin(lake, replace(RUN, clear_number=2))


def test_a_task_that_was_running_when_others_were_cleared_is_in_their_transaction(lake: Lake) -> None:
    cleared = begin(lake, CLEARED)
    assert cleared == begin(lake, RUN)
    lake.transactions.discard("sales", cleared.run_id)
    assert RUN.lineage_id == begin(lake, RUN).run_id


def test_a_cleared_run_begins_anew_where_it_is_closed(lake: Lake) -> None:
    lake.transactions.publish("sales", begin(lake, RUN).run_id, author="test")
    second = begin(lake, CLEARED)
    assert CLEARED.lineage_id == second.run_id
    assert second == begin(lake, CLEARED) == begin(lake, replace(RUN, clear_number=2))


@pytest.mark.parametrize("bounds", [{"base": "v1"}, {"into": "other"}])
def test_a_cleared_run_begins_anew_where_its_bounds_are_others(lake: Lake, bounds: dict[str, str]) -> None:
    lake.refs.create_branch("sales", "other", source="v1", author="test")
    first = begin(lake, RUN)
    second = begin(lake, CLEARED, **bounds)
    assert first.run_id != second.run_id
    assert second == begin(lake, CLEARED, **bounds)
    assert second == begin(lake, replace(RUN, clear_number=2), **bounds)


def test_another_run_of_the_same_date_does_not_get_what_a_deleted_one_has_closed(lake: Lake) -> None:
    first = begin(lake, RUN)
    lake.transactions.discard("sales", first.run_id)
    second = begin(lake, RUN)
    lake.transactions.discard("sales", second.run_id)
    third = begin(lake, RUN)
    assert 3 == len({first.run_id, second.run_id, third.run_id})
    assert third == begin(lake, RUN)


def test_a_branch_that_moved_while_a_transaction_began_does_not_split_the_run(lake: Lake) -> None:
    first = begin(lake, RUN)
    began = replace(RUN, started_at=first.created_at - timedelta(seconds=1))
    assert first == begin(lake, began, base="v1")


def test_blocks_of_one_repository_have_transactions_of_their_own(lake: Lake) -> None:
    assert 3 == len({begin(lake, RUN, key=key).run_id for key in ("", "bronze", "silver")})


def test_a_try_is_part_of_its_dag_run(lake: Lake) -> None:
    whole = begin(lake, RUN)
    key = TaskTry(dag_run=RUN, task_id="load", try_number=1)
    own = begin_try(lake, key, whole=whole)
    assert (key.lineage_id, f"run:{whole.run_id}", whole.base) == (own.run_id, own.into, own.base)
    assert own == begin_try(lake, key, whole=whole)


def test_the_same_try_of_another_run_of_the_same_date_is_another_one(lake: Lake) -> None:
    key = TaskTry(dag_run=RUN, task_id="load", try_number=1)
    first = begin_try(lake, key, whole=begin(lake, RUN))
    lake.transactions.publish("sales", first.run_id, author="test")
    lake.transactions.publish("sales", begin(lake, RUN).run_id, author="test")
    whole = begin(lake, RUN)
    second = begin_try(lake, key, whole=whole)
    assert first.run_id != second.run_id
    assert f"run:{whole.run_id}" == second.into


def test_a_try_by_itself_is_published_to_the_branch(lake: Lake) -> None:
    key = TaskTry(dag_run=RUN, task_id="load", try_number=1)
    assert ("main", key.lineage_id) == (
        begin_alone(lake, "sales", key, Bounds()).into,
        begin_alone(lake, "sales", key, Bounds()).run_id,
    )
