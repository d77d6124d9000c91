"""Write, audit, publish: others see what a DAG run wrote when all of it is right, or never."""

import pandas as pd
import pendulum
from airflow.sdk import DAG, Asset, task

from lineageflow_airflow import data_branch
from lineageflow_airflow.checks import expect

CLEAN, REPORT = Asset("lf://sales/clean_orders"), Asset("lf://sales/report.txt")

with (
    DAG("daily_sales", schedule="@daily", start_date=pendulum.datetime(2026, 5, 1), catchup=False) as dag,
    data_branch("sales"),
):

    @task(outlets=[CLEAN])
    def clean() -> None:
        orders = pd.read_parquet("lf://sales/orders.parquet")
        orders.dropna().to_parquet("lf://sales/clean_orders/part-0.parquet")

    @task(outlets=[REPORT])
    def report() -> None:
        total = pd.read_parquet("lf://sales/clean_orders")["amount"].sum()
        pd.Series([f"{total:.0f}"]).to_csv("lf://sales/report.txt", index=False, header=False)

    @task
    def audit() -> None:
        expect("lf://sales/clean_orders").rows(min=1).not_null("amount").unique("id")

    clean() >> [report(), audit()]
