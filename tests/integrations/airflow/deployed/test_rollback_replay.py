"""After a rollback exactly the DAG runs are run again whose data it took back: the example, as it is used."""

from pathlib import Path

import pytest

from lineageflow_core import Repository
from tests.integrations.airflow.deployed.approvals import answer, question
from tests.integrations.airflow.deployed.deployment import Airflow
from tests.integrations.waiting import until

pytestmark = pytest.mark.slow

DAG = "replay_after_rollback"


def amount(sales: Repository, name: str) -> int:
    return int(sales.read_bytes(f"{name}.csv").split()[1])


def test_exactly_the_dag_runs_that_were_taken_back_are_run_again_upstream_first(
    airflow: Airflow, sales: Repository, tmp_path: Path
) -> None:
    def ran(dag: str, **conf: str) -> str:
        run_id = airflow.trigger(dag, conf=conf)
        assert "success" == airflow.ended(dag, run_id)
        return run_id

    def mills(count: int) -> bool | None:
        runs = airflow.runs("mill_on_asset")
        return (len(runs) == count and set(runs.values()) == {"success"}) or None

    for name in ("grain", "bread", "flour"):
        sales.put(f"{name}.csv", b"amount\n2\n")
    file = tmp_path / "amount"
    file.write_text("5")
    harvest, bakery = ran("harvest", amount=str(file)), ran("bakery")
    until(lambda: mills(1), "the event has triggered the mill")
    bad = sales.catalog.lineage.blame("sales", "main", "grain.csv").run
    assert bad is not None
    assert (50, 500) == (amount(sales, "bread"), amount(sales, "flour"))

    run_id = airflow.trigger(DAG, conf={"bad": f"run:{bad.id}"})
    assert "grain.csv" in question(airflow, DAG, run_id, "approve")["body"]
    answer(airflow, DAG, run_id, "approve", "Approve")
    question(airflow, DAG, run_id, "mended")
    assert (2, 2, 2) == tuple(amount(sales, name) for name in ("grain", "bread", "flour"))
    file.write_text("3")
    answer(airflow, DAG, run_id, "mended", "Approve")
    assert "success" == airflow.ended(DAG, run_id), airflow.log(DAG, run_id, "replay")
    assert (3, 30, 300) == tuple(amount(sales, name) for name in ("grain", "bread", "flour"))
    tries = {
        name: task["try_number"]
        for dag, each in (("harvest", harvest), ("bakery", bakery))
        for name, task in airflow.tasks(dag, each).items()
    }
    assert {"grain": 2, "bread": 2, "menu": 1, "publish_sales": 2} == tries
    assert mills(2)
