"""Airflow's own API, as operators ask it: an Airflow that is busy is asked again, one that refuses is not."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from lineageflow_airflow import airflow_api
from lineageflow_airflow.airflow_api import AirflowApi, RefusedError
from lineageflow_airflow.failures import AirflowException, AirflowFailException
from lineageflow_airflow.operators.backfill import LineageFlowBackfillOperator
from lineageflow_airflow.operators.base import key_of
from lineageflow_airflow.operators.dag_runs import ORIGIN
from lineageflow_airflow.operators.replay import LineageFlowReplayOperator
from lineageflow_airflow.triggers.dag_runs import DagRunsEndedTrigger

from tests.integrations.airflow.standins import Answering, airflow_answering
from tests.integrations.airflow.tries import context_of
from tests.integrations.airflow.triggers.running import again

Answers = list[tuple[int, Any]]
"""What is answered in turn, as status and body; status 0: nothing, the connection is closed."""

TOKEN = 201, {"access_token": "good"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """An Airflow that answers as it is told; the answers that are left."""
    left: Answers = []

    class Api(Answering):
        def get(self) -> None:
            status, body = left.pop(0)
            if status:
                self.answer(status, body)

        def post(self, body: Any) -> None:
            self.get()

    monkeypatch.setattr(airflow_api, "_PAUSES", (0.0, 0.0))
    with airflow_answering(Api, monkeypatch):
        yield left


@pytest.mark.parametrize("trouble", [0, 429, 500, 503], ids=["closed", "too_many", "broken", "busy"])
def test_an_airflow_that_is_in_trouble_is_asked_again(answers: Answers, trouble: int) -> None:
    answers += [(trouble, {}), TOKEN, (trouble, {}), (trouble, {}), (200, {"state": "success"})]
    assert {"state": "success"} == AirflowApi().post("/dags/one/dagRuns", {})
    assert [] == answers


def test_an_airflow_that_stays_in_trouble_fails_the_try_and_not_the_task(answers: Answers) -> None:
    answers += [TOKEN, *[(503, {"detail": "busy"})] * 3]
    with pytest.raises(AirflowException, match="503 busy") as raised:
        AirflowApi().get("/dags")
    assert type(raised.value) is AirflowException
    answers += [(500, {"detail": "no database"})] * 3
    with pytest.raises(AirflowException, match="500 no database") as raised:  # for its token
        AirflowApi().get("/dags")
    assert type(raised.value) is AirflowException


def test_an_airflow_that_refuses_is_not_asked_again(answers: Answers) -> None:
    answers += [TOKEN, (409, {"detail": "it is there"})]
    with pytest.raises(RefusedError, match="it is there") as raised:
        AirflowApi().post("/dags/one/dagRuns", {})
    assert 409 == raised.value.status
    assert [] == answers


def test_what_must_not_be_done_twice_is_asked_for_once(answers: Answers) -> None:
    answers += [TOKEN, (0, None)]
    with pytest.raises(AirflowException, match="does not answer"):
        AirflowApi().post("/dags/one/clearTaskInstances", {}, once=True)
    assert [] == answers


def test_a_run_that_is_deleted_while_it_is_waited_for_is_told(answers: Answers) -> None:
    answers += [TOKEN, (200, {"state": "running"}), (404, {"detail": "there is no such run"})]
    waiting = DagRunsEndedTrigger(dag_id="one", run_ids=["first"], poll_interval=0.0).run()
    assert {"error": "there is no such run"} == asyncio.run(anext(waiting)).payload


@pytest.mark.parametrize("partitions", [["2026-05-01"], "2026-05-01"], ids=["list", "template"])
def test_a_replay_is_a_run_for_each_partition(answers: Answers, partitions: Any) -> None:
    replay = LineageFlowReplayOperator(task_id="replay", trigger_dag_id="one", partitions=partitions)
    answers += [TOKEN, (200, {})]
    (run_id,) = replay.begin(AirflowApi(), context_of(replay)).run_ids
    assert run_id.startswith("replay__2026-05-01__")


NO_BACKFILL = 200, {"backfills": [], "total_entries": 0}
TWO_DATES = (
    200,
    {"backfills": [{"logical_date": f"2026-05-0{day}T00:00:00Z"} for day in (1, 2)], "total_entries": 2},
)


def runs(**dates: str) -> tuple[int, Any]:
    """Returns what is answered of runs, of which dates they are."""
    found = [{"dag_run_id": name, "logical_date": date, "conf": {}} for name, date in dates.items()]
    return 200, {"dag_runs": found, "total_entries": len(found)}


def release(version: str) -> tuple[int, Any]:
    return 200, {"version": version}


def backfill(**rest: Any) -> LineageFlowBackfillOperator:
    dates = {"from_date": "2026-05-01", "to_date": "2026-05-02"}
    return LineageFlowBackfillOperator(task_id="backfill", trigger_dag_id="one", **{**dates, **rest})


def test_a_backfill_whose_making_was_not_answered_is_found_when_it_is_asked_again(answers: Answers) -> None:
    days = backfill()
    context = context_of(days)
    made = {"id": 7, "dag_run_conf": {ORIGIN: key_of(context)}}
    answers += [TOKEN, NO_BACKFILL, TWO_DATES, runs(), release("3.2.0")]
    answers += [
        (0, None),
        (409, {"detail": "there is one"}),
        (200, {"backfills": [made], "total_entries": 1}),
    ]
    begun = days.begin(AirflowApi(), context)
    assert (7, 2) == (begun.backfill, begun.dates)


def test_no_backfill_is_made_while_airflow_would_leave_out_dates_whose_run_is_under_way(
    answers: Answers,
) -> None:
    days = backfill(from_date=datetime(2026, 5, 1, tzinfo=UTC))
    answers += [TOKEN, NO_BACKFILL, (200, {"backfills": [], "total_entries": 0})]
    answers += [runs(before="2026-04-30T00:00:00Z", within="2026-05-02T00:00:00Z", woken="")]
    with pytest.raises(AirflowException, match=r"leaves out: within\. Wait") as raised:
        days.begin(AirflowApi(), context_of(days))
    assert type(raised.value) is AirflowException  # a later try may succeed
    assert [] == answers


def test_on_airflow_3_1_no_backfill_is_made_of_dates_whose_run_would_keep_its_conf(answers: Answers) -> None:
    days = backfill()
    answers += [TOKEN, NO_BACKFILL, TWO_DATES, runs(), release("3.1.8")]
    answers += [runs(first="2026-05-01T00:00:00Z", between="2026-05-01T09:30:00Z")]
    with pytest.raises(AirflowFailException, match=r"no old version: first\. Delete"):
        days.begin(AirflowApi(), context_of(days))
    assert [] == answers
    new = backfill(reprocess_behavior="none")
    answers += [TOKEN, NO_BACKFILL, TWO_DATES, runs(), (200, {"id": 7})]
    assert 7 == new.begin(AirflowApi(), context_of(new)).backfill


def test_a_backfill_that_has_not_run_all_of_its_dates_with_its_conf_fails(answers: Answers) -> None:
    days = backfill()
    context = context_of(days)
    of_it = {"dag_run_id": "first", "state": "success", "conf": {ORIGIN: key_of(context)}}
    other = {"dag_run_id": "second", "state": "success", "conf": {}}
    ended = 200, {"created_at": "2026-06-01T00:00:00Z", "completed_at": "2026-06-01T01:00:00Z"}
    found = 200, {"dag_runs": [of_it, other], "total_entries": 2}
    answers += [TOKEN, ended, found]
    begun = DagRunsEndedTrigger(dag_id="one", backfill=7, dates=1)
    assert {"first": "success"} == days.runs(AirflowApi(), begun, context)
    answers += [TOKEN, ended, found, ended]
    begun = again(DagRunsEndedTrigger(dag_id="one", backfill=7, dates=2))
    with pytest.raises(AirflowFailException, match="only 1 of 2 runs of backfill 7"):
        days.runs(AirflowApi(), begun, context)


def test_a_date_that_is_none_is_told(answers: Answers) -> None:
    days = backfill(to_date="today")
    answers += [TOKEN, NO_BACKFILL]
    with pytest.raises(AirflowFailException, match="to_date is 'today'; write a time as ISO 8601"):
        days.begin(AirflowApi(), context_of(days))
