"""Branches that tasks make and remove."""

from typing import Any

import pytest
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.operators.branches import (
    LineageFlowCreateBranchOperator,
    LineageFlowDeleteBranchOperator,
)

from lineageflow_core import Lake
from lineageflow_core.errors import RefNotFoundError
from tests.integrations.airflow.tries import execute


def create(**rest: Any) -> LineageFlowCreateBranchOperator:
    return LineageFlowCreateBranchOperator(task_id="create", repository="sales", branch="dev", **rest)


def test_a_branch_is_made_where_the_default_branch_is_unless_a_source_is_named(lake: Lake) -> None:
    sales = lake.repository("sales")
    old = sales.write("orders.csv", "1\n")
    new = sales.write("orders.csv", "2\n")
    done = execute(create())
    assert ("sales", "dev", new.id) == (done["repository"], done["branch"], done["commit"])
    other = LineageFlowCreateBranchOperator(task_id="old", repository="sales", branch="old", source="main~1")
    assert old.id == execute(other)["commit"] == sales.head("old").id


@pytest.mark.usefixtures("served_lake")
def test_a_second_try_finds_the_branch_that_the_first_has_made() -> None:
    first = execute(create())
    assert first == execute(create(), try_number=2)


def test_a_branch_of_another_task_is_in_the_way_unless_it_is_to_be_kept(lake: Lake) -> None:
    lake.repository("sales").branch("dev")
    with pytest.raises(AirflowFailException, match="'dev'"):
        execute(create())
    assert lake.repository("sales").head("dev").id == execute(create(if_exists="keep"))["commit"]


def test_a_branch_is_removed_once(lake: Lake) -> None:
    sales = lake.repository("sales")
    was = sales.branch("dev").commit
    delete = LineageFlowDeleteBranchOperator(task_id="delete", repository="sales", branch="dev")
    assert [was, was] == [execute(delete, try_number=n)["commit"] for n in (1, 2)]
    with pytest.raises(RefNotFoundError):
        sales.head("dev")
    with pytest.raises(AirflowFailException):
        execute(delete, run_id="second")
    skipping = LineageFlowDeleteBranchOperator(
        task_id="delete", repository="sales", branch="dev", if_missing="skip"
    )
    assert execute(skipping, run_id="second")["commit"] is None
