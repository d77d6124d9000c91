"""A person decides in Airflow whether a DAG run's data is published: the example, answered by the API."""

import pandas as pd
import pytest

from lineageflow_core import Lake, Repository
from tests.integrations.airflow.deployed.approvals import answer, question
from tests.integrations.airflow.deployed.deployment import Airflow

pytestmark = pytest.mark.slow

DAG, CLEAN = "approved_sales", "clean_orders.parquet"


def test_what_a_person_approves_is_published_and_what_is_rejected_never(
    airflow: Airflow, lake: Lake, sales: Repository
) -> None:
    sales.write("orders.parquet", pd.DataFrame({"amount": [120, None]}))
    rejected, approved = airflow.trigger(DAG), airflow.trigger(DAG)
    asked = [question(airflow, DAG, run_id, "approve") for run_id in (rejected, approved)]
    assert [f"Publish the orders of {run_id}?" for run_id in (rejected, approved)] == [
        each["subject"] for each in asked
    ]
    body = asked[0]["body"]
    assert f"- {CLEAN}: added, +" in body
    assert f"(/dags/{DAG}/runs/{rejected}/plugin/data_branch)" in body
    answer(airflow, DAG, rejected, "approve", "Reject")
    assert "success" == airflow.ended(DAG, rejected)
    states = airflow.states(DAG, rejected)
    assert ("success", "skipped") == (states["approve"], states["publish_sales"])
    assert ([], False) == (airflow.events(DAG, rejected), is_there(lake))
    answer(airflow, DAG, approved, "approve", "Approve")
    assert "success" == airflow.ended(DAG, approved)
    assert "success" == airflow.states(DAG, approved)["publish_sales"]
    (event,) = airflow.events(DAG, approved)
    assert sales.head().id == event.extra["lineageflow"]["commit"]
    assert is_there(lake)


def is_there(lake: Lake) -> bool:
    return CLEAN in {each.path for each in lake.objects.list_datasets("sales", "main").items}
