"""Write, audit, approve, publish: a person looks at what a DAG run wrote, before anybody else sees it."""

import pandas as pd
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, task

from lineageflow_airflow import data_branch
from lineageflow_airflow.checks import expect
from lineageflow_airflow.operators.diff import LineageFlowDiffOperator

CLEAN = Asset("lf://sales/clean_orders.parquet")
BODY = """
{% for each in ti.xcom_pull("changes")["datasets"] %}
- {{ each.path }}: {{ each.kind }}, {{ "%+d" | format(each.size_change) }} bytes
{% endfor %}

[See what differs](/dags/{{ dag.dag_id }}/runs/{{ run_id }}/plugin/data_branch)
"""

with DAG("approved_sales", schedule=None) as dag, data_branch("sales"):

    @task(outlets=[CLEAN])
    def clean() -> None:
        orders = pd.read_parquet("lf://sales/orders.parquet")
        orders.dropna().to_parquet("lf://sales/clean_orders.parquet")

    @task
    def audit() -> None:
        expect("lf://sales/clean_orders.parquet").rows(min=1).not_null("amount")

    changes = LineageFlowDiffOperator(task_id="changes")
    approve = ApprovalOperator(task_id="approve", subject="Publish the orders of {{ run_id }}?", body=BODY)
    clean() >> audit() >> changes >> approve
