"""`@task.lineageflow`: what a task writes is published when it has succeeded, as one commit, or never."""

import json
import os
from typing import Any

import fsspec
import pytest
from airflow.sdk import DAG, Asset, asset, task
from airflow.sdk.definitions._internal.contextmanager import DagContext
from lineageflow_airflow.connection import forget_connections

from lineageflow_core import Lake
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.lakes import Connection
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import here, told

CLEAN = Asset("lf://sales/clean")


def write(path: str, text: str) -> None:
    with fsspec.open(f"lf://{path}", "w") as file:
        file.write(text)


def read(path: str) -> str:
    with fsspec.open(f"lf://{path}") as file:
        return str(file.read().decode())


def published(lake: Lake, path: str, *, ref: str = "main") -> str | None:
    if not lake.objects.list_objects("sales", ref, path=path).items:
        return None
    return lake.repository("sales").read_bytes(path, ref=ref).decode()


def one_task(body: Any, *, dag_id: str = "one", **options: Any) -> DAG:
    with DAG(dag_id) as dag:
        task.lineageflow(**{"outlets": [CLEAN], **options})(body)()
    return dag


def test_all_that_a_task_wrote_is_one_commit_that_its_asset_event_tells(served_lake: Lake) -> None:
    def clean() -> str:
        write("sales/clean", "one")
        write("sales/more", "2")
        assert published(served_lake, "clean") is None
        return read("sales/clean")

    ran = run_dag(one_task(clean))
    assert ("success", "one") == (ran.state, ran.returned("clean"))
    head = served_lake.repository("sales").head()
    assert ("one", "2") == (published(served_lake, "clean"), published(served_lake, "more"))
    assert 2 == len(served_lake.repository("sales").log())
    (event,) = ran.events
    told = event.extra["lineageflow"]
    assert ("lf://sales/clean", "sales", "main", head.id) == (
        event.uri, told["repository"], told["branch"], told["commit"],
    )  # fmt: skip
    assert told["url"].endswith(f"/r/sales/commit/{head.id}")


def test_a_task_that_fails_publishes_nothing_and_its_next_try_begins_anew(lake: Lake) -> None:
    tries: list[int] = []

    def clean() -> None:
        tries.append(1)
        if len(tries) == 2:
            assert not fsspec.filesystem("lf").exists("lf://sales/clean")
            return
        write("sales/clean", "1")
        raise ValueError("no")

    first = run_dag(one_task(clean))
    assert ("failed", None, []) == (first.state, published(lake, "clean"), first.events)
    assert "success" == first.clear().state
    assert published(lake, "clean") is None


def test_a_conflict_fails_the_task_and_clearing_it_writes_anew(lake: Lake) -> None:
    tries: list[int] = []

    def clean() -> None:
        write("sales/clean", f"mine {len(tries)}")
        if not tries:
            with outside_runs():  # somebody else
                lake.repository("sales").write("clean", "theirs")
        tries.append(1)

    first = run_dag(one_task(clean))
    assert ("failed", "theirs", []) == (first.state, published(lake, "clean"), first.events)
    assert "clean" in str(first.errors["clean"])
    assert ("success", "mine 1") == (first.clear().state, published(lake, "clean"))


def features() -> None:
    write("sales/features", f"of {read('sales/clean')}")


def test_a_dag_that_an_asset_triggers_reads_the_commit_that_triggered_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clean() -> None:
        write("sales/clean", "as published")

    events = run_dag(one_task(clean)).events
    lake.repository("sales").write("clean", "later")

    monkeypatch.setattr(DagContext, "current_autoregister_module_name", __name__)
    asset(uri="lf://sales/features", schedule=CLEAN)(task.lineageflow(features))
    (dag,) = (dag for dag, _ in DagContext.autoregistered_dags if dag.dag_id == "features")
    ran = run_dag(dag, consumes=events)
    assert ("success", "of as published") == (ran.state, published(lake, "features"))
    assert [lake.repository("sales").head().id] == [
        each.extra["lineageflow"]["commit"] for each in ran.events
    ]


