"""The triggerer of a real Airflow: what is committed starts DAGs, and ends what waits for it."""

import json

import pytest

from lineageflow_core import Lake
from tests.integrations.airflow.deployed.deployment import Airflow
from tests.integrations.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def watched(lake: Lake) -> Lake:
    lake.repository("watched").create()
    return lake


def test_each_commit_is_one_event_of_the_asset_and_starts_the_dag(watched: Lake, airflow: Airflow) -> None:
    orders = watched.repository("watched")
    made: list[str] = []

    def told() -> list[str] | None:
        """Returns the commits that all runs were told of, when they are all that were made."""
        runs = [run for run, state in airflow.runs("for_commits").items() if state == "success"]
        path = "/dags/for_commits/dagRuns/{}/taskInstances/tell/xcomEntries/return_value"
        found = [each for run in runs for each in _listed(airflow.ask("GET", path.format(run))["value"])]
        return found if len(found) >= len(made) else None

    for number in range(2):
        made.append(orders.write("orders", {"a": str(number).encode()}).id)
        assert sorted(made) == sorted(until(told, "the commit has started a run that has succeeded"))
        orders.write("other", {"a": str(number).encode()})
    events = airflow.ask("GET", "/assets/events", params={"limit": 100})["asset_events"]
    events.sort(key=lambda event: event["id"])
    ours = [event for event in events if event["uri"] == "lf://watched/orders"]
    assert made == [event["extra"]["payload"]["lineageflow"]["commit"] for event in ours]

    def kept() -> bool | None:
        state = airflow.ask("GET", f"/assets/{ours[0]['asset_id']}/state-store")
        return orders.head().id in json.dumps(state) or None

    until(kept, "Airflow keeps how far the trigger has looked")


def test_a_deferred_sensor_goes_on_when_the_data_is_there(watched: Lake, airflow: Airflow) -> None:
    run_id = airflow.trigger("waits")
    until(
        lambda: airflow.states("waits", run_id).get("wait") == "deferred" or None, "it waits in the triggerer"
    )
    made = watched.repository("watched").write("returns", {"a": b"1"}).id
    assert "success" == airflow.ended("waits", run_id)
    assert made in airflow.log("waits", run_id, "wait")


def _listed(value: object) -> list[str]:
    found = json.loads(value) if isinstance(value, str) else value
    assert isinstance(found, list)
    return found
