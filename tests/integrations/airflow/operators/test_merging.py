"""Merges and reverts by tasks."""

from typing import Any

import pytest
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.operators.merging import LineageFlowMergeOperator, LineageFlowRevertOperator

from lineageflow_core import Lake
from tests.integrations.airflow.tries import execute


def merge(**rest: Any) -> LineageFlowMergeOperator:
    return LineageFlowMergeOperator(task_id="merge", repository="sales", source="dev", **rest)


def conflicting(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.write("orders.csv", "1\n")
    sales.branch("dev").write("orders.csv", "2\n")
    sales.write("orders.csv", "3\n")


def test_a_branch_is_merged_once_however_often_it_is_tried(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    dev = sales.branch("dev")
    dev.write("orders.csv", "1\n")
    first = execute(merge())
    assert (sales.head().id, True) == (first["commit"], first["changed"])
    dev.write("orders.csv", "2\n")
    assert first == execute(merge(), try_number=2)
    assert b"1\n" == sales.read_bytes("orders.csv")


def test_clearing_a_merge_merges_what_is_there_now(lake: Lake) -> None:
    sales = lake.repository("sales")
    dev = sales.branch("dev")
    dev.write("orders.csv", "1\n")
    execute(merge())
    dev.write("orders.csv", "2\n")
    execute(merge(), try_number=2, cleared_after=1)
    assert b"2\n" == sales.read_bytes("orders.csv")


def test_a_conflict_fails_for_good_and_names_what_is_in_conflict(served_lake: Lake) -> None:
    conflicting(served_lake)
    with pytest.raises(AirflowFailException, match=r"orders\.csv"):
        execute(merge())
    assert b"3\n" == served_lake.repository("sales").read_bytes("orders.csv")


def test_a_strategy_decides_conflicts(lake: Lake) -> None:
    conflicting(lake)
    execute(merge(strategy="theirs"))
    assert b"2\n" == lake.repository("sales").read_bytes("orders.csv")
    with pytest.raises(AirflowFailException, match="strategy is 'mine'; write one of 'ours', 'theirs'"):
        execute(merge(strategy="mine"), run_id="second")


def test_a_merge_of_nothing_new_changes_nothing(lake: Lake) -> None:
    lake.repository("sales").branch("dev")
    assert execute(merge())["changed"] is False


def test_a_commit_is_reverted_and_later_work_stays(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    sales.write("orders.csv", "good\n")
    bad = sales.write("orders.csv", "bad\n")
    sales.write("later.csv", "1\n")
    revert = LineageFlowRevertOperator(task_id="revert", repository="sales", refs=bad.id)
    done = execute(revert)
    assert done == execute(revert, try_number=2)
    assert (sales.head().id, True, [bad.id]) == (done["commit"], done["changed"], done["reverted"])
    assert (b"good\n", b"1\n") == (sales.read_bytes("orders.csv"), sales.read_bytes("later.csv"))
