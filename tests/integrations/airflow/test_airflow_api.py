"""Airflow's own API, as operators ask it: an Airflow that is busy is asked again, one that refuses is not."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.sdk.definitions.context import Context
from lineageflow_airflow import airflow_api
from lineageflow_airflow.airflow_api import AirflowApi, RefusedError
from lineageflow_airflow.failures import AirflowException
from lineageflow_airflow.operators.backfill import LineageFlowBackfillOperator
from lineageflow_airflow.operators.base import key_of
from lineageflow_airflow.operators.dag_runs import ORIGIN
from lineageflow_airflow.operators.replay import LineageFlowReplayOperator
from lineageflow_airflow.triggers.dag_runs import DagRunsEndedTrigger

from tests.integrations.airflow.standins import Answering, airflow_answering
from tests.integrations.airflow.tries import context_of

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


def test_a_backfill_whose_making_was_not_answered_is_found_when_it_is_asked_again(answers: Answers) -> None:
    backfill = LineageFlowBackfillOperator(
        task_id="backfill", trigger_dag_id="one", from_date="2026-05-01", to_date="2026-05-02"
    )
    ti = SimpleNamespace(
        dag_id="two", run_id="run", task_id="backfill", map_index=-1, max_tries=0, task=backfill
    )
    context = cast(Context, {"ti": ti, "dag_run": SimpleNamespace(start_date=None)})
    made = {"id": 7, "dag_run_conf": {ORIGIN: key_of(context)}}
    answers += [
        TOKEN,
        (200, {"backfills": [], "total_entries": 0}),
        (200, {"total_entries": 2}),
        (0, None),
        (409, {"detail": "there is one"}),
        (200, {"backfills": [made], "total_entries": 1}),
    ]
    assert 7 == backfill.begin(AirflowApi(), context).backfill
