"""What a worker installs: core and provider work with the SQLAlchemy that is there, and import none."""

import subprocess
import sys

import pytest

from lineageflow_core import Lake
from tests.integrations.airflow.lakes import Connection

HEAVY = {"sqlalchemy", "fastapi", "starlette", "lineageflow_server", "pandas", "pyarrow", "duckdb"}


def imported(*modules: str) -> set[str]:
    """Returns which heavy packages a process has that imports these modules, before it imports Airflow."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return HEAVY & set(done.stdout.split())


def test_core_needs_no_sqlalchemy() -> None:
    assert set() == imported("lineageflow_core", "lineageflow_core.run", "lineageflow_core.filesystem")


@pytest.mark.parametrize("module", ["provider", "blocks"])
def test_what_airflow_reads_in_every_process_imports_nothing(module: str) -> None:
    assert set() == imported(f"lineageflow_airflow.{module}")


def test_what_is_preloaded_needs_no_airflow_and_leaves_nothing_to_import_to_a_task(
    connected: tuple[Lake, Connection],
) -> None:
    program = """
import sys
import lineageflow_airflow.preload
assert "airflow" not in sys.modules
known = set(sys.modules)
from lineageflow_core.connect import connect
from lineageflow_core.model.run import Job
from lineageflow_core.run import RunSession
lake = connect(sys.argv[1], token=sys.argv[2] or None)
repository = lake.repository("sales").create()
session = RunSession(lake, "sales", Job(namespace="default", name="one.load"))
session.write("orders", {"a": b"1"})
session.publish()
print(*sorted(name for name in set(sys.modules) - known if name.partition(".")[0] in PACKAGES))
"""
    packages = {"lineageflow_core", "lineageflow_server", "openlineage", "sqlalchemy"}
    code = program.replace("PACKAGES", repr(packages))
    connection = connected[1]
    command = [sys.executable, "-c", code, connection["host"], connection.get("password", "")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "" == done.stdout.strip()


def test_every_module_can_be_imported_beside_this_airflow() -> None:
    program = """
import importlib, pkgutil
import lineageflow_airflow
for module in pkgutil.walk_packages(lineageflow_airflow.__path__, "lineageflow_airflow."):
    importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
