"""The page about operators is true: every DAG on it runs, and does what it says."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext
from lineageflow_airflow.operators import branches, commits, diff, gate, merging, rollback, tags
from lineageflow_airflow.operators.base import LineageFlowOperator
from lineageflow_airflow.triggers.commit import CommitTrigger

from lineageflow_core import Lake
from lineageflow_core.model.check import CheckState
from tests.docs.markdown import ROOT, blocks
from tests.integrations.airflow.releases import DagSerialization
from tests.integrations.airflow.runs import run_dag

pytest.importorskip("duckdb")

PAGE = "docs/airflow/operators.md"
ORDERS = pd.DataFrame(
    {
        "id": [1, 2],
        "amount": [5.0, 120.0],
        "state": ["open", "paid"],
        "email": ["ada@lake", "bob@lake"],
        "refund": [0.0, 20.0],
    }
)

Program = Callable[[str], DAG]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Returns the DAG of a file on the page."""
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())

    def made(name: str) -> DAG:
        (block,) = (each for each in blocks(PAGE) if each.code.startswith(f"# {name}.py"))
        file = tmp_path / f"{name}.py"
        file.write_text(block.code)
        exec(compile(block.code, file, "exec"), {"__name__": name})
        ((dag, _),) = DagContext.autoregistered_dags
        return dag

    return made


@pytest.fixture
def orders(lake: Lake) -> Lake:
    lake.repository("sales").write("orders", ORDERS)
    return lake


def test_a_delivery_is_merged_after_its_audit(
    lake: Lake, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inbox").mkdir()
    ORDERS.to_parquet(tmp_path / "inbox" / "data.parquet")
    monkeypatch.chdir(tmp_path)
    ran = run_dag(program("delivery"), logical_date=datetime(2026, 5, 1, tzinfo=UTC))
    assert "success" == ran.state
    sales = lake.repository("sales")
    assert 2 == len(sales.dataset("orders").pandas())
    assert "orders of 2026-05-01" in [commit.message for commit in sales.log()] + [
        commit.message for commit in lake.history.graph("sales").items
    ]
    assert sales.head().id == sales.head("delivered-2026-05-01").id
    assert ["main"] == [each.name for each in lake.refs.list_refs("sales").items]
    assert (True, 1) == tuple(ran.returned("diff")[name] for name in ("differs", "changed"))


def test_a_rollback_is_planned_and_applied(orders: Lake, program: Program) -> None:
    sales = orders.repository("sales")
    bad = sales.write("orders", ORDERS.head(1)).id
    ran = run_dag(program("rollback"), conf={"bad": bad})
    assert ("success", 1) == (ran.state, ran.returned("plan")["changes"])
    assert 2 == len(sales.dataset("orders").pandas())


def test_the_audit_lets_through_what_is_sound_and_tells_what_is_not(orders: Lake, program: Program) -> None:
    dag = program("audit")
    assert "success" == run_dag(dag).state
    bad = pd.DataFrame(
        {**ORDERS.to_dict("list"), "id": [1, 1], "amount": [-3.0, 120.0], "refund": [-4.0, 0.0]}
    )
    orders.repository("sales").write("orders", bad)
    ran = run_dag(dag)
    assert {"orders_are_sound": "failed", "gate": "upstream_failed"} == ran.states
    text = str(ran.errors["orders_are_sound"])
    assert "- id is unique: 1 of 2 rows repeat another one\n- amount is between 0 and 10000: 1 of 2" in text
    (check,) = orders.checks.list_checks("sales", "main")
    assert ("orders-sound", CheckState.FAILED) == (check.name, check.state)


def test_sensors_wait_for_what_is_there_then(orders: Lake, program: Program) -> None:
    sales = orders.repository("sales")
    sales.tag("v1")
    made = sales.write("orders", ORDERS.head(1)).id
    sales.write("returns", ORDERS.head(1), partition="day=2026-05-01")
    ran = run_dag(program("waiting"))
    assert ("success", made) == (ran.state, ran.returned("changed")["commit"])
    assert "day=2026-05-01" == ran.returned("there")["partition"]


@pytest.mark.usefixtures("orders")
def test_a_consumer_is_watched_for_and_reads_what_there_is(program: Program) -> None:
    dag = program("consumer")
    assert CommitTrigger("sales", "main", "orders").serialize()[0] in str(DagSerialization.serialize_dag(dag))
    ran = run_dag(dag)
    assert ("success", len(ORDERS)) == (ran.state, ran.returned("count"))


def test_features_are_published_with_the_commit_in_their_event(orders: Lake, program: Program) -> None:
    ran = run_dag(program("features"))
    head = orders.repository("sales").head().id
    assert ("success", [head]) == (ran.state, [event.extra["lineageflow"]["commit"] for event in ran.events])
    assert 2 == len(orders.repository("sales").dataset("features.parquet").pandas())


def test_a_night_is_tagged(orders: Lake, program: Program) -> None:
    assert "success" == run_dag(program("nightly"), run_id="first").state
    assert orders.repository("sales").head().id == orders.repository("sales").head("nightly-first").id


@pytest.mark.usefixtures("orders")
def test_the_hook_gives_the_lake(capsys: pytest.CaptureFixture[str]) -> None:
    *_, hook = (each for each in blocks(PAGE) if each.language == "python")
    exec(hook.code, {})
    assert 2 == len(capsys.readouterr().out.splitlines())


def test_the_page_names_every_operator_and_leads_somewhere() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    modules: list[Any] = [branches, commits, diff, gate, merging, rollback, tags]
    found = {
        name
        for module in modules
        for name, each in vars(module).items()
        if isinstance(each, type)
        and issubclass(each, LineageFlowOperator)
        and each is not LineageFlowOperator
    }
    assert 10 == len(found)
    assert set() == {name for name in found if name not in text}
    for link in ("../rollback.md", "../python.md"):
        assert f"({link})" in text
        assert os.path.exists(ROOT / "docs/airflow" / link)
