"""Two days of a report once more, and what depends on it, on the orders as they were audited."""

from airflow.sdk import DAG

from lineageflow_airflow.operators.backfill import LineageFlowBackfillOperator
from lineageflow_airflow.operators.replay import LineageFlowReplayOperator

with DAG("restatement", schedule=None) as dag:
    days = LineageFlowBackfillOperator(
        task_id="days",
        trigger_dag_id="restated_sales",
        days=2,
        lineageflow_ref="audited",
        lineageflow_into="restated",
        retries=3,
        deferrable=True,
    )
    report = LineageFlowReplayOperator(
        task_id="report",
        trigger_dag_id="pinned_report",
        lineageflow_ref="restated",
        lineageflow_into="restated",
    )
    days >> report
