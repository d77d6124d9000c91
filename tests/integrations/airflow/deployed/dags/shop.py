"""Tasks that wait, fail and go on as their run's configuration says."""

import time
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, task

ORDERS = Asset("s3://shop/orders")

with DAG("shop", schedule=None) as dag:

    @task(outlets=[ORDERS])
    def orders(*, dag_run: Any = None, outlet_events: Any = None) -> None:
        print("the run", dag_run.run_id)
        outlet_events[ORDERS].extra = {"run": dag_run.run_id}

    @task
    def wait(*, dag_run: Any = None) -> None:
        while (closed := dag_run.conf.get("closed")) and Path(closed).exists():
            time.sleep(0.1)

    @task
    def report(day: int) -> int:
        return day

    orders() >> wait() >> report.expand(day=[1, 2])

with DAG("daily", schedule="@daily", catchup=False) as daily:

    @task
    def day(*, dag_run: Any = None) -> str:
        return str(dag_run.conf.get("lineageflow_ref"))

    day()
