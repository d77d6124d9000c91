"""DAGs of tasks one after another, in a block or in none, and what a lake holds after they ran."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pandas as pd
from airflow.sdk import DAG, TaskGroup, get_current_context, task
from lineageflow_airflow.blocks import Block, put_block
from lineageflow_airflow.data_branches import data_branch
from lineageflow_airflow.sessions import TrySessions, sessions_of

from lineageflow_core import Lake, Repository
from lineageflow_core.errors import NotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.runs import Ran

SALES = Block(repository="sales")


def here() -> TrySessions:
    """Returns the sessions of the task that calls it."""
    return sessions_of(get_current_context()["ti"])


def publish(context: Any, _result: Any = None) -> None:
    """What a task in a block does when it has succeeded."""
    sessions_of(context["ti"]).publish()


def in_block(*bodies: Callable[[], Any], block: Block | None = SALES, **said: Any) -> DAG:
    """Tasks one after another, which publish their try at the end as those in `data_branch` do."""
    with DAG("one", schedule=None) as dag, TaskGroup("block", prefix_group_id=False) as group:
        before = None
        for body in bodies:
            now = task(post_execute=publish, **said)(body)()
            if before is not None:
                before >> now
            before = now
    if block is not None:
        put_block(group, block)
    return dag


def in_no_block(*bodies: Callable[[], Any], **said: Any) -> DAG:
    """Tasks one after another, as Airflow has them."""
    return in_block(*bodies, block=None, **said)


def two_blocks(dag_id: str) -> DAG:
    """Two blocks of one repository, one after the other, which write a table each."""
    with DAG(dag_id, schedule=None) as dag:
        groups = []
        for name in ("first", "second"):
            with data_branch("sales", group_id=name) as group:

                @task(task_id=f"write_{name}")
                def body(name: str) -> None:
                    write(f"lf://sales/{name}", "1")

                body(name)
            groups.append(group)
        groups[0] >> groups[1]
    return dag


def succeeded(result: Ran) -> Ran:
    """Returns a run that has succeeded; else says why it has not."""
    assert "success" == result.state, result.errors
    return result


def write(path: str, text: str) -> None:
    """Writes a table of one value, as any code does."""
    pd.DataFrame({"a": [text]}).to_csv(path, index=False)


def read(path: str) -> str:
    """Reads the value of a table."""
    return str(pd.read_csv(path, dtype=str)["a"][0])


def on_main(lake: Lake, path: str) -> str | None:
    """Returns the value of a table on the default branch, or None."""
    with outside_runs(), suppress(NotFoundError):
        return lake.repository("sales").read_bytes(path).decode().split()[1]
    return None


def seed(lake: Lake, **values: str) -> Repository:
    """Writes tables to the default branch, as somebody else."""
    repository = lake.repository("sales")
    with outside_runs():
        for path, text in values.items():
            repository.put(path, f"a\n{text}\n".encode())
    return repository


def told(lake: Lake, run_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the snapshots that lineage tells of what a run read and wrote, by dataset."""
    details = lake.lineage.get_run(RunId(run_id))
    reads, writes = (
        {io.version.name: str(io.version.version) for io in ios} for ios in (details.reads, details.writes)
    )
    return reads, writes


def snapshot(lake: Lake, path: str, ref: str = "main") -> dict[str, str]:
    """Returns the snapshot of a dataset, by its path."""
    return {path: lake.objects.get_dataset("sales", ref, path).snapshot}
