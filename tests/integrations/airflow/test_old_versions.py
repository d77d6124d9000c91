"""Runs on old versions, by partition, and again under the same id; and what code they ran."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import airflow.sdk
import pandas as pd
import pytest
from airflow.sdk import DAG, task
from hypothesis import given
from hypothesis import strategies as st
from lineageflow_airflow import LineageFlowParams, current_partition, data_branch
from lineageflow_airflow.partitions import key_of_partition, partition_of_key

from lineageflow_core import Lake
from lineageflow_core.model.names import check_path
from tests.docs.markdown import blocks
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import succeeded

PAGE = "docs/airflow/old-versions.md"
DAY = datetime(2026, 5, 1, tzinfo=UTC)


def copied(name: str) -> DAG:
    with (
        DAG(name, schedule="@daily", start_date=DAY, params=LineageFlowParams()) as dag,
        data_branch("sales"),
    ):

        @task
        def copy() -> None:
            pd.read_csv("lf://sales/orders").to_csv("lf://sales/copy", index=False)

        @task
        def again() -> None:
            pd.read_csv("lf://sales/copy").to_csv("lf://sales/again", index=False)

        copy() >> again()
    return dag


def test_a_run_that_is_processed_again_under_its_id_with_another_base_is_another_transaction(
    lake: Lake,
) -> None:
    sales = lake.repository("sales")
    sales.put("orders", b"id\n1\n")
    sales.tag("v1")
    sales.put("orders", b"id\n2\n")
    ran = succeeded(run_dag(copied("daily"), logical_date=DAY))
    before = sales.head().id
    again = ran.reprocess({"lineageflow_ref": "v1", "lineageflow_into": "restated"})
    assert ("success", ran.run_id) == (again.state, again.run_id), again.errors
    assert [b"id\n1\n"] * 2 == [sales.read_bytes(path, ref="restated") for path in ("copy", "again")]
    assert (before, b"id\n2\n") == (sales.head().id, sales.read_bytes("again"))


def test_what_a_failed_run_left_is_not_mixed_with_what_another_base_gives(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.put("orders", b"id\n1\n")
    sales.tag("v1")
    sales.put("orders", b"id\n2\n")
    left = ["left by a try of the first run"]
    with DAG("broken", schedule="@daily", start_date=DAY) as dag, data_branch("sales"):

        @task
        def first() -> None:
            if left:
                pd.DataFrame({"id": left}).to_csv("lf://sales/left", index=False)

        @task
        def second() -> None:
            if left:
                raise ValueError(left.pop())
            pd.read_csv("lf://sales/orders").to_csv("lf://sales/copy", index=False)

        first() >> second()

    ran = run_dag(dag, logical_date=DAY)
    assert "failed" == ran.state
    again = succeeded(ran.reprocess({"lineageflow_ref": "v1", "lineageflow_into": "restated"}))
    assert b"id\n1\n" == sales.read_bytes("copy", ref="restated")
    assert "left" not in {entry.path for entry in lake.objects.list_objects("sales", "restated").items}
    assert ran.run_id == again.run_id


def test_each_commit_leads_to_the_code_that_made_it(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.put("orders", b"id\n1\n")
    ran = succeeded(run_dag(copied("coded"), logical_date=DAY))
    published = sales.head().run_id
    assert published is not None
    steps = lake.lineage.get_run(published).steps
    assert {"coded.copy", "coded.again"} == {step.job.name for step in steps}
    for step in steps:
        assert step.code is not None
        assert "dag_version" in step.environment
    said = [each.metadata for each in lake.history.graph("sales").items if each.run_id is not None]
    assert {("coded", ran.run_id, task) for task in ("copy", "again", "publish_sales")} == {
        tuple(each[f"airflow/{name}"] for name in ("dag_id", "run_id", "task_id")) for each in said
    }
    assert all("airflow/dag_version" in each for each in said)


def test_a_run_for_a_partition_writes_the_partition_of_that_key(lake: Lake, tmp_path: Path) -> None:
    if not hasattr(airflow.sdk, "CronPartitionTimetable"):
        pytest.skip("Airflow has no partitions before 3.2")
    (block,) = [each for each in blocks(PAGE) if each.code.startswith("# sales_by_day.py")]
    file = tmp_path / "sales_by_day.py"
    file.write_text(block.code)
    names: dict[str, Any] = {"__name__": "sales_by_day"}
    exec(compile(block.code, file, "exec"), names)
    for key in ("2026-05-01", "2026-05-02"):
        succeeded(run_dag(names["dag"], partition_key=key))
        published = lake.repository("sales").head().run_id
        assert published is not None
        (write,) = lake.lineage.get_run(published).writes
        assert ("totals", key) == (write.version.name, write.version.partition)


@pytest.mark.usefixtures("lake")
def test_a_run_for_no_partition_is_told_so() -> None:
    with DAG("unpartitioned", schedule=None) as dag:

        @task
        def load() -> None:
            current_partition()

        load()
    assert "is for no partition" in str(run_dag(dag).errors["load"])


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), st.sampled_from([None, "day"]))
def test_a_key_is_one_partition_and_a_partition_one_key(key: str, column: str | None) -> None:
    partition = partition_of_key(key, column)
    assert key == key_of_partition(partition, column)
    assert "/" not in check_path(f"totals/{partition}").removeprefix("totals/")
