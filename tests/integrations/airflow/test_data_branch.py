"""A block of tasks: what they write is published together by the DAG run's last task of it, or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, Asset, BaseOperator, ObjectStoragePath, TaskGroup, task, task_group, teardown
from lineageflow_airflow import data_branch
from lineageflow_airflow.landing import land
from lineageflow_airflow.sessions import take_sessions

from lineageflow_core import Lake
from lineageflow_core.model.run import RunState
from lineageflow_core.model.settings import BranchRule, RepositorySettings, StaleReads
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.releases import AirflowSkipException
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tries import context_of

CLEAN = Asset("lf://sales/clean")
REPORT = Asset("lf://sales/report")
MIRROR = Asset("s3://elsewhere/clean")


def put(path: str, text: str) -> None:
    ObjectStoragePath(f"lf://sales/{path}").write_text(text)


def get(path: str) -> str:
    return str(ObjectStoragePath(f"lf://sales/{path}").read_text())


@outside_runs()
def on_main(lake: Lake) -> dict[str, str]:
    repository = lake.repository("sales")
    return {
        entry.path: repository.read_bytes(entry.path).decode()
        for entry in repository.catalog.objects.list_objects("sales", "main").items
    }


def test_finding_4_what_a_block_wrote_is_one_commit_and_its_events_come_with_it(lake: Lake) -> None:
    with DAG("daily") as dag, data_branch("sales"):

        @task(outlets=[CLEAN, MIRROR])
        def clean() -> None:
            put("clean/part", "1")
            put("clean/more", "2")

        @task(outlets=[REPORT])
        def report() -> None:
            assert {} == on_main(lake)
            put("report", f"sum of {get('clean/part')} and {get('clean/more')}")

        clean() >> report()

    ran = run_dag(dag)
    assert {"clean": "success", "report": "success", "publish_sales": "success"} == ran.states
    assert {"clean/more": "2", "clean/part": "1", "report": "sum of 1 and 2"} == on_main(lake)
    assert ["clean", "report"] == [each.path for each in lake.objects.list_datasets("sales", "main").items]
    head = lake.repository("sales").head()
    assert f"publish daily run {ran.run_id}" == head.message
    assert head.run_id is not None
    run = lake.lineage.get_run(head.run_id).run
    assert ("daily", RunState.COMPLETED) == (run.job.name, run.state)
    told = ran.returned("publish_sales")
    assert {"repository": "sales", "branch": "main", "commit": head.id} == {
        name: value
        for name, value in told.items()
        if name != "url"  # where the lake has a page
    }
    events = {(event.task, event.uri): event.extra for event in ran.events}
    assert {
        ("clean", MIRROR.uri): {},
        ("publish_sales", CLEAN.uri): {"lineageflow": told},
        ("publish_sales", REPORT.uri): {"lineageflow": told},
    } == events


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


def test_what_was_read_and_has_changed_since_fails_the_run_where_the_branch_wants_that(lake: Lake) -> None:
    repository = lake.repository("sales")
    repository.put("orders", b"1")
    rule = BranchRule(pattern="main", stale_reads=StaleReads.FAIL)
    lake.settings.update_settings("sales", RepositorySettings(branch_rules=(rule,)), author="ann")
    with DAG("stale") as dag, data_branch("sales"):

        @task(outlets=[REPORT])
        def report(*, dag_run: Any) -> None:
            put("report", f"of {get('orders')}")
            if dag_run.clear_number == 0:
                with outside_runs():
                    repository.put("orders", b"2")

        report()

    ran = run_dag(dag)
    assert {"report": "success", "publish_sales": "failed"} == ran.states
    assert "orders" in str(ran.errors["publish_sales"])
    assert ({"orders": "2"}, []) == (on_main(lake), ran.events)
    assert "success" == ran.clear("report").state
    assert {"orders": "2", "report": "of 2"} == on_main(lake)


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


def test_publishing_again_tells_the_same_and_changes_nothing(lake: Lake) -> None:
    with DAG("repeated") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", "1")

        clean()

    ran = run_dag(dag)
    told = ran.returned("publish_sales")
    lake.repository("sales").put("other", b"2")
    assert told == ran.clear("publish_sales").returned("publish_sales")


def test_what_fails_is_waited_for_also_above_a_task_that_runs_in_any_case(lake: Lake) -> None:
    with DAG("tolerant") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", "1")
            raise ValueError

        @task(trigger_rule="all_done")
        def tell() -> None:
            put("told", "1")

        clean() >> tell()

    ran = run_dag(dag)
    assert {"clean": "failed", "tell": "success", "publish_sales": "upstream_failed"} == ran.states
    assert {} == on_main(lake)


def test_a_skipped_task_lands_nothing_and_wakes_nobody(lake: Lake) -> None:
    with DAG("skipping") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean() -> None:
            put("clean", "1")
            raise AirflowSkipException

        @task(outlets=[REPORT])
        def report() -> None:
            put("report", "1")

        clean()
        report()

    ran = run_dag(dag)
    assert {"clean": "skipped", "report": "success", "publish_sales": "success"} == ran.states
    assert {"report": "1"} == on_main(lake)
    assert [REPORT.uri] == [event.uri for event in ran.events]


def test_mapped_tasks_and_nested_groups_are_in_the_block(lake: Lake) -> None:
    with DAG("mapped") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean(day: str) -> None:
            put(f"clean/day={day}/part", day)

        @task_group
        def tail(day: str) -> None:
            @task(outlets=[REPORT])
            def report(day: str) -> None:
                put(f"report/day={day}/part", get(f"clean/day={day}/part"))

            report(day)

        with TaskGroup("nested"):
            head = clean.expand(day=["mon", "tue"])
        head >> tail.expand(day=["mon", "tue"])

    ran = run_dag(dag)
    assert {"success"} == set(ran.states.values())
    assert {
        "clean/day=mon/part": "mon",
        "clean/day=tue/part": "tue",
        "report/day=mon/part": "mon",
        "report/day=tue/part": "tue",
    } == on_main(lake)
    assert [CLEAN.uri, REPORT.uri] == sorted(event.uri for event in ran.events)
    assert {"publish_sales"} == {event.task for event in ran.events}


def test_a_block_in_a_mapped_group_is_refused() -> None:
    with DAG("inside_out"):

        @task_group
        def each(_day: str) -> None:
            with data_branch("sales"):
                pass

        with pytest.raises(ValueError, match="Put the block around the mapped group"):
            each.expand(_day=["mon"])


def test_a_teardown_is_not_waited_for(lake: Lake) -> None:
    with DAG("tearing") as dag, data_branch("sales"):

        @task
        def clean() -> None:
            put("clean", "1")

        @teardown
        def tidy() -> None:
            raise ValueError

        clean() >> tidy()

    ran = run_dag(dag)
    assert {"clean": "success", "tidy": "failed", "publish_sales": "success"} == ran.states
    assert {"clean": "1"} == on_main(lake)


def test_a_run_into_another_branch_wakes_nobody(lake: Lake) -> None:
    lake.repository("sales").put("orders", b"old")
    lake.repository("sales").tag("v1")
    lake.repository("sales").put("orders", b"new")
    with DAG("replayed") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean() -> None:
            put("clean", get("orders"))

        clean()

    ran = run_dag(dag, conf={"lineageflow_ref": "v1", "lineageflow_into": "replay-v1"})
    assert ("success", []) == (ran.state, ran.events)
    assert {"orders": "new"} == on_main(lake)
    assert b"old" == lake.repository("sales").read_bytes("clean", ref="replay-v1")


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


class Deferred(BaseOperator):
    """Writes, waits outside of its process, and goes on in another one."""

    def execute(self, context: Any) -> None:
        put("before", "1")
        self.defer(trigger=TimeDeltaTrigger(timedelta(0)), method_name="go_on")

    def go_on(self, context: Any, event: Any = None) -> None:
        take_sessions(context["ti"])  # another process knows nothing of the first one's


def test_what_a_task_wrote_before_it_was_deferred_lands_when_it_succeeds(lake: Lake) -> None:
    with DAG("deferred") as dag, data_branch("sales"):
        Deferred(task_id="clean")

    assert "success" == run_dag(dag).state
    assert {"before": "1"} == on_main(lake)


def test_a_task_that_does_nothing_with_a_lake_has_nothing_to_land_and_no_session() -> None:
    context = context_of(EmptyOperator(task_id="idle"))
    land(context)
    assert take_sessions(context["ti"]) is None


def test_what_a_task_does_after_its_code_is_still_done(lake: Lake) -> None:
    done: list[str] = []

    def after(_context: Any, result: Any) -> None:
        done.append(result)
        put("after", "1")

    with DAG("hooked") as dag, data_branch("sales"):

        @task(post_execute=after)
        def clean() -> str:
            return "clean"

        clean()

    run_dag(dag)
    assert (["clean"], {"after": "1"}) == (done, on_main(lake))
