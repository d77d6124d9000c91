"""Local files that tasks commit."""

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, TaskGroup
from lineageflow_airflow.blocks import Block, put_block
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.operators.commits import LineageFlowCommitOperator

from lineageflow_core import Lake
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tries import execute


def orders(tmp_path: Path, **rest: Any) -> LineageFlowCommitOperator:
    folder = tmp_path / "out" / "may"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.csv").write_text("id\n1\n")
    return LineageFlowCommitOperator(
        task_id="commit", repository="sales", datasets={"orders": str(tmp_path / "out")}, **rest
    )


def test_a_folder_becomes_a_dataset_in_a_commit_that_names_the_task(
    served_lake: Lake, tmp_path: Path
) -> None:
    operator = orders(tmp_path, message="orders of May", metadata={"source": "shop"})
    done = execute(operator)
    head = served_lake.repository("sales").head()
    assert (head.id, "main", True) == (done["commit"], done["branch"], done["changed"])
    assert done["url"].endswith(f"/r/sales/commit/{head.id}")
    assert operator.url == done["url"]
    assert ["orders/may/a.csv"] == [
        entry.path for entry in served_lake.objects.list_objects("sales", "main").items
    ]
    assert ("orders of May", "airflow") == (head.message, head.author)
    assert {
        "airflow/dag_id": "shop",
        "airflow/run_id": "first",
        "airflow/task_id": "commit",
        "airflow/log_url": "http://airflow/dags/shop/runs/first/tasks/commit?try_number=1",
        "source": "shop",
    } == head.metadata


def test_lineage_tells_what_the_task_has_committed(lake: Lake, tmp_path: Path) -> None:
    with DAG("loading") as dag:
        operator = orders(tmp_path)
    ran = run_dag(dag)
    assert "success" == ran.state
    head = lake.repository("sales").head()
    assert ran.returned("commit")["commit"] == head.id
    assert head.run_id is not None
    (written,) = lake.lineage.get_run(head.run_id).writes
    assert lake.objects.get_dataset("sales", "main", "orders").snapshot == written.version.version
    assert f"loading.{operator.task_id}" == lake.lineage.get_run(head.run_id).run.job.name


def test_in_a_block_the_commit_is_part_of_what_the_block_publishes(lake: Lake, tmp_path: Path) -> None:
    before = lake.repository("sales").head()
    with DAG("blocked") as dag, TaskGroup("block") as group:
        put_block(group, Block(repository="sales"))
        orders(tmp_path)
    ran = run_dag(dag)
    assert "success" == ran.state
    done = ran.returned("block.commit")
    assert before == lake.repository("sales").head()
    assert done["branch"].startswith("run:")
    assert done["commit"] == lake.repository("sales").head(done["branch"]).id


def test_a_second_try_commits_nothing_more_and_says_the_same(served_lake: Lake, tmp_path: Path) -> None:
    first = execute(orders(tmp_path))
    served_lake.repository("sales").write("other.csv", "x\n")
    assert first == execute(orders(tmp_path), try_number=2)
    assert 3 == len(served_lake.repository("sales").log())


def test_a_task_that_is_cleared_commits_anew(lake: Lake, tmp_path: Path) -> None:
    first = execute(orders(tmp_path))
    (tmp_path / "out" / "b.csv").write_text("id\n2\n")
    second = execute(orders(tmp_path), try_number=2, cleared_after=1)
    assert first["commit"] != second["commit"] == lake.repository("sales").head().id


@pytest.mark.usefixtures("lake")
def test_what_is_there_already_makes_no_commit(tmp_path: Path) -> None:
    first = execute(orders(tmp_path))
    again = execute(orders(tmp_path), run_id="second")
    assert (first["commit"], False) == (again["commit"], again["changed"])


@pytest.mark.parametrize("remove", [["old.csv"], "old.csv"], ids=["list", "template"])
def test_files_can_be_removed_and_added_by_one_commit(lake: Lake, tmp_path: Path, remove: Any) -> None:
    sales = lake.repository("sales")
    sales.write("old.csv", "1\n")
    execute(orders(tmp_path, remove=remove))
    assert ["orders"] == [each.path for each in lake.objects.list_datasets("sales", "main").items]


@pytest.mark.usefixtures("lake")
def test_a_file_that_is_not_there_is_said_and_not_tried_again(tmp_path: Path) -> None:
    operator = LineageFlowCommitOperator(
        task_id="commit", repository="sales", datasets={"orders": str(tmp_path / "none")}
    )
    with pytest.raises(AirflowFailException, match="no file at or below"):
        execute(operator)
    with pytest.raises(AirflowFailException, match="nothing to commit"):
        execute(LineageFlowCommitOperator(task_id="commit", repository="sales"))
