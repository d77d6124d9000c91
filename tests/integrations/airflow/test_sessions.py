"""What a task's try reads and writes: in a block as part of its DAG run, elsewhere by itself."""

import os
from typing import Any

import fsspec
import pytest
from airflow.listeners import hookimpl
from airflow.sdk import DAG, Asset, get_current_context, task
from lineageflow_airflow.blocks import Block
from lineageflow_airflow.data_branches import data_branch
from lineageflow_airflow.identity import task_try
from lineageflow_airflow.sessions import current_session
from lineageflow_airflow.task_process import has_forked

from lineageflow_core import Lake
from lineageflow_core.errors import StateError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.releases import get_listener_manager
from tests.integrations.airflow.runs import Event, Ran, run_dag
from tests.integrations.airflow.tasks import (
    here,
    in_block,
    in_no_block,
    on_main,
    read,
    seed,
    snapshot,
    succeeded,
    told,
    write,
)


def the_transactions(lake: Lake) -> dict[str, Transaction]:
    return {each.run_id: each for each in lake.transactions.list_transactions("sales").items}


def test_a_task_in_no_block_commits_to_the_default_branch_and_its_lineage_tells_of_it(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> str:
        write("lf://sales/clean", read("lf://sales/raw") + "!")
        assert "1!" == read("lf://sales/clean")
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_no_block(body))).returned("body")
    head = lake.repository("sales").head()
    assert ("1!", "airflow", run_id) == (on_main(lake, "clean"), head.author, head.run_id)
    assert (snapshot(lake, "raw"), snapshot(lake, "clean")) == told(lake, run_id)
    assert "one.body" == lake.lineage.get_run(run_id).run.job.name


def test_a_task_reads_a_repository_as_it_was_when_it_first_looked(lake: Lake) -> None:
    seed(lake, raw="1", other="1")

    def body() -> list[str]:
        first = read("lf://sales/raw")
        seed(lake, other="2")
        return [first, read("lf://sales/other")]

    assert ["1", "1"] == succeeded(run_dag(in_no_block(body))).returned("body")


def test_a_task_that_has_written_still_reads_what_others_write_as_it_was(lake: Lake) -> None:
    seed(lake, raw="1", other="1")

    def body() -> list[Any]:
        read("lf://sales/raw")
        write("lf://sales/clean", "mine")
        seed(lake, other="2", clean="theirs")
        write("lf://sales/more", "mine")
        names = [each["name"] for each in files.ls("lf://sales/")]
        return [read("lf://sales/other"), read("lf://sales/clean"), read("lf://sales/more"), sorted(names)]

    files = fsspec.filesystem("lf")
    assert [
        "1",
        "mine",
        "mine",
        ["sales/clean", "sales/more", "sales/other", "sales/raw"],
    ] == succeeded(run_dag(in_no_block(body))).returned("body")


def test_a_try_in_a_block_is_part_of_its_dag_run_when_it_has_succeeded_and_not_before(lake: Lake) -> None:
    def first() -> list[str]:
        write("lf://sales/a", "1")
        assert here().key.lineage_id in the_transactions(lake)
        assert "1" == read("lf://sales/a")
        return [here().key.lineage_id, here().key.dag_run.lineage_id]

    def second() -> str:
        write("lf://sales/b", read("lf://sales/a") + "2")
        return here().key.lineage_id

    result = succeeded(run_dag(in_block(first, second)))
    (one, whole), two = result.returned("first"), result.returned("second")
    assert {
        one: (TransactionState.PUBLISHED, f"run:{whole}"),
        two: (TransactionState.PUBLISHED, f"run:{whole}"),
        whole: (TransactionState.OPEN, "main"),
    } == {name: (each.state, each.into) for name, each in the_transactions(lake).items()}
    assert on_main(lake, "b") is None
    lake.transactions.publish("sales", RunId(whole), author="test")
    assert ("1", "12") == (on_main(lake, "a"), on_main(lake, "b"))
    assert (snapshot(lake, "a"), snapshot(lake, "b")) == told(lake, two)


def test_what_a_failed_try_wrote_is_in_nothing_and_the_next_try_sees_none_of_it(lake: Lake) -> None:
    tries: list[str] = []

    def flaky() -> list[str]:
        tries.append(here().key.lineage_id)
        seen = [path for path in ("a",) if lake_has("lf://sales/" + path)]
        write("lf://sales/a", "half")
        if len(tries) == 1:
            raise ValueError("killed")
        return seen

    result = run_dag(in_block(flaky))
    assert "failed" == result.state
    again = succeeded(result.clear(only_failed=True))
    assert [] == again.returned("flaky")
    found = the_transactions(lake)
    assert [TransactionState.OPEN, TransactionState.PUBLISHED] == [found[each].state for each in tries]
    assert found[tries[1]].into in {f"run:{name}" for name in found}


def lake_has(path: str) -> bool:
    from fsspec.core import url_to_fs

    fs, name = url_to_fs(path)
    return bool(fs.exists(name))


