"""DAGs run other DAGs on old versions: by backfills and by replays, once however often they are tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from lineageflow_core import Lake, Repository
from tests.integrations.airflow.deployed.deployment import Airflow

pytestmark = pytest.mark.slow


def why(airflow: Airflow, dag: str, run_id: str, task: str) -> str:
    """Returns all that the tries of a task have logged, the last one first, with what they raised."""
    path = f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}"
    tries = range(airflow.ask("GET", path)["try_number"], 0, -1)
    return "\n".join(str(airflow.ask("GET", f"{path}/logs/{number}")["content"]) for number in tries)


def why_runs_failed(airflow: Airflow, dag: str) -> str:
    """Returns what the tasks have logged that failed, in all runs of a DAG."""
    return "\n".join(
        why(airflow, dag, run_id, task)
        for run_id in airflow.runs(dag)
        for task, state in airflow.states(dag, run_id).items()
        if state == "failed"
    )


@pytest.fixture(scope="module", autouse=True)
def old(lake: Lake) -> Any:
    """Orders that are restated: at the tag `v1` they are as they were."""
    old = lake.repository("old").create()
    old.put("orders", b"then")
    old.tag("v1")
    old.put("orders", b"now")
    return old


def test_the_example_has_days_run_again_that_were_run_and_then_what_an_asset_schedules(
    airflow: Airflow, sales: Repository
) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [str((today - timedelta(days=back)).date()) for back in (2, 1)]
    sales.write("orders", pd.DataFrame({"day": days, "amount": [1, 2]}))
    sales.write("orders.parquet", pd.DataFrame({"amount": [3]}))
    sales.tag("audited")
    sales.write("orders", pd.DataFrame({"day": days, "amount": [10, 20]}))
    airflow.knows("restated_sales")
    run = {"logical_date": f"{days[0]}T00:00:00Z"}
    before = airflow.ask("POST", "/dags/restated_sales/dagRuns", json=run)["dag_run_id"]
    assert "success" == airflow.ended("restated_sales", before)
    run_id = airflow.trigger("restatement")
    assert "success" == airflow.ended("restatement", run_id), why(airflow, "restatement", run_id, "days")
    assert [1, 2] == sorted(sales.dataset("revenue", ref="restated").pandas()["amount"])
    assert 10 in set(sales.dataset("revenue").pandas()["amount"])
    again = airflow.ask("GET", f"/dags/restated_sales/dagRuns/{before}")
    assert ("success", "audited") == (again["state"], again["conf"]["lineageflow_ref"])
    (replayed,) = [each for each in airflow.runs("pinned_report") if each.startswith("replay__")]
    assert "success" == airflow.state("pinned_report", replayed)


def test_a_backfill_of_what_has_no_dates_names_the_operator_that_can_run_it(airflow: Airflow) -> None:
    run_id = airflow.trigger("old_backfill", conf={"into": "never"})
    assert "failed" == airflow.ended("old_backfill", run_id)
    assert "LineageFlowReplayOperator" in why(airflow, "old_backfill", run_id, "backfill")


def test_a_replay_runs_what_is_scheduled_on_assets_once_also_if_a_reply_is_lost(
    airflow: Airflow, old: Any
) -> None:
    before = set(airflow.runs("old_on_asset"))
    run_id = airflow.trigger("old_replay", conf={"into": "replayed", "conf": {"loses": True}})
    assert "success" == airflow.ended("old_replay", run_id), why(
        airflow, "old_replay", run_id, "replay"
    ) + why_runs_failed(airflow, "old_on_asset")
    assert b"then" == old.read_bytes("total", ref="replayed")
    (replayed,) = set(airflow.runs("old_on_asset")) - before
    assert replayed.startswith("replay__v1__")


def test_a_replay_fails_with_its_runs(airflow: Airflow) -> None:
    run_id = airflow.trigger("old_replay", conf={"into": "failing", "conf": {"fails": True}})
    assert "failed" == airflow.ended("old_replay", run_id)
    assert "did not succeed" in why(airflow, "old_replay", run_id, "replay")


def test_a_replay_of_partitions_is_a_run_for_each(airflow: Airflow, old: Any) -> None:
    run_id = airflow.trigger("old_replay_of_keys", conf={"into": "keyed"})
    assert "success" == airflow.ended("old_replay_of_keys", run_id), why(
        airflow, "old_replay_of_keys", run_id, "replay"
    )
    for folder in ("key=2024", "key=2025"):
        assert b"then" == old.read_bytes(f"copies/{folder}/part", ref="keyed")
