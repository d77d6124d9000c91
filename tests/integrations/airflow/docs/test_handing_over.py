"""The page about handing over to Dagster is true: from a DAG run to a run of a real Dagster."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from lineageflow_core import Lake
from lineageflow_core.model.run import RunState
from tests.docs.markdown import blocks
from tests.integrations.airflow.docs.pages import commands, example, run_lineageflow
from tests.integrations.airflow.lakes import Connection
from tests.integrations.airflow.runs import run_dag

pytest.importorskip("dagster")
PAGE = "docs/airflow/handing-over.md"

pytestmark = pytest.mark.slow


def test_dagster_goes_on_with_exactly_what_the_dag_run_has_published(
    lake: Lake, connected: tuple[Lake, Connection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integrations.dagster.processes import dagster_dev

    (code,) = [block.code for block in blocks(PAGE) if block.code.startswith("# definitions.py")]
    (tmp_path / "definitions.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    _, connection = connected
    sales = lake.repository("sales")
    with dagster_dev("definitions", tmp_path, {"LINEAGEFLOW_LAKE": connection["host"]}) as dagster:
        monkeypatch.setenv("DAGSTER", dagster.address)
        ran = run_dag(example("handed_to_dagster"))
        assert "success" == ran.state, ran.errors
        sales.write("orders.parquet", pd.DataFrame({"amount": [1]}))  # later, and by somebody else
        (run,) = dagster.runs({"lineageflow/into": "main"}, number=1)
    assert b"amount,200\n" == sales.read_bytes("revenue/total.csv")
    (read,) = lake.lineage.blame("sales", "main", "revenue").inputs
    published = ran.returned("publish_sales")["commit"]
    assert lake.objects.get_dataset("sales", published, "orders.parquet").snapshot == read.version
    assert RunState.COMPLETED is lake.lineage.get_run(run.run_id).run.state
    for words in commands(PAGE, "lineageflow"):
        run_lineageflow(words, connection)
