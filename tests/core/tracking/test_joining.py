"""A run that goes on in another process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineageflow_core import CodeVersion, Job, RunSession, connect, join_run, run_transaction
from lineageflow_core.errors import InvalidInputError, StateError
from lineageflow_core.tracking.joining import run_variables

CHILD = """
import pandas, lineageflow_core
with lineageflow_core.join_run() as run:
    orders = pandas.read_parquet("lf://shop/orders/data.parquet")
    run.write("total", {"": str(orders["amount"].sum()).encode()})
"""


def session(lake: str) -> RunSession:
    catalog = connect(lake)
    return RunSession(
        catalog,
        "shop",
        Job(namespace="tests", name="nightly"),
        code=CodeVersion(revision="abc", path="job.py"),
        params={"amount": "1"},
    )


def test_what_a_process_does_that_a_run_started_is_part_of_the_run(tmp_path: Path) -> None:
    import pandas as pd

    repository = connect(str(tmp_path / "lake")).repository("shop").create()
    repository.write("orders", pd.DataFrame({"amount": [1, 2]}))
    with run_transaction(session(str(tmp_path / "lake"))) as run:
        variables = os.environ | run_variables(run) | {"LINEAGEFLOW_OUTBOX": str(tmp_path / "outbox")}
        subprocess.run([sys.executable, "-c", CHILD], env=variables, check=True, cwd=tmp_path)
        assert run.catalog.objects.list_datasets("shop", "main").items[-1].path == "orders"
    assert repository.read_bytes("total") == b"3"
    details = repository.catalog.lineage.get_run(run.run.id)
    assert [io.version.name for io in details.reads] == ["orders"]
    assert [io.version.name for io in details.writes] == ["total"]
    assert details.run.code == run.run.code
    assert details.run.params == {"amount": "1"}


def test_the_variables_say_what_other_programs_look_for(tmp_path: Path) -> None:
    connect(str(tmp_path)).repository("shop").create()
    run = session(str(tmp_path))
    variables = run_variables(run)
    assert variables["LINEAGEFLOW_LAKE"] == str(tmp_path)
    assert variables["LINEAGEFLOW_REF"] == f"run:{run.run.id}"
    assert variables["OPENLINEAGE_PARENT_ID"] == f"tests/nightly/{run.run.id}"


def test_a_process_that_no_run_started_joins_none() -> None:
    with pytest.raises(StateError, match="no run started this process"), join_run({}):
        pass


def test_a_lake_in_memory_is_in_no_other_process() -> None:
    with pytest.raises(InvalidInputError, match="no other process can join"):
        run_variables(session("memory:"))
