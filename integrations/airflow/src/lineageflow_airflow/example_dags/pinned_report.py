"""Two DAGs: one publishes orders, the other is woken by that, and reads exactly those orders."""

import pandas as pd
from airflow.sdk import DAG, Asset, task

ORDERS = Asset("lf://sales/orders.parquet")

with DAG("orders_delivery", schedule=None) as delivery:

    @task.lineageflow(outlets=[ORDERS])
    def deliver(amounts: list[int]) -> None:
        pd.DataFrame({"amount": amounts}).to_parquet("lf://sales/orders.parquet")

    deliver([120, 80])

with DAG("pinned_report", schedule=[ORDERS]) as dag:

    @task
    def total() -> int:
        return int(pd.read_parquet("lf://sales/orders.parquet")["amount"].sum())

    total()
