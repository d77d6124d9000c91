"""The pages about OpenLineage and about Airflow's pages: what they say to write works."""

import json
import shlex
from typing import Any

import pytest
from airflow.sdk import DAG, task
from lineageflow_airflow.data_branches import data_branch
from lineageflow_airflow.doctor import examine
from lineageflow_airflow.telling import leads_to, provider_transport

from lineageflow_core import Lake
from lineageflow_core.doctor import FindingState
from tests.docs.markdown import blocks
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import here, on_main, seed, succeeded, write

OPENLINEAGE = "docs/airflow/openlineage.md"
PAGES = "docs/airflow/ui.md"


def settings() -> dict[str, str]:
    """Returns the variables that the page says to set."""
    lines = [line for block in blocks(OPENLINEAGE) for line in block.code.splitlines()]
    return {
        name: value
        for name, is_set, value in (line.partition("=") for line in lines)
        if is_set and name.startswith("AIRFLOW__")
    }


def test_the_settings_of_the_page_are_those_that_the_doctor_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "lineageflow", "host": "https://lake.example"}
    monkeypatch.setenv(CONNECTION, json.dumps(connection))
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "False")
    assert 2 == len(settings())
    for name, value in settings().items():
        monkeypatch.setenv(name, value)
    transport = provider_transport()
    assert all(leads_to(transport, at) for at in ("https://lake.example", "https://marquez.example"))
    found = {finding.name: finding.state for finding in examine()}
    assert (FindingState.GOOD, FindingState.GOOD) == (found["OpenLineage"], found["run facet"])


def test_the_commands_are_there() -> None:
    from lineageflow_core.cli.app import run

    lines = [
        line for page in (OPENLINEAGE, PAGES) for block in blocks(page) for line in block.code.splitlines()
    ]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("lineageflow ")]
    assert [["doctor"], ["--json", "doctor"], ["rollback", "plan:PLAN"]] == commands
    assert [0, 0, 0] == [run([*command, "--help"]) for command in commands]


def test_consumers_are_woken_for_what_a_rollback_put_back_and_for_nothing_else(lake: Lake) -> None:
    (code,) = [block.code for block in blocks(PAGES) if block.code.startswith("# undo.py")]
    names: dict[str, Any] = {}
    exec(compile(code, "undo.py", "exec"), names)
    dag: DAG = names["dag"]
    seed(lake, report="good", orders="1")

    def body() -> str:
        write("lf://sales/report", "bad")
        return here().key.lineage_id

    with DAG("shop", schedule=None) as shop, data_branch("sales"):
        task(body)()
    bad = succeeded(run_dag(shop)).returned("body")
    ran = succeeded(run_dag(dag, conf={"bad": f"run:{bad}"}))
    assert "good" == on_main(lake, "report")
    (event,) = ran.events
    assert "lf://sales/report" == event.uri
    told = event.extra["lineageflow"]
    assert ("sales", "main", lake.repository("sales").head().id) == (
        told["repository"], told["branch"], told["commit"],
    )  # fmt: skip
