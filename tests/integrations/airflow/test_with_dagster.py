"""Dagster and Airflow in one environment, and in one process."""

import subprocess
import sys

import pytest

pytest.importorskip("dagster")

BOTH = """
import dagster as dg
from airflow.sdk import DAG, task
import lineageflow_airflow.data_branches, lineageflow_dagster

@dg.asset
def orders() -> int:
    return 1

with DAG("orders") as dag:
    @task
    def load() -> None: ...
    load()

assert dg.materialize([orders]).success
assert ["load"] == list(dag.task_ids)
"""


@pytest.mark.slow
def test_finding_11_both_integrations_work_in_one_process() -> None:
    done = subprocess.run([sys.executable, "-c", BOTH], check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr
