"""DAGs that other DAGs have run on old versions, those others, and the examples of that."""

import sys
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, CronPartitionTimetable, ObjectStoragePath, get_current_context, task
from lineageflow_airflow import LineageFlowParams, current_partition
from lineageflow_airflow.example_dags import pinned_report, restated_sales, restatement
from lineageflow_airflow.operators.backfill import LineageFlowBackfillOperator
from lineageflow_airflow.operators.replay import LineageFlowReplayOperator

EXAMPLES = restated_sales.dag, pinned_report.dag, restatement.dag
restatement.days.retry_delay = timedelta(seconds=2)  # by default it is longer than a test waits

with DAG("old_on_asset", schedule=Asset("lf://old/orders"), params=LineageFlowParams()):

    @task
    def sum_up(*, dag_run: Any = None) -> None:
        if dag_run.conf.get("fails"):
            sys.exit("as it was asked to")
        orders = ObjectStoragePath("lf://old/orders").read_text()
        ObjectStoragePath("lf://old/total").write_text(orders)

    sum_up()

by_key = CronPartitionTimetable("@yearly", timezone="UTC", key_format="%Y")

with DAG("old_by_key", schedule=by_key, catchup=False):

    @task
    def copy() -> None:
        orders = ObjectStoragePath("lf://old/orders").read_text()
        ObjectStoragePath(f"lf://old/copies/{current_partition('key')}/part").write_text(orders)

    copy()

OLD = {"lineageflow_ref": "v1", "lineageflow_into": "{{ dag_run.conf['into'] }}", "poll_interval": 0.2}

with DAG("old_backfill", schedule=None):
    LineageFlowBackfillOperator(
        task_id="backfill",
        trigger_dag_id="old_on_asset",
        from_date="2026-05-01",
        to_date="2026-05-02",
        **OLD,
    )

with DAG("old_replay", schedule=None, render_template_as_native_obj=True):

    class LosesTheReply(LineageFlowReplayOperator):
        """An operator whose first try triggers, and dies before it can tell."""

        def begin(self, *arguments: Any) -> Any:
            begun = super().begin(*arguments)
            if self.conf and self.conf.get("loses") and get_current_context()["ti"].try_number == 1:
                raise ConnectionError
            return begun

    LosesTheReply(
        task_id="replay",
        trigger_dag_id="old_on_asset",
        conf="{{ dag_run.conf['conf'] }}",
        deferrable=True,
        retries=1,
        retry_delay=0,
        **OLD,
    )

with DAG("old_replay_of_keys", schedule=None):
    LineageFlowReplayOperator(
        task_id="replay",
        trigger_dag_id="old_by_key",
        partitions=["2024", "2025"],
        **OLD,
    )