def test_a_cleared_run_goes_on_with_what_it_has_left_open(lake: Lake) -> None:
    tries: list[str] = []

    def first() -> None:
        write("lf://sales/a", "left")

    def second() -> str:
        tries.append("")
        if len(tries) == 1:
            raise ValueError("not yet")
        return read("lf://sales/a")

    result = run_dag(in_block(first, second))
    assert "failed" == result.state
    assert "left" == succeeded(result.clear(only_failed=True)).returned("second")
    assert 1 == len([each for each in the_transactions(lake).values() if each.into == "main"])


def test_lineageflow_ref_is_what_a_run_reads_and_its_writes_go_to_lineageflow_into(lake: Lake) -> None:
    seed(lake, raw="1").tag("v1")
    seed(lake, raw="2")

    def body() -> str:
        write("lf://sales/clean", read("lf://sales/raw"))
        return here().key.dag_run.lineage_id

    conf = {"lineageflow_ref": "v1", "lineageflow_into": "replay"}
    whole = succeeded(run_dag(in_block(body), conf=conf)).returned("body")
    lake.transactions.publish("sales", whole, author="test")
    sales = lake.repository("sales")
    assert b"a\n1\n" == sales.read_bytes("clean", ref="replay")
    assert on_main(lake, "clean") is None


@pytest.mark.parametrize("around", [in_block, in_no_block])
def test_a_branch_that_is_not_there_is_read_as_it_will_be_when_it_is_made(around: Any, lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> str:
        seen = read("lf://sales/raw")
        write("lf://sales/clean", seen)
        return f"{seen} and {read('lf://sales/clean')}"

    ran = succeeded(run_dag(around(body), conf={"lineageflow_into": "replay"}))
    assert "1 and 1" == ran.returned("body")
    assert on_main(lake, "clean") is None


def test_a_run_that_reads_another_base_does_not_go_on_with_what_it_left_on_the_first_one(lake: Lake) -> None:
    seed(lake, raw="1").tag("v1")
    seed(lake, raw="2")
    seen: list[str] = []

    def body() -> None:
        seen.append(read("lf://sales/raw"))
        write("lf://sales/clean", "left")
        raise ValueError("not yet")

    dag = in_block(body)
    result = run_dag(dag)
    set_conf(result, {"lineageflow_ref": "v1"})
    result.clear()
    assert ["2", "1"] == seen
    wholes = [each for each in the_transactions(lake).values() if each.into == "main"]
    assert 2 == len({each.base for each in wholes})


def set_conf(result: Ran, conf: dict[str, Any]) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagRun).filter_by(dag_id=result.dag.dag_id, run_id=result.run_id).one().conf = conf


def test_a_run_that_an_asset_event_triggered_reads_the_commit_that_the_event_tells_of(lake: Lake) -> None:
    commit = seed(lake, raw="1", other="1").head().id
    orders = Asset("lf://sales/raw")
    with DAG("producer", schedule=None) as dag:

        @task(outlets=[orders])
        def produce(*, outlet_events: Any) -> None:
            told = {"repository": "sales", "branch": "main", "commit": commit}
            outlet_events[orders].extra = {"lineageflow": told}

        produce()
    events: list[Event] = succeeded(run_dag(dag)).events
    seed(lake, raw="2", other="2")

    def body() -> list[str]:
        first = [read("lf://sales/raw"), read("lf://sales/other"), read("lf://sales/@main/raw")]
        write("lf://sales/raw", "3")
        return [*first, read("lf://sales/raw")]

    assert ["1", "2", "2", "3"] == succeeded(run_dag(in_block(body), consumes=events)).returned("body")
    assert ["1", "2", "2", "3"] == succeeded(run_dag(in_no_block(body), consumes=events)).returned("body")


def test_a_task_that_publishes_by_itself_is_one_commit(lake: Lake) -> None:
    def body() -> None:
        write("lf://sales/a", "1")
        write("lf://sales/b", "2")
        assert on_main(lake, "a") is None

    before = len(lake.repository("sales").log())
    succeeded(run_dag(in_block(body, block=Block(repository="sales", is_one_task=True))))
    assert ("1", "2") == (on_main(lake, "a"), on_main(lake, "b"))
    assert before + 1 == len(lake.repository("sales").log())


def test_a_task_in_a_block_writes_to_another_repository_only_by_naming_a_branch(lake: Lake) -> None:
    lake.repository("geo").create().put("codes", b"a\n1\n")

    def body() -> str:
        try:
            write("lf://geo/codes", "2")
        except StateError as error:
            refused = error.message
        write("lf://geo/@main/mine", read("lf://geo/codes"))
        return refused

    assert "name a branch" in succeeded(run_dag(in_block(body))).returned("body")
    assert b"a\n1\n" == lake.repository("geo").read_bytes("mine")


