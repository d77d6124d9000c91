"""What the tests of this folder build on: a run of a DAG is told as it was."""

from typing import Any

import pytest
from airflow.sdk import DAG, Asset, task

from tests.integrations.airflow.releases import lineage
from tests.integrations.airflow.runs import run_dag

ORDERS = Asset("s3://shop/orders")


def test_a_run_tells_its_states_its_events_and_what_it_returned() -> None:
    with DAG("shop") as dag:

        @task(outlets=[ORDERS])
        def orders(*, dag_run: Any, outlet_events: Any) -> str:
            outlet_events[ORDERS].extra = {"day": dag_run.conf["day"]}
            return str(dag_run.run_id)

        @task
        def double(number: int) -> int:
            return number * 2

        orders() >> double.expand(number=[1, 2])

    ran = run_dag(dag, conf={"day": "mon"}, run_id="first")
    assert ("success", "first") == (ran.state, ran.run_id)
    assert {"orders": "success", "double[0]": "success", "double[1]": "success"} == ran.states
    assert [("s3://shop/orders", {"day": "mon"}, "orders")] == [
        (event.uri, event.extra, event.task) for event in ran.events
    ]
    assert ("first", 4) == (ran.returned("orders"), ran.returned("double", map_index=1))


def test_a_run_that_is_cleared_goes_on_under_its_name() -> None:
    tries: list[str] = []
    with DAG("cleared") as dag:

        @task
        def load() -> None:
            tries.append("load")

        @task
        def check() -> None:
            tries.append("check")
            if tries.count("check") == 1:
                raise ValueError("not yet")

        @task
        def tell() -> None:
            tries.append("tell")

        load() >> check() >> tell()

    first = run_dag(dag)
    assert "failed" == first.state
    assert {"load": "success", "check": "failed", "tell": "upstream_failed"} == first.states
    assert "not yet" == str(first.errors["check"])
    second = first.clear(only_failed=True)
    assert ("success", first.run_id) == (second.state, second.run_id)
    assert ["load", "check", "check", "tell"] == tries
    assert "success" == second.clear("load").state
    assert ["load", "check", "tell"] == tries[4:]


def test_a_run_s_conf_is_in_the_params_of_that_run_only() -> None:
    with DAG("params", params={"day": "mon"}) as dag:

        @task
        def day(*, params: Any) -> str:
            return str(params["day"])

        day()

    runs = [run_dag(dag), run_dag(dag, conf={"day": "tue"}), run_dag(dag)]
    assert ["mon", "tue", "mon"] == [ran.returned("day") for ran in runs]


def test_a_run_has_the_events_that_triggered_it() -> None:
    with DAG("producer") as producer:

        @task(outlets=[ORDERS])
        def orders(*, outlet_events: Any) -> None:
            outlet_events[ORDERS].extra = {"commit": "c1"}

        orders()
    with DAG("consumer", schedule=[ORDERS]) as consumer:

        @task
        def report(*, triggering_asset_events: Any) -> str:
            return str(triggering_asset_events[ORDERS][0].extra["commit"])

        report()

    ran = run_dag(consumer, consumes=run_dag(producer).events)
    assert "c1" == ran.returned("report")


def test_a_task_s_lineage_is_its_own() -> None:
    with DAG("lineage") as dag:

        @task
        def tell(name: str) -> None:
            lineage.get_hook_lineage_collector().add_output_asset(context=dag, uri=f"s3://shop/{name}")

        tell.override(task_id="first")("a") >> tell.override(task_id="second")("b")

    ran = run_dag(dag)
    assert {"first": ["s3://shop/a"], "second": ["s3://shop/b"]} == {
        name: [info.asset.uri for info in told.outputs] for name, told in ran.lineage.items()
    }


@pytest.mark.usefixtures("served_lake")
def test_tasks_have_the_connection_to_the_lake() -> None:
    with DAG("connected") as dag:

        @task
        def host() -> str:
            from airflow.sdk import BaseHook

            return str(BaseHook.get_connection("lineageflow_default").host)

        host()

    assert str(run_dag(dag).returned("host")).startswith("http://127.0.0.1:")
