"""Tags, differences and gates."""

import pytest
from lineageflow_airflow.failures import AirflowException, AirflowFailException
from lineageflow_airflow.operators.diff import LineageFlowDiffOperator
from lineageflow_airflow.operators.gate import LineageFlowGateOperator
from lineageflow_airflow.operators.tags import LineageFlowTagOperator

from lineageflow_core import Lake
from lineageflow_core.model.check import CheckState
from tests.integrations.airflow.tries import execute


def test_a_tag_is_made_once_and_never_moves(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    tag = LineageFlowTagOperator(task_id="tag", repository="sales", tag="v1", message="first")
    done = execute(tag)
    sales.write("orders.csv", "1\n")
    assert done == execute(tag, try_number=2)
    assert (done["commit"], "first") == (
        sales.head("v1").id,
        served_lake.refs.list_tags("sales").items[0].message,
    )
    with pytest.raises(AirflowFailException, match="'v1'"):
        execute(tag, run_id="second")


def test_a_difference_is_told_by_dataset_and_in_numbers(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    sales.write("orders", {"a": b"1", "b": b"2"})
    sales.write("gone.csv", "1\n")
    sales.tag("v1")
    sales.write("orders", {"a": b"1", "b": b"22", "c": b"3"})
    sales.delete("gone.csv")
    diff = LineageFlowDiffOperator(task_id="diff", repository="sales", left="v1")
    done = execute(diff)
    assert {"differs": True, "changed": 2, "added": 1, "removed": 1, "edited": 1, "size_change": 0} == {
        name: done[name] for name in ("differs", "changed", "added", "removed", "edited", "size_change")
    }
    assert [("gone.csv", "removed"), ("orders", "changed")] == [
        (each["path"], each["kind"]) for each in done["datasets"]
    ]
    only = LineageFlowDiffOperator(task_id="diff", repository="sales", left="v1", path="other")
    assert execute(only)["differs"] is False


def test_a_gate_opens_when_all_its_checks_have_passed_on_this_content(lake: Lake) -> None:
    sales = lake.repository("sales")
    gate = LineageFlowGateOperator(task_id="gate", repository="sales", checks=["rows", "schema"])
    lake.checks.record_check("sales", "main", "rows", state=CheckState.PASSED, author="ada")
    with pytest.raises(AirflowException, match="schema was not recorded") as closed:
        execute(gate)
    assert not isinstance(closed.value, AirflowFailException)  # it may be recorded before the next try
    lake.checks.record_check(
        "sales", "main", "schema", state=CheckState.FAILED, author="ada", summary="no column id"
    )
    with pytest.raises(AirflowException, match=r"schema failed: no column id \(by ada at "):
        execute(gate)
    lake.checks.record_check("sales", "main", "schema", state=CheckState.PASSED, author="ada")
    assert {"rows": "passed", "schema": "passed"} == execute(gate)["checks"]
    sales.write("orders.csv", "1\n")
    with pytest.raises(AirflowException, match="rows was not recorded"):
        execute(gate)
