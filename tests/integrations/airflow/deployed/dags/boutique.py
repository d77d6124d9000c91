"""A DAG whose runs people look at: two blocks that publish to the repository `boutique`; one checks, too."""

import pandas as pd
from airflow.sdk import DAG, task
from lineageflow_airflow import LineageFlowParams
from lineageflow_airflow.checks import expect
from lineageflow_airflow.data_branches import data_branch

with DAG("boutique", schedule=None, params=LineageFlowParams()) as dag:
    with data_branch("boutique") as sales:

        @task
        def clean() -> None:
            orders = pd.read_csv("lf://boutique/orders.csv")
            orders.dropna().to_csv("lf://boutique/clean.csv", index=False)

        @task
        def report() -> None:
            sold = pd.read_csv("lf://boutique/clean.csv")
            sold.groupby("item").sum().to_csv("lf://boutique/report.csv")

        @task
        def audit() -> None:
            expect("lf://boutique/clean.csv").rows(min=1).not_null("amount")

        clean() >> report() >> audit()

    with data_branch("boutique", group_id="window") as window:

        @task
        def dress() -> None:
            sold = pd.read_csv("lf://boutique/report.csv")
            sold.nlargest(1, "amount").to_csv("lf://boutique/window.csv", index=False)

        dress()

    sales >> window