def test_a_run_that_publishes_elsewhere_wakes_nobody(lake: Lake) -> None:
    def clean() -> None:
        write("sales/clean", "replayed")

    ran = run_dag(one_task(clean), conf={"lineageflow_into": "replay"})
    assert ("success", []) == (ran.state, ran.events)
    assert (None, "replayed") == (published(lake, "clean"), published(lake, "clean", ref="replay"))


@pytest.mark.usefixtures("lake")
def test_a_run_that_names_the_branch_that_is_published_to_anyway_wakes_those_below() -> None:
    def clean() -> None:
        write("sales/clean", "1")

    for into in (None, "main"):
        ran = run_dag(one_task(clean, into=into), conf={"lineageflow_into": "main"})
        assert ["lf://sales/clean"] == [each.uri for each in ran.events]


def test_what_the_function_says_in_its_asset_event_stays_there(lake: Lake) -> None:
    def clean(*, outlet_events: Any) -> None:
        write("sales/clean", "1")
        outlet_events[CLEAN].extra = {"rows": 1}

    (event,) = run_dag(one_task(clean)).events
    head = lake.repository("sales").head()
    assert (1, head.id) == (event.extra["rows"], event.extra["lineageflow"]["commit"])


def test_what_is_opened_before_the_function_is_read_by_the_try_and_the_rest_is_one_commit(lake: Lake) -> None:
    lake.repository("sales").write("raw", "1")

    def early(_context: Any) -> None:
        read("sales/raw")

    def clean() -> str:
        write("sales/clean", "one")
        write("sales/more", "2")
        assert published(lake, "clean") is None
        return here().key.lineage_id

    before = len(lake.repository("sales").log())
    ran = run_dag(one_task(clean, pre_execute=early))
    assert ("success", "one") == (ran.state, published(lake, "clean")), ran.errors
    assert before + 1 == len(lake.repository("sales").log())
    assert [["raw"], ["clean", "more"]] == [sorted(each) for each in told(lake, ran.returned("clean"))]


def test_what_only_a_process_wrote_that_the_function_forked_is_published(lake: Lake) -> None:
    def clean() -> None:
        child = os.fork()
        if child == 0:
            try:
                write("sales/clean", "1")
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    ran = run_dag(one_task(clean))
    assert ("success", "1") == (ran.state, published(lake, "clean"))
    assert [lake.repository("sales").head().id] == [
        each.extra["lineageflow"]["commit"] for each in ran.events
    ]


def test_a_task_that_writes_nothing_tells_where_the_branch_is(lake: Lake) -> None:
    ran = run_dag(one_task(lambda: None, task_id="clean"))
    assert [lake.repository("sales").head().id] == [
        each.extra["lineageflow"]["commit"] for each in ran.events
    ]


def test_each_instance_of_a_mapped_task_publishes_by_itself(lake: Lake) -> None:
    with DAG("mapped") as dag:

        @task.lineageflow(repository="sales")
        def part(number: int) -> None:
            write(f"sales/part{number}", str(number))

        part.expand(number=[1, 2])

    assert "success" == run_dag(dag).state
    assert ("1", "2") == (published(lake, "part1"), published(lake, "part2"))


def test_the_repository_is_said_or_that_of_the_outlets_or_of_the_connection(
    lake: Lake, connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    def clean() -> None:
        write("sales/clean", "1")

    none = run_dag(one_task(clean, outlets=[]))
    assert "not said which repository" in str(none.errors["clean"])
    both = run_dag(one_task(clean, outlets=[CLEAN, Asset("lf://ml/features")]))
    assert "the outlets are in ml, sales" in str(both.errors["clean"])
    said = {**connected[1], "extra": {"repository": "sales"}}
    monkeypatch.setenv("AIRFLOW_CONN_LINEAGEFLOW_DEFAULT", json.dumps(said))
    forget_connections()
    assert "success" == run_dag(one_task(clean, outlets=[])).state
    assert "1" == published(lake, "clean")
