"""The pages about tasks, old versions and the connection are true, and the provider's examples are theirs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lineageflow_airflow.connection import connection_of

from lineageflow_core import Lake
from lineageflow_core.errors import NotFoundError
from tests.docs.markdown import ROOT, blocks
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.docs.pages import EXAMPLES, PAGES, commands, example, run_lineageflow
from tests.integrations.airflow.lakes import Connection
from tests.integrations.airflow.runs import run_dag

FRONT = "integrations/airflow/README.md"


def test_each_example_stands_on_a_page_as_it_is() -> None:
    shown = {
        match[1]: block.code.partition("\n")[2]
        for page in PAGES
        for block in blocks(page)
        if (match := re.match(r"# (\w+)\.py\n", block.code))
    }
    examples = {path.stem: path.read_text() for path in EXAMPLES.glob("[!_]*.py")}
    assert examples == {name: code for name, code in shown.items() if name in examples}


@pytest.mark.parametrize("page", [FRONT, *PAGES])
def test_links_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    here = (ROOT / page).parent
    assert [] == [
        link for link in links if "://" not in link and "{{" not in link and not (here / link).exists()
    ]


def test_the_front_page_leads_to_every_page() -> None:
    text = (ROOT / FRONT).read_text(encoding="utf-8")
    assert [] == [page for page in PAGES if f"](../../{page})" not in text]


def test_the_front_page_s_ten_lines_work(lake: Lake, tmp_path: Path) -> None:
    block, *_ = [block for block in blocks(FRONT) if block.language == "python"]
    (tmp_path / "first.py").write_text(block.code)
    names: dict[str, Any] = {"__name__": "first"}
    exec(compile(block.code, tmp_path / "first.py", "exec"), names)
    assert "success" == run_dag(names["dag"]).state
    assert [120, 80] == list(lake.repository("sales").dataset("orders.parquet").pandas()["amount"])


def test_tasks_write_commits_and_what_they_read_is_lineage(
    lake: Lake, connected: tuple[Lake, Connection]
) -> None:
    ran = run_dag(example("sales_report"))
    assert "success" == ran.state
    sales = lake.repository("sales")
    assert b"200.0\n" == sales.read_bytes("report.txt")
    assert {"airflow"} == {commit.author for commit in sales.log() if commit.run_id}
    (orders,) = lake.lineage.blame("sales", "main", "report.txt").inputs
    snapshot = lake.objects.get_dataset("sales", "main", "orders.parquet").snapshot
    assert ("orders.parquet", snapshot) == (orders.name, orders.version)
    (output,) = ran.lineage["report"].outputs
    extra: Any = output.asset.extra
    assert ("lf://sales/report.txt", sales.head().id) == (output.asset.uri, extra["lineageflow"]["commit"])
    _, connection = connected
    for words in commands("docs/airflow/tasks.md", "lineageflow"):
        assert "report" in run_lineageflow(words, connection)


def test_the_projects_own_front_page_tells_airflows_users_the_truth(lake: Lake, tmp_path: Path) -> None:
    (block,) = [block for block in blocks("README.md") if "airflow" in block.code and block.language]
    (tmp_path / "daily.py").write_text(block.code)
    names: dict[str, Any] = {"__name__": "daily"}
    exec(compile(block.code, tmp_path / "daily.py", "exec"), names)
    sales = lake.repository("sales")
    sales.write("orders.parquet", pd.DataFrame({"amount": [120, None]}))
    assert "success" == run_dag(names["dag"]).state
    assert [120] == list(sales.dataset("clean_orders").pandas()["amount"])


def test_what_is_written_is_audited_before_it_is_published(
    lake: Lake, connected: tuple[Lake, Connection]
) -> None:
    sales = lake.repository("sales")
    sales.write("orders.parquet", pd.DataFrame({"id": [1, 1], "amount": [120, 80]}))
    refused = run_dag(example("daily_sales"))
    assert {
        "clean": "success",
        "report": "success",
        "audit": "failed",
        "publish_sales": "upstream_failed",
    } == (refused.states)
    assert ["orders.parquet"] == [each.path for each in lake.objects.list_datasets("sales", "main").items]
    sales.write("orders.parquet", pd.DataFrame({"id": [1, 2, 3], "amount": [120, 80, None]}))
    published = run_dag(example("daily_sales"))
    assert "success" == published.state
    assert b"200\n" == sales.read_bytes("report.txt")
    assert 2 == len(sales.dataset("clean_orders").pandas())
    assert {"lf://sales/clean_orders", "lf://sales/report.txt"} == {event.uri for event in published.events}
    sales.branch("review")
    _, connection = connected
    for words in commands("docs/airflow/write-audit-publish.md", "lineageflow"):
        run_lineageflow(words, connection)


def test_a_backfill_of_a_tag_goes_to_a_branch_of_its_own(
    lake: Lake, connected: tuple[Lake, Connection]
) -> None:
    sales = lake.repository("sales")
    days = ["2026-05-01", "2026-05-02", "2026-05-03"]
    sales.write("orders", pd.DataFrame({"day": days, "amount": [1, 2, 3]}))
    sales.tag("v1")
    sales.write("orders", pd.DataFrame({"day": days, "amount": [10, 20, 30]}))
    ((*_, flag, conf),) = commands("docs/airflow/old-versions.md", "airflow")
    assert "--dag-run-conf" == flag
    before = sales.head().id
    for day in days:
        date = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert "success" == run_dag(example("restated_sales"), conf=json.loads(conf), logical_date=date).state
    assert before == sales.head().id
    restated = lake.repository("sales").dataset("revenue", ref="restated").pandas()
    assert [1, 2, 3] == sorted(restated["amount"])
    _, connection = connected
    for words in commands("docs/airflow/old-versions.md", "lineageflow"):
        run_lineageflow(words, connection)
    assert [1, 2, 3] == sorted(sales.dataset("revenue").pandas()["amount"])


def test_without_conf_the_default_branch_is_read_and_written(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.write("orders", pd.DataFrame({"day": ["2026-05-04"], "amount": [10]}))
    assert (
        "success" == run_dag(example("restated_sales"), logical_date=datetime(2026, 5, 4, tzinfo=UTC)).state
    )
    assert [10] == list(sales.dataset("revenue").pandas()["amount"])
    with pytest.raises(NotFoundError):
        sales.head("restated")


def test_a_consumer_reads_what_triggered_it_whatever_is_there_by_then(lake: Lake) -> None:
    consumer, delivered = example("pinned_report"), run_dag(example("pinned_report", "delivery"))
    sales = lake.repository("sales")
    (event,) = delivered.events
    assert ("sales", "main", sales.head().id) == tuple(
        event.extra["lineageflow"][name] for name in ("repository", "branch", "commit")
    )
    sales.write("orders.parquet", pd.DataFrame({"amount": [1]}))
    ran = run_dag(consumer, consumes=delivered.events)
    assert ("success", 200) == (ran.state, ran.returned("total"))
    assert 200 == ran.clear().returned("total")
    assert 1 == run_dag(consumer).returned("total")


def test_the_connection_is_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    block, *_ = [block for block in blocks("docs/airflow/configuration.md") if block.language == "json"]
    monkeypatch.setenv(CONNECTION, block.code)
    said = connection_of()
    assert ("https://lake.example", "TOKEN", "sales") == (said.address, said.token, said.repository)
