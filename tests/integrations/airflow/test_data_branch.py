"""A block of tasks: what they write is published together by the DAG run's last task of it, or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import (
    DAG,
    Asset,
    BaseOperator,
    TaskGroup,
    task,
    task_group,
    teardown,
)
from lineageflow_airflow import data_branch
from lineageflow_airflow.landing import land
from lineageflow_airflow.sessions import take_sessions

from lineageflow_core import Lake
from lineageflow_core.model.run import RunState
from lineageflow_core.model.settings import BranchRule, RepositorySettings, StaleReads
from lineageflow_core.run import outside_runs
from tests.integrations.airflow.releases import AirflowSkipException
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.texts import get, on_main, put
from tests.integrations.airflow.tries import context_of

CLEAN = Asset("lf://sales/clean")
REPORT = Asset("lf://sales/report")
MIRROR = Asset("s3://elsewhere/clean")


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


def test_no_task_of_the_block_is_left_behind_where_others_are_skipped(lake: Lake) -> None:
    with DAG("half_skipped") as dag, data_branch("sales") as block:

        @task(outlets=[CLEAN])
        def clean() -> None:
            put("clean", "1")
            raise ValueError

        @task
        def extra() -> None:
            raise AirflowSkipException

        @task(outlets=[REPORT])
        def report() -> None:
            put("report", "1")

        @task
        def join() -> None: ...

        @task
        def first() -> None:
            put("first", "1")

        first() >> report()
        [clean(), extra()] >> join()

    publish = dag.get_task("publish_sales")
    assert {"clean", "extra", "join", "report"} == publish.upstream_task_ids  # `report` waits for `first`
    assert block.block.repository == "sales"
    ran = run_dag(dag)
    assert "upstream_failed" == ran.states["publish_sales"]
    assert {} == on_main(lake)


def test_a_task_that_chooses_does_not_skip_what_publishes(lake: Lake) -> None:
    with DAG("choosing") as dag, data_branch("sales"):

        @task.branch
        def choose() -> str:
            put("chosen", "full")
            return "full"

        @task
        def full() -> None:
            put("full", "1")

        @task
        def part() -> None:
            put("part", "1")

        choose() >> [full(), part()]

    ran = run_dag(dag)
    assert {
        "choose": "success",
        "full": "success",
        "part": "skipped",
        "publish_sales": "success",
    } == ran.states
    assert {"chosen": "full", "full": "1"} == on_main(lake)


@pytest.mark.usefixtures("lake")
def test_a_run_that_says_the_branch_that_it_is_for_anyway_wakes_consumers() -> None:
    with DAG("said") as dag, data_branch("sales"):

        @task(outlets=[CLEAN])
        def clean() -> None:
            put("clean", "1")

        clean()

    ran = run_dag(dag, conf={"lineageflow_into": "main"})
    assert [CLEAN.uri] == [event.uri for event in ran.events]


def test_a_repository_with_a_dot_in_its_name_has_a_block() -> None:
    with DAG("dotted") as dag, data_branch("sales.eu"):
        EmptyOperator(task_id="idle")
    assert "publish_sales_eu" in dag.task_ids


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
