"""Tasks as they always were, but for the addresses: pandas, and Airflow's own ObjectStoragePath."""

import pandas as pd
import pendulum
from airflow.sdk import DAG, Asset, ObjectStoragePath, task

ORDERS, REPORT = Asset("lf://sales/orders.parquet"), Asset("lf://sales/report.txt")

with DAG("sales_report", schedule="@daily", start_date=pendulum.datetime(2026, 5, 1), catchup=False) as dag:

    @task(outlets=[ORDERS])
    def orders() -> None:
        found = pd.DataFrame({"id": [1, 2, 3], "amount": [120.0, None, 80.0]})
        found.dropna().to_parquet("lf://sales/orders.parquet")

    @task(inlets=[ORDERS], outlets=[REPORT])
    def report() -> None:
        total = pd.read_parquet("lf://sales/orders.parquet")["amount"].sum()
        ObjectStoragePath("lf://sales/report.txt").write_text(f"{total}\n")

    orders() >> report()
