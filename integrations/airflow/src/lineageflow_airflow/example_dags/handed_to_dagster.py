"""A DAG publishes orders, and has Dagster go on with exactly those."""

import os

import httpx2
import pandas as pd
from airflow.sdk import DAG, task

from lineageflow_airflow import data_branch

LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on PythonError { message } }
}
"""

with DAG("handed_to_dagster", schedule=None) as dag:
    with data_branch("sales") as branch:

        @task
        def orders() -> None:
            pd.DataFrame({"amount": [120, 80]}).to_parquet("lf://sales/orders.parquet")

        orders()

    @task
    def hand_over(published: dict[str, str]) -> None:
        tags = {"lineageflow/base": published["commit"], "lineageflow/into": published["branch"]}
        job = {"repositoryName": "__repository__", "repositoryLocationName": "definitions"}
        params = {
            "selector": {**job, "pipelineName": "nightly"},
            "runConfigData": "{}",
            "executionMetadata": {"tags": [{"key": key, "value": tags[key]} for key in tags]},
        }
        asked = {"query": LAUNCH, "variables": {"params": params}}
        answer = httpx2.post(f"{os.environ['DAGSTER']}/graphql", json=asked, timeout=60)
        launched = answer.raise_for_status().json()["data"]["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(launched)

    hand_over(branch.published)
