"""What a rollback took back is made again by the DAG runs that had made it, and by no others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.sdk import DAG, Asset, task
from airflow.utils.session import create_session
from lineageflow_airflow import data_branch
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.operators.rollback_replay import LineageFlowRollbackReplayOperator
from sqlalchemy import delete, update

from lineageflow_core import Lake
from tests.integrations.airflow.runs import Ran, run_dag
from tests.integrations.airflow.standins import Answering, airflow_answering
from tests.integrations.airflow.tasks import on_main, read, succeeded, write
from tests.integrations.airflow.tries import context_of

GRAIN = Asset("lf://sales/grain")

Cleared = list[tuple[str, list[Any]]]
"""Which tasks of which DAG run an Airflow was asked to clear, in order."""


@pytest.fixture
def trouble() -> list[int]:
    """What Airflow answers in turn, as statuses of HTTP, when it is asked to clear; then that it has."""
    return []


@pytest.fixture
def cleared(trouble: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cleared]:
    """What is asked of Airflow's API, which knows the runs of this process; a test does what is asked."""
    asked: Cleared = []

    class Api(Answering):
        def get(self) -> None:
            if self.path == "/auth/token":
                self.answer(201, {"access_token": "good"})
                return
            *_, dag_id, _, run_id = self.path.split("/")
            found = DagRun.find(dag_id=dag_id, run_id=run_id)
            if not found:
                self.answer(404, {"detail": "not found"})
                return
            queued = found[0].queued_at
            said = {"state": found[0].state, "run_type": found[0].run_type}
            self.answer(200, {**said, "queued_at": queued and queued.isoformat()})

        def post(self, body: Any) -> None:
            assert body["include_downstream"]
            asked.append((body["dag_run_id"], body["task_ids"]))
            self.answer(trouble.pop(0) if trouble else 200, {})

    with airflow_answering(Api, monkeypatch):
        yield asked


