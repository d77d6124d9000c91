"""What a real Airflow makes of the provider; and what the tests of this folder build on."""

from pathlib import Path

import pytest

from tests.integrations.airflow.deployed.deployment import Airflow
from tests.integrations.waiting import until

pytestmark = pytest.mark.slow


def test_airflow_finds_the_provider_and_what_it_is(airflow: Airflow) -> None:
    (found,) = [
        provider
        for provider in airflow.ask("GET", "/providers", params={"limit": 100})["providers"]
        if provider["package_name"] == "airflow-provider-lineageflow"
    ]
    assert found["description"].startswith("Versioned datasets")
    assert "airflow-provider-lineageflow" in airflow.command("providers", "get", found["package_name"])


def test_airflow_loads_the_plugin(airflow: Airflow) -> None:
    plugins = airflow.ask("GET", "/plugins", params={"limit": 100})["plugins"]
    assert "lineageflow" in {plugin["name"] for plugin in plugins}
    assert {"import_errors": [], "total_entries": 0} == airflow.ask("GET", "/plugins/importErrors")


def test_the_form_of_a_connection_asks_for_a_lake_and_a_token(airflow: Airflow) -> None:
    form = airflow.connection_types()["lineageflow"]
    fields = form["standard_fields"]
    assert ("LineageFlow", "Lake", "Token") == (
        form["hook_name"],
        fields["host"]["title"],
        fields["password"]["title"],
    )
    assert {"repository", "page", "outbox"} == set(form["extra_fields"])


def test_a_run_in_processes_is_told_as_it_was(airflow: Airflow) -> None:
    run_id = airflow.trigger("shop")
    assert "success" == airflow.ended("shop", run_id)
    assert {"orders", "wait", "report[0]", "report[1]"} == set(airflow.states("shop", run_id))
    assert [("s3://shop/orders", {"run": run_id})] == [
        (event.uri, event.extra) for event in airflow.events("shop", run_id)
    ]
    assert f"the run {run_id}" in airflow.log("shop", run_id, "orders")


def test_a_killed_task_fails_its_run_and_a_cleared_run_goes_on(airflow: Airflow, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.touch()
    run_id = airflow.trigger("shop", conf={"closed": str(closed)})
    airflow.kill("shop", run_id, "wait")
    assert "failed" == airflow.ended("shop", run_id)
    assert "upstream_failed" == airflow.states("shop", run_id)["report[0]"]
    closed.unlink()
    airflow.clear("shop", run_id, only_failed=True)
    assert "success" == airflow.ended("shop", run_id)
    tries = {name: task["try_number"] for name, task in airflow.tasks("shop", run_id).items()}
    assert (1, 2) == (tries["orders"], tries["wait"])


def test_a_backfill_runs_each_day_with_the_configuration_that_it_is_given(airflow: Airflow) -> None:
    airflow.backfill("daily", "2026-05-01", "2026-05-03", "--dag-run-conf", '{"lineageflow_ref": "v1"}')

    def succeeded() -> list[str] | None:
        days = [run_id for run_id, state in airflow.runs("daily").items() if state == "success"]
        backfilled = sorted(run_id for run_id in days if run_id.startswith("backfill__"))
        return backfilled if len(backfilled) == 3 else None

    first, *_ = until(succeeded, "three days are backfilled")
    assert "Returned value was: v1" in airflow.log("daily", first, "day")
