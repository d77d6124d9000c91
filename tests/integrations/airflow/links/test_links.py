"""Links from Airflow's pages to the lake's."""

import json
import os
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.sdk import DAG, task
from airflow.utils.session import create_session
from lineageflow_airflow.connection import forget_connections
from lineageflow_airflow.identity import task_try
from lineageflow_airflow.links.run import LineageFlowRunLink
from lineageflow_airflow.operators.tags import LineageFlowTagOperator
from lineageflow_airflow.plugin import LineageFlowPlugin
from sqlalchemy import select

from lineageflow_core import Lake
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.runs import run_dag


def links_of(dag_id: str, task_id: str) -> dict[str, Any]:
    """Returns the links of a task instance as Airflow's API server has them."""
    from airflow.models.serialized_dag import SerializedDagModel

    with create_session() as session:
        found = session.scalars(
            select(TaskInstance).where(TaskInstance.task_id == task_id, TaskInstance.dag_id == dag_id)
        )
        ti = found.one()
        dag = SerializedDagModel.get_dag(dag_id, session=session)
        assert dag is not None
        operator = dag.get_task(task_id)
        return {name: operator.get_extra_links(ti, name) for name in operator.extra_links}


@pytest.mark.usefixtures("served_lake")
def test_every_task_instance_leads_to_its_run_and_an_operator_s_to_what_it_made() -> None:
    with DAG("linked") as dag:

        @task
        def plain() -> str:
            from airflow.sdk import get_current_context

            return task_try(get_current_context()["ti"]).lineage_id

        plain() >> LineageFlowTagOperator(task_id="tag", repository="sales", tag="v1")

    ran = run_dag(dag)
    assert "success" == ran.state
    said = links_of("linked", "plain")
    assert ["Lineage"] == list(said)
    assert said["Lineage"].endswith(f"/runs/{ran.returned('plain')}")
    said = links_of("linked", "tag")
    assert said["LineageFlow"].endswith("/r/sales/tree/v1")
    assert "/runs/" in said["Lineage"]


@pytest.mark.usefixtures("served_lake")
def test_a_connection_that_the_api_server_does_not_find_takes_no_other_link_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WORKERS_OWN", os.environ[CONNECTION])
    with DAG("apart", params={"where": "workers_own"}) as dag:
        LineageFlowTagOperator(
            task_id="tag", repository="sales", tag="v1", lineageflow_conn_id="{{ params.where }}"
        )

    assert "success" == run_dag(dag).state
    monkeypatch.delenv("AIRFLOW_CONN_WORKERS_OWN")
    said = links_of("apart", "tag")
    assert (True, "") == (said["LineageFlow"].endswith("/r/sales/tree/v1"), said["Lineage"])


@pytest.mark.usefixtures("served_lake")
def test_a_mapped_operator_leads_to_the_lake_of_its_own_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {**json.loads(os.environ[CONNECTION]), "extra": {"page": "https://other.example"}}
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(said))
    with DAG("mapped") as dag:
        LineageFlowTagOperator.partial(task_id="tag", repository="sales", lineageflow_conn_id="other").expand(
            tag=["v1"]
        )

    assert "success" == run_dag(dag).state
    assert links_of("mapped", "tag")["Lineage"].startswith("https://other.example/runs/")


def test_without_a_page_or_a_dag_run_there_is_no_link(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    link = LineageFlowRunLink()
    key = TaskInstanceKey(dag_id="none", task_id="t", run_id="r", try_number=1, map_index=-1)
    assert "" == link.get_link(None, ti_key=key)
    said = {"conn_type": "lineageflow", "host": str(lake.address), "extra": {"page": "https://lake.example"}}
    monkeypatch.setenv("AIRFLOW_CONN_LINEAGEFLOW_DEFAULT", json.dumps(said))
    forget_connections()
    assert "" == link.get_link(None, ti_key=key)


def test_the_plugin_brings_the_link() -> None:
    assert ["LineageFlowRunLink"] == [
        type(each).__name__ for each in LineageFlowPlugin.global_operator_extra_links
    ]