def test_two_tries_that_change_the_same_conflict_and_the_second_one_fails(lake: Lake) -> None:
    seed(lake, a="0")

    def first() -> None:
        write("lf://sales/a", "1")

    def meanwhile() -> None:
        read("lf://sales/a")
        whole = here().key.dag_run.lineage_id
        with outside_runs():
            lake.repository("sales").put("a", b"a\n9\n", branch=f"run:{whole}")
        write("lf://sales/a", "2")

    result = run_dag(in_block(first, meanwhile))
    assert "MergeConflictError" == type(result.errors["meanwhile"]).__name__


def test_outside_of_tasks_there_is_no_session(lake: Lake) -> None:
    assert current_session() is None
    write("lf://sales/a", "1")
    assert ("1", None) == (on_main(lake, "a"), lake.repository("sales").head().run_id)


def test_what_a_process_does_that_the_task_forked_is_told_at_once_and_is_in_the_try(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> str:
        write("lf://sales/a", "1")
        child = os.fork()
        if child == 0:
            try:
                write("lf://sales/b", read("lf://sales/raw"))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        return here().key.lineage_id

    result = succeeded(run_dag(in_block(body)))
    (whole,) = (each for each in the_transactions(lake).values() if each.into == "main")
    lake.transactions.publish("sales", whole.run_id, author="test")
    assert ("1", "1") == (on_main(lake, "a"), on_main(lake, "b"))
    reads, writes = told(lake, result.returned("body"))
    assert (["raw"], ["a", "b"]) == (list(reads), sorted(writes))


def test_what_only_a_process_did_that_the_task_forked_lands_and_is_in_the_tries_lineage(lake: Lake) -> None:
    seed(lake, raw="1")

    def body() -> str:
        child = os.fork()
        if child == 0:
            try:
                write("lf://sales/a", read("lf://sales/raw"))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        return task_try(get_current_context()["ti"]).lineage_id

    with DAG("forks", schedule=None) as dag, data_branch("sales"):
        task(body)()
    run_id = succeeded(run_dag(dag)).returned("body")
    assert "1" == on_main(lake, "a")
    assert [["raw"], ["a"]] == [list(each) for each in told(lake, run_id)]


def test_what_listeners_fork_is_not_the_tasks() -> None:
    found: list[bool] = []

    class Forks:
        @hookimpl
        def on_task_instance_running(self) -> None:
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)

    def body() -> None:
        found.append(has_forked())
        Forks().on_task_instance_running()
        found.append(has_forked())

    manager, forks = get_listener_manager(), Forks()
    manager.add_listener(forks)  # type: ignore[no-untyped-call, unused-ignore]
    try:
        succeeded(run_dag(in_no_block(body)))
    finally:
        manager.pm.unregister(forks)
    assert [False, True, False] == [*found, has_forked()]


@pytest.mark.parametrize("fails", [False, True])
def test_a_callback_of_a_task_that_has_not_opened_the_lake_belongs_to_the_try_too(
    lake: Lake, *, fails: bool
) -> None:
    seed(lake, raw="1")
    seen: list[str] = []

    def late(context: Any) -> None:
        seen.extend([task_try(context["ti"]).lineage_id, read("lf://sales/raw")])
        try:
            write("lf://sales/a", "2")
        except StateError as error:
            seen.append(error.message)

    def body() -> None:
        if fails:
            raise ValueError("no")

    with DAG("late", schedule=None) as dag, data_branch("sales"):
        task(on_success_callback=late, on_failure_callback=late)(body)()
    run_dag(dag)
    run_id, value, refused = seen
    assert "1" == value
    assert "has ended, and what is written now would be published with nothing" in refused
    assert (["raw"], None) == (list(told(lake, run_id)[0]), on_main(lake, "a"))
    assert current_session() is None


@pytest.mark.parametrize("fails", [False, True])
def test_a_callback_after_the_tasks_code_sees_what_the_try_wrote_and_writes_nothing(
    lake: Lake, *, fails: bool
) -> None:
    seen: list[str] = []

    def late(_context: Any) -> None:
        seen.append(read("lf://sales/a"))
        try:
            write("lf://sales/a", "2")
        except StateError as error:
            seen.append(error.message)

    def body() -> None:
        write("lf://sales/a", "1")
        if fails:
            raise ValueError("no")

    run_dag(in_block(body, on_success_callback=late, on_failure_callback=late))
    assert "1" == seen[0]
    assert "has ended, and what is written now would be published with nothing" in seen[1]
    assert on_main(lake, "a") is None


def test_a_table_that_the_code_of_a_task_opens_by_handle_is_in_the_tries_lineage_too(lake: Lake) -> None:
    lake.repository("sales").put("raw/a.csv", b"a\n1\n", dataset="raw")

    def body() -> str:
        table = lake.repository("sales").dataset("raw").arrow()
        lake.repository("sales").write("clean", table)
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_block(body))).returned("body")
    assert [["raw"], ["clean"]] == [list(each) for each in told(lake, run_id)]
    assert on_main(lake, "clean") is None
