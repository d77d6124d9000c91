"""A person decides, in a block, whether what the DAG run wrote is published: by Airflow's own operator."""

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, task, timezone
from lineageflow_airflow import data_branch
from lineageflow_airflow.operators.diff import LineageFlowDiffOperator

from lineageflow_core import Lake
from tests.integrations.airflow.releases import AirflowSkipException
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import on_main, write

REPORT = Asset("lf://sales/report")


class Answered(ApprovalOperator):
    """Gets its answers from the conf of its run: one, or one for each of its instances."""

    def execute(self, context: Any) -> Any:
        answer = context["dag_run"].conf["answer"]
        chosen = answer if isinstance(answer, str) else answer[context["ti"].map_index]
        return self.execute_complete(
            context,
            {
                "chosen_options": [chosen],
                "params_input": {},
                "responded_at": timezone.utcnow(),
                "responded_by_user": {"id": "1", "name": "ann"},
            },
        )


@task(outlets=[REPORT])
def report() -> None:
    write("lf://sales/report", "1")


def approve(**said: Any) -> ApprovalOperator:
    return Answered(task_id="approve", subject="Publish?", **said)


def test_what_is_approved_is_published_and_the_question_can_tell_what_that_is(lake: Lake) -> None:
    with DAG("approved") as dag, data_branch("sales"):
        report() >> LineageFlowDiffOperator(task_id="changes") >> approve()

    ran = run_dag(dag, conf={"answer": "Approve"})
    assert {"approve": "success", "publish_sales": "success"}.items() <= ran.states.items()
    assert ("1", [REPORT.uri]) == (on_main(lake, "report"), [event.uri for event in ran.events])
    (changed,) = ran.returned("changes")["datasets"]
    assert ("report", "added") == (changed["path"], changed["kind"])


def test_what_is_rejected_is_not_published_and_wakes_nobody_until_somebody_decides_anew(lake: Lake) -> None:
    with DAG("rejected") as dag, data_branch("sales"):
        report() >> approve()

    ran = run_dag(dag, conf={"answer": "Reject"})
    assert {"report": "success", "approve": "success", "publish_sales": "skipped"} == ran.states
    assert (None, []) == (on_main(lake, "report"), ran.events)
    assert ("skipped", None) == (ran.clear("publish_sales").states["publish_sales"], on_main(lake, "report"))


def test_a_rejection_holds_back_all_of_the_block_also_with_tasks_below_it(lake: Lake) -> None:
    with DAG("below") as dag, data_branch("sales"):

        @task
        def tell() -> None: ...

        report() >> approve() >> tell()

    ran = run_dag(dag, conf={"answer": "Reject"})
    assert {"tell": "skipped", "publish_sales": "skipped"}.items() <= ran.states.items()
    assert (None, []) == (on_main(lake, "report"), ran.events)


def test_what_nobody_was_asked_about_is_not_published(lake: Lake) -> None:
    with DAG("unasked") as dag, data_branch("sales"):

        @task
        def nothing() -> None:
            raise AirflowSkipException

        [report(), nothing()] >> approve()

    ran = run_dag(dag, conf={"answer": "Approve"})
    assert {"approve": "skipped", "publish_sales": "failed"}.items() <= ran.states.items()
    assert "nobody was asked: approve was skipped" in str(ran.errors["publish_sales"])
    assert (None, []) == (on_main(lake, "report"), ran.events)


def test_each_of_several_has_to_approve(lake: Lake) -> None:
    with DAG("several") as dag, data_branch("sales"):
        asked = Answered.partial(task_id="approve").expand(subject=["ann?", "ben?"])
        report() >> asked

    ran = run_dag(dag, conf={"answer": ["Reject", "Approve"]})
    assert "skipped" == ran.states["publish_sales"]
    assert (None, []) == (on_main(lake, "report"), ran.events)
    assert "success" == run_dag(dag, conf={"answer": ["Approve", "Approve"]}).states["publish_sales"]
    assert "1" == on_main(lake, "report")


def test_what_a_task_wrote_that_chooses_what_goes_on_is_published(lake: Lake) -> None:
    with DAG("choosing") as dag, data_branch("sales"):

        @task.branch
        def choose() -> str:
            write("lf://sales/report", "1")
            return "go_on"

        @task
        def go_on() -> None: ...

        @task
        def leave() -> None: ...

        choose() >> [go_on(), leave()]

    ran = run_dag(dag)
    assert {
        "choose": "success",
        "go_on": "success",
        "leave": "skipped",
        "publish_sales": "success",
    } == ran.states
    assert "1" == on_main(lake, "report")
