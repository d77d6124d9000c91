"""What becomes of a block's data when its DAG run is cleared, a task tried again, or its base moves."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from airflow.sdk import DAG, Asset, task, timezone
from lineageflow_airflow import data_branch

from lineageflow_core import Lake
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.texts import get, on_main, put

CLEAN = Asset("lf://sales/clean")
REPORT = Asset("lf://sales/report")


def test_finding_8_a_failed_run_keeps_its_branch_and_clearing_what_failed_goes_on(
    lake: Lake,
) -> None:
    tries: list[str] = []
    with DAG("failing") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean() -> None:
            tries.append("clean")
            put("clean", "1")

        @task(outlets=[REPORT])
        def report() -> None:
            tries.append("report")
            put("half" if len(tries) == 2 else "report", get("clean"))
            if len(tries) == 2:
                raise ValueError("no disk")

        clean() >> report()

    ran = run_dag(dag)
    assert {"clean": "success", "report": "failed", "publish_sales": "upstream_failed"} == ran.states
    assert ({}, []) == (on_main(lake), ran.events)
    again = ran.clear(only_failed=True)
    assert ["clean", "report", "report"] == tries
    assert {"clean": "1", "report": "1"} == on_main(lake)
    assert "success" == again.state


def test_a_conflict_fails_the_run_and_clearing_its_tasks_makes_it_anew(lake: Lake) -> None:
    repository = lake.repository("sales")
    repository.put("orders", b"1")
    with DAG("conflicting") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean(*, dag_run: Any) -> None:
            put("clean", f"of {get('orders')}")
            if dag_run.clear_number == 0:
                with outside_runs():
                    repository.put("clean", b"by somebody else")

        clean()

    ran = run_dag(dag)
    assert {"clean": "success", "publish_sales": "failed"} == ran.states
    assert "Clear the tasks of the block" in str(ran.errors["publish_sales"])
    assert ("by somebody else", []) == (on_main(lake)["clean"], ran.events)
    repository.put("orders", b"2")
    again = ran.clear("clean")
    assert {"clean": "success", "publish_sales": "success"} == again.states
    assert {"clean": "of 2", "orders": "2"} == on_main(lake)


def test_after_a_conflict_all_that_wrote_has_to_be_made_anew(lake: Lake) -> None:
    with DAG("half_cleared") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", "1")

        @task
        def report(*, dag_run: Any) -> None:
            put("report", "1")
            if dag_run.clear_number == 0:
                with outside_runs():
                    lake.repository("sales").put("report", b"by somebody else")

        clean()
        report()

    run = run_dag(dag)
    assert {"clean": "success", "report": "success", "publish_sales": "failed"} == run.states
    again = run.clear("report")
    assert "failed" == again.states["publish_sales"]
    assert "what half_cleared.clean wrote can no longer be published" in str(again.errors["publish_sales"])
    assert {"report": "by somebody else"} == on_main(lake)
    assert "success" == again.clear("clean").state
    assert {"clean": "1", "report": "1"} == on_main(lake)


def test_what_a_task_wrote_before_a_clear_that_is_skipped_now_is_not_published(lake: Lake) -> None:
    with DAG("changing") as dag, data_branch("sales"):

        @task.branch
        def choose(*, dag_run: Any) -> str:
            return "full" if dag_run.clear_number == 0 else "part"

        @task(outlets=[CLEAN])
        def full() -> None:
            put("clean/full", "1")

        @task(outlets=[CLEAN])
        def part() -> None:
            put("clean/part", "1")

        @task(trigger_rule="none_failed")
        def audit(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                raise ValueError

        choose() >> [full(), part()] >> audit()

    ran = run_dag(dag)
    assert ("success", "failed") == (ran.states["full"], ran.states["audit"])
    again = ran.clear()
    assert ("skipped", "success") == (again.states["full"], again.states["publish_sales"])
    assert {"clean/part": "1"} == on_main(lake)


def test_what_a_killed_try_has_landed_goes_with_a_next_one_that_uses_no_lake(lake: Lake) -> None:
    with DAG("sobered") as dag, data_branch("sales"):

        @task(retries=1, retry_delay=timedelta(0))
        def days(*, ti: Any) -> list[str] | None:
            if ti.try_number == 1:
                put("days", "1")
                return None  # a mapped task needs something: Airflow fails the try after it has landed
            return ["mon"]

        @task
        def report(day: str) -> None:
            put(f"report/{day}", "1")

        report.expand(day=days())

    assert "success" == run_dag(dag).state
    assert {"report/mon": "1"} == on_main(lake)


def test_a_base_that_moves_between_a_run_and_its_clear_is_still_the_same_one(lake: Lake) -> None:
    repository = lake.repository("sales")
    repository.put("orders", b"1")
    repository.put("orders", b"2")
    with DAG("moving") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", get("orders"))

        @task
        def report(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                raise ValueError
            put("report", get("orders"))

        clean() >> report()

    ran = run_dag(dag, conf={"lineageflow_ref": "main~1", "lineageflow_into": "restated"})
    repository.put("orders", b"3")
    assert "success" == ran.clear(only_failed=True).state
    assert [b"1", b"1"] == [repository.read_bytes(path, ref="restated") for path in ("clean", "report")]


def test_a_conflict_can_be_cleared_after_what_was_taken_back_was_discarded(lake: Lake) -> None:
    with DAG("twice_cleared") as dag, data_branch("sales"):

        @task
        def clean(*, dag_run: Any) -> None:
            put("clean", str(dag_run.clear_number))

        @task
        def audit(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                raise ValueError
            if dag_run.clear_number == 1:
                with outside_runs():
                    lake.repository("sales").put("clean", b"by somebody else")

        clean() >> audit()

    ran = run_dag(dag)
    assert "failed" == ran.states["audit"]
    ran = ran.clear("clean")  # it takes back what it wrote before
    assert "failed" == ran.states["publish_sales"]
    assert "success" == ran.clear("clean").state
    assert {"clean": "2"} == on_main(lake)


def test_a_base_that_was_made_anew_since_is_what_it_was_then(lake: Lake) -> None:
    repository = lake.repository("sales")
    repository.put("orders", b"1")
    repository.branch("staging")
    with DAG("remade") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", get("orders"))

        @task
        def audit(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                raise ValueError

        clean() >> audit()

    ran = run_dag(dag, conf={"lineageflow_ref": "staging"})
    repository.put("orders", b"2")
    lake.refs.delete_branch("sales", "staging", author="ann")
    repository.branch("staging", base="main")
    assert "success" == ran.clear(only_failed=True).state
    assert {"clean": "1", "orders": "2"} == on_main(lake)


def test_a_run_that_is_made_anew_elsewhere_and_writes_nothing_publishes_nothing(lake: Lake) -> None:
    with DAG("elsewhere") as dag, data_branch("sales"):

        @task
        def clean(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                put("clean", "1")

        @task
        def audit(*, dag_run: Any) -> None:
            if dag_run.clear_number == 0:
                raise ValueError

        clean() >> audit()

    ran = run_dag(dag)
    assert "success" == ran.reprocess({"lineageflow_into": "other"}).state
    assert {} == on_main(lake)


def test_another_run_of_the_same_moment_gets_nothing_of_this_one(lake: Lake) -> None:
    with DAG("at_once") as dag, data_branch("sales"):

        @task
        def clean(*, dag_run: Any) -> None:
            put(f"clean/{dag_run.run_id}", "1")

        @task
        def audit(*, dag_run: Any) -> None:
            if dag_run.run_id == "first":
                raise ValueError

        clean() >> audit()

    moment = timezone.utcnow()
    with patch.object(timezone, "utcnow", lambda: moment):
        assert "failed" == run_dag(dag, run_id="first").state
        assert "success" == run_dag(dag, run_id="second").state
    assert {"clean/second": "1"} == on_main(lake)


def test_what_a_try_left_that_failed_after_it_had_landed_is_taken_back_by_the_next_one(lake: Lake) -> None:
    with DAG("left_behind") as dag, data_branch("sales"):

        @task(retries=1, retry_delay=timedelta(0))
        def days(*, ti: Any) -> list[str] | None:
            put(f"days/try-{ti.try_number}", "1")
            return (
                ["mon"] if ti.try_number == 2 else None
            )  # a mapped task needs something: Airflow fails the try

        @task
        def report(day: str) -> None:
            put(f"report/{day}", "1")

        report.expand(day=days())

    ran = run_dag(dag)
    assert "success" == ran.state
    assert {"days/try-2": "1", "report/mon": "1"} == on_main(lake)
