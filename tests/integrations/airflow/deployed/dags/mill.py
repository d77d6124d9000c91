"""A block whose second task writes, then waits for as long as its run's configuration says."""

import time
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, ObjectStoragePath, task
from lineageflow_airflow import data_branch

FLOUR = Asset("lf://mill/flour")

with DAG("mill", schedule=None), data_branch("mill"):

    @task
    def grind(*, dag_run: Any = None) -> None:
        ObjectStoragePath("lf://mill/flour/ground").write_text(dag_run.run_id)

    @task(outlets=[FLOUR])
    def sift(*, dag_run: Any = None) -> None:
        closed = dag_run.conf.get("closed")
        is_closed = bool(closed) and Path(closed).exists()
        ObjectStoragePath(f"lf://mill/flour/{'half' if is_closed else 'sifted'}").write_text("1")
        while is_closed and Path(closed).exists():
            Path(closed).with_suffix(".written").touch()
            time.sleep(0.1)

    grind() >> sift()
