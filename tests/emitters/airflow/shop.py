"""A DAG of a shop, for Airflow with its OpenLineage provider; run as a program, it is tried once."""

from datetime import UTC, datetime
from typing import Any

from airflow.providers.openlineage.extractors import OperatorLineage
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset, BaseOperator
from openlineage.client.event_v2 import Dataset

DATABASE = "postgres://db:5432"


class Copy(BaseOperator):
    """An operator that tells what it read and wrote when it is done, as those of databases do."""

    def __init__(self, *, source: str, target: str, fails: bool = False, **rest: Any) -> None:
        super().__init__(**rest)
        self.source, self.target, self.fails = source, target, fails

    def execute(self, context: Any) -> None:
        if self.fails:
            raise ValueError("boom")

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage:
        inputs, outputs = ([Dataset(namespace=DATABASE, name=each)] for each in (self.source, self.target))
        return OperatorLineage(inputs=inputs, outputs=outputs)


with DAG("shop", start_date=datetime(2026, 5, 1, tzinfo=UTC), schedule=None, catchup=False) as dag:
    load = Copy(task_id="load", source="raw.orders", target="public.orders")
    total = Copy(task_id="total", source="public.orders", target="public.revenue")
    broken = Copy(task_id="broken", source="public.revenue", target="public.broken", fails=True)
    publish = BashOperator(
        task_id="publish",
        bash_command="true",
        inlets=[Asset("file:///lake/revenue")],
        outlets=[Asset("file:///lake/report.csv")],
    )
    load >> total >> [publish, broken]

if __name__ == "__main__":
    from airflow.utils.db import initdb

    initdb()
    dag.test(logical_date=datetime(2026, 5, 2, tzinfo=UTC))
