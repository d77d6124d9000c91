"""A report that can be made anew from old orders: a run's conf says from which, and where it is put."""

import pandas as pd
import pendulum
from airflow.sdk import DAG, task

from lineageflow_airflow import LineageFlowParams

with DAG(
    "restated_sales",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 5, 1),
    catchup=False,
    params=LineageFlowParams(),
) as dag:

    @task
    def revenue(*, ds: str | None = None) -> None:
        orders = pd.read_parquet("lf://sales/orders")
        of_the_day = orders[orders["day"] == ds].drop(columns="day")
        of_the_day.to_parquet(f"lf://sales/revenue/day={ds}/data.parquet")

    revenue()
