"""Rollbacks by tasks: planned first, then applied."""

import pytest
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.operators.rollback import (
    LineageFlowRollbackApplyOperator,
    LineageFlowRollbackPlanOperator,
)

from lineageflow_core import Lake, RunSession
from lineageflow_core.model.run import Job
from lineageflow_core.run import run_transaction
from tests.integrations.airflow.tries import execute


def poisoned(lake: Lake) -> str:
    """Returns a bad run, from whose output another run has made something."""
    wrote = []
    for text, derived in (("good", "1"), ("bad", "2")):
        with run_transaction(RunSession(lake, "sales", Job(namespace="shop", name="load"))) as load:
            load.write("orders", {"a.txt": text.encode()})
        with run_transaction(RunSession(lake, "sales", Job(namespace="shop", name="sum"))) as total:
            total.read("orders")
            total.write("totals", {"a.txt": derived.encode()})
        wrote.append(load.run.id)
    return f"run:{wrote[-1]}"


def test_a_bad_run_is_taken_back_with_what_was_derived_from_it(served_lake: Lake) -> None:
    bad = poisoned(served_lake)
    sales = served_lake.repository("sales")
    plan = LineageFlowRollbackPlanOperator(task_id="plan", repository="sales", target=bad)
    planned = execute(plan)
    assert (2, 0, bad) == (planned["changes"], planned["cannot"], planned["target"])
    assert ["restore sales@main orders", "restore sales@main totals"] == [
        " ".join(line.split()[:3]) for line in planned["preview"]
    ]
    assert "(derived, made by sum)" in planned["preview"][1]
    assert b"bad" == sales.read_bytes("orders/a.txt")
    apply = LineageFlowRollbackApplyOperator(task_id="apply", repository="sales", plan=planned["plan"])
    done = execute(apply)
    assert (b"good", b"1") == (sales.read_bytes("orders/a.txt"), sales.read_bytes("totals/a.txt"))
    assert ("applied", {"sales@main": sales.head().id}) == (done["state"], done["commits"])
    assert done == execute(apply, try_number=2)
    assert done["url"].endswith(f"/plans/{planned['plan']}")


def test_a_plan_that_was_made_for_other_data_changes_nothing(lake: Lake) -> None:
    bad = poisoned(lake)
    plan = LineageFlowRollbackPlanOperator(
        task_id="plan", repository="sales", target=bad, scope="outputs", decisions={"orders": "restore"}
    )
    planned = execute(plan)
    assert 1 == planned["changes"]
    lake.repository("sales").write("orders", {"a.txt": b"other"})
    apply = LineageFlowRollbackApplyOperator(task_id="apply", repository="sales", plan=planned["plan"])
    with pytest.raises(AirflowFailException):
        execute(apply)
    assert b"other" == lake.repository("sales").read_bytes("orders/a.txt")


def test_what_counts_as_bad_may_be_one_dataset(lake: Lake) -> None:
    plan = LineageFlowRollbackPlanOperator(
        task_id="plan", repository="sales", target=poisoned(lake), outputs="orders", scope="outputs"
    )
    assert ["restore sales@main orders"] == [" ".join(line.split()[:3]) for line in execute(plan)["preview"]]


def test_a_plan_of_another_repository_is_refused(lake: Lake) -> None:
    lake.repository("ml").create()
    planned = execute(
        LineageFlowRollbackPlanOperator(task_id="plan", repository="sales", target=poisoned(lake))
    )
    apply = LineageFlowRollbackApplyOperator(task_id="apply", repository="ml", plan=planned["plan"])
    with pytest.raises(AirflowFailException, match="is for repository 'sales', not 'ml'"):
        execute(apply)