class Farm:
    """A DAG that reaps grain, as much as it is told, and one that bakes bread of it."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.amount = lake, "2"
        with DAG("harvest", schedule=None) as self.harvest, data_branch("sales"):

            @task(outlets=[GRAIN])
            def grain() -> None:
                if not self.amount:
                    raise ValueError
                write("lf://sales/grain", self.amount)

            grain()
        with DAG("bakery", schedule=None) as self.bakery, data_branch("sales"):

            @task
            def bread() -> None:
                write("lf://sales/bread", f"of_{read('lf://sales/grain')}")

            @task
            def menu() -> None:
                write("lf://sales/menu", "1")

            bread()
            menu()

    def reap(self, amount: str) -> Ran:
        """Reaps."""
        self.amount = amount
        return succeeded(run_dag(self.harvest))

    def bake(self, **said: Any) -> Ran:
        """Bakes."""
        return succeeded(run_dag(self.bakery, **said))

    def take_back(self, reaped: Ran) -> Callable[[], Any]:
        """Takes back what came of the last harvest; returns what looks whether all is made again."""
        plans = self.lake.plans
        bad = self.lake.lineage.blame("sales", "main", "grain").run
        assert bad is not None
        assert reaped.run_id == bad.params["airflow/run_id"]
        plan = plans.apply_plan(plans.plan_rollback("sales", f"run:{bad.id}").id, author="ann").id
        replay = LineageFlowRollbackReplayOperator(task_id="replay", plan=plan, repository="sales")

        def look() -> Any:
            found = replay.poke(context_of(replay))
            return found.xcom_value if found.is_done else None

        return look


@pytest.fixture
def farm(lake: Lake) -> Farm:
    return Farm(lake)


def test_exactly_what_was_taken_back_is_made_again_upstream_first(farm: Farm, cleared: Cleared) -> None:
    farm.reap("2")
    farm.bake()
    reaped, baked = farm.reap("5"), farm.bake()
    look = farm.take_back(reaped)
    assert ("2", "of_2") == (on_main(farm.lake, "grain"), bread(farm))
    assert [None, [(reaped.run_id, ["grain"])]] == [look(), cleared]
    farm.amount = "3"
    reaped.clear("grain")
    assert [None, [(reaped.run_id, ["grain"]), (baked.run_id, ["bread"])]] == [look(), cleared]
    baked.clear("bread")
    assert "of_3" == bread(farm)
    told = look()
    assert ({name(reaped), name(baked)}, []) == (set(told["runs"]), told["unchanged"])
    assert 2 == len(cleared)


def test_what_would_come_out_the_same_is_not_run(farm: Farm, cleared: Cleared) -> None:
    farm.reap("2")
    farm.bake()
    reaped, baked = farm.reap("5"), farm.bake()
    look = farm.take_back(reaped)
    assert look() is None
    farm.amount = "2"
    reaped.clear("grain")
    told = look()
    assert ([name(reaped)], [name(baked)]) == (told["runs"], told["unchanged"])
    assert [(reaped.run_id, ["grain"])] == cleared


def test_what_an_event_has_triggered_comes_by_the_event_of_what_is_published_now(
    farm: Farm, cleared: Cleared
) -> None:
    reaped = farm.reap("5")
    woken = farm.bake(consumes=reaped.events)
    look = farm.take_back(reaped)
    assert look() is None
    farm.amount = "3"
    again = succeeded(reaped.clear("grain"))
    assert [None, [(reaped.run_id, ["grain"])]] == [look(), cleared]
    farm.bake(consumes=again.events[-1:])
    assert ([name(woken)], 1) == (look()["unchanged"], len(cleared))
    assert "of_3" == bread(farm)


def test_a_dag_run_that_fails_again_fails_the_replay_and_is_named(farm: Farm, cleared: Cleared) -> None:
    reaped = farm.reap("5")
    look = farm.take_back(reaped)
    assert look() is None
    farm.amount = ""
    assert "failed" == reaped.clear("grain").state
    with pytest.raises(AirflowFailException, match="was run again, and has failed"):
        look()
    assert 1 == len(cleared)


def test_a_dag_run_that_still_runs_is_waited_for_before_it_is_run_again(farm: Farm, cleared: Cleared) -> None:
    reaped = farm.reap("5")
    look = farm.take_back(reaped)
    put(reaped, "running")
    assert [None, None, []] == [look(), look(), cleared]
    put(reaped, "success")
    assert [None, [(reaped.run_id, ["grain"])]] == [look(), cleared]


def test_where_airflow_does_not_say_whether_it_has_cleared_that_is_seen_at_the_next_look(
    farm: Farm, cleared: Cleared, trouble: list[int]
) -> None:
    reaped = farm.reap("5")
    look = farm.take_back(reaped)
    trouble.append(503)
    assert [None, [(reaped.run_id, ["grain"])]] == [look(), cleared]
    farm.amount = "3"
    reaped.clear("grain")  # it had
    assert ([name(reaped)], 1) == (look()["runs"], len(cleared))


def test_what_airflow_no_longer_knows_is_told(farm: Farm, cleared: Cleared) -> None:
    reaped = farm.reap("5")
    look = farm.take_back(reaped)
    mine = DagRun.dag_id == "harvest", DagRun.run_id == reaped.run_id
    with create_session() as session:
        session.execute(delete(DagRun).where(*mine))
    assert ([name(reaped)], []) == (look()["gone"], cleared)


def put(ran: Ran, state: str) -> None:
    """Puts a DAG run into a state."""
    mine = DagRun.dag_id == ran.dag.dag_id, DagRun.run_id == ran.run_id
    with create_session() as session:
        session.execute(update(DagRun).where(*mine).values(state=state))


def bread(farm: Farm) -> str | None:
    return on_main(farm.lake, "bread")


def name(ran: Ran) -> str:
    return f"{ran.dag.dag_id}/{ran.run_id}"
