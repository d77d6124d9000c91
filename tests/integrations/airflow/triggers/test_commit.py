"""Triggers for commits: every commit is told once, and none is lost, whatever happens between two looks."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from lineageflow_airflow.connection import forget_connections
from lineageflow_airflow.triggers import commit as triggers
from lineageflow_airflow.triggers.commit import CommitsSinceTrigger, CommitTrigger

from lineageflow_core import Lake, Repository
from tests.integrations.airflow.triggers.running import Running, again, run

_LISTENS = 2.0
"""Seconds until a trigger listens that was begun, also on a busy machine."""


@pytest.fixture(autouse=True)
def _airflow_has_events_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "TAKEN", 0.0)


@pytest.fixture(params=["folder", "server"])
def either(request: pytest.FixtureRequest) -> Lake:
    """A lake in a folder, which is asked; or behind a server, which tells."""
    return request.getfixturevalue("lake" if request.param == "folder" else "served_lake")


def orders(branch: str = "main", path: str = "", **rest: Any) -> CommitTrigger:
    return CommitTrigger("sales", branch, path, **{"poll_interval": 0.05, "pause": 0.0, **rest})


def commits(payloads: list[Any]) -> list[str]:
    return [each["lineageflow"]["commit"] for each in payloads]


async def listening(running: Running, sales: Repository) -> tuple[list[str], list[str]]:
    """Commits until the trigger tells of a commit: only then does it listen. Returns those made, and told."""
    made: list[str] = []
    first = asyncio.ensure_future(running.next())
    while not first.done():
        made.append(sales.write("mark.csv", f"{len(made)}\n").id)
        await asyncio.sleep(0.3)
    return made, commits([await first])


def test_each_commit_is_told_once_and_in_order(either: Lake) -> None:
    sales = either.repository("sales")
    sales.write("before.csv", "1\n")

    async def body(running: Running) -> None:
        made, told = await listening(running, sales)
        made += [sales.write("orders.csv", f"{n}\n").id for n in range(3)]
        while told[-1] != made[-1]:
            told += commits([await running.next()])
        assert made[-len(told) :] == told

    run(orders(), body)


def test_a_server_tells_of_a_commit_before_it_would_be_asked_again(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")

    async def body(running: Running) -> None:
        made, told = await listening(running, sales)
        made.append(sales.write("orders.csv", "1\n").id)
        while told[-1] != made[-1]:
            told += commits([await running.next()])

    run(orders(poll_interval=1000.0), body)


def test_an_event_says_where_the_commit_is_and_what_it_was(served_lake: Lake) -> None:
    sales = served_lake.repository("sales", author="ada")
    start = sales.head().id

    async def body(running: Running) -> None:
        made = sales.write("orders.csv", "1\n", message="orders of May")
        told = (await running.next())["lineageflow"]
        assert json.loads(json.dumps(told)) == told
        assert ("sales", "main", "orders.csv", made.id, "ada", "orders of May") == tuple(
            told[name] for name in ("repository", "branch", "path", "commit", "author", "message")
        )
        assert told["url"].endswith(f"/r/sales/commit/{made.id}")

    run(orders(path="orders.csv", since=start), body)


def test_commits_that_leave_the_path_alone_are_not_told(lake: Lake) -> None:
    sales = lake.repository("sales")
    start = sales.head().id
    sales.write("orders", {"a": b"1"})
    sales.write("other.csv", "1\n")
    second = sales.write("orders", {"a": b"2"})

    async def body(running: Running) -> None:
        told = [await running.next(), await running.next()]
        assert second.id == commits(told)[1]
        await running.is_silent()

    run(orders(path="orders", since=start), body)


def test_it_may_be_said_since_when_by_a_time(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.write("orders.csv", "0\n")
    before = datetime.now(UTC)
    made = sales.write("orders.csv", "1\n")

    async def body(running: Running) -> None:
        assert [made.id] == commits([await running.next()])

    for since in (before, before.isoformat()):
        run(orders(since=since), body)


def test_a_merge_is_one_event(lake: Lake) -> None:
    sales = lake.repository("sales")
    start = sales.head().id
    dev = sales.branch("dev")
    for n in range(2):
        dev.write("orders.csv", f"{n}\n")
    merged = dev.merge()

    async def body(running: Running) -> None:
        assert [merged.id] == commits([await running.next()])
        await running.is_silent()

    run(orders(since=start), body)


def test_airflow_gets_time_to_start_a_run_between_two_events(lake: Lake) -> None:
    sales = lake.repository("sales")
    start = sales.head().id
    made = [sales.write("orders.csv", f"{n}\n").id for n in range(2)]

    async def body(running: Running) -> None:
        assert made[:1] == commits([await running.next()])
        await running.is_silent()

    run(orders(since=start, pause=1000.0), body)


def test_a_branch_may_come_later(either: Lake) -> None:
    sales = either.repository("sales")
    sales.write("before.csv", "1\n")

    async def body(running: Running) -> None:
        first = asyncio.ensure_future(running.next())
        await asyncio.sleep(_LISTENS)
        made = sales.branch("dev").write("orders.csv", "1\n")
        assert [made.id] == commits([await first])

    run(orders("dev"), body)


class State:
    """Airflow's state of one asset, kept by whoever runs triggers."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def aget(self, key: str) -> Any:
        return self.kept.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self.kept[key] = value


def test_what_is_committed_while_no_triggerer_runs_is_told_by_the_next_one(lake: Lake) -> None:
    sales, state = lake.repository("sales"), State()

    async def first(running: Running) -> None:
        made, told = await listening(running, sales)
        while told[-1] != made[-1]:
            told += commits([await running.next()])
        await running.is_silent()  # and so some time has gone by

    run(orders(), first, state=state)
    missed = [sales.write("orders.csv", f"{n}\n").id for n in (1, 2)]

    async def second(running: Running) -> None:
        assert missed == commits([await running.next(), await running.next()])

    run(orders(), second, state=state)


def test_a_triggerer_that_ends_before_airflow_has_its_event_tells_it_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "TAKEN", 1000.0)
    sales, state = lake.repository("sales"), State()
    start = sales.head().id
    made = sales.write("orders.csv", "1\n")

    async def body(running: Running) -> None:
        assert [made.id] == commits([await running.next()])
        await running.is_silent()  # it has gone on, as Airflow lets it before it has written the event down

    for _ in range(2):
        run(orders(since=start), body, state=state)


class Refusing:
    """A server of a lake that has no stream for anybody, or ends each as soon as it has begun."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].endswith("/stream"):
            await self.app(scope, receive, send)
            return
        self.asked += 1
        await send({"type": "http.response.start", "status": 503 if self.asked == 1 else 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    serving = pytest.importorskip("tests.server.serving")
    with serving.served(lake, around=Refusing) as address:
        said = {"conn_type": "lineageflow", "host": address, "password": serving.TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_LINEAGEFLOW_DEFAULT", json.dumps(said))
        forget_connections()
        yield lake


def test_a_server_without_a_stream_is_asked_instead(refused: Lake) -> None:
    sales = refused.repository("sales")

    async def body(running: Running) -> None:
        for n in range(3):
            waiting = asyncio.ensure_future(running.next())
            await asyncio.sleep(0.2 if n else _LISTENS)
            made = sales.write("orders.csv", f"{n}\n")
            assert [made.id] == commits([await waiting])

    run(orders(), body)


def test_triggers_of_one_repository_share_one_look(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = pytest.importorskip("airflow.triggers.shared_stream")  # Airflow 3.3
    opened = []
    by_itself = vars(CommitTrigger)["open_shared_stream"].__func__

    def counted(cls: type, kwargs: Any) -> Any:
        opened.append(kwargs["path"])
        return by_itself(cls, kwargs)

    monkeypatch.setattr(CommitTrigger, "open_shared_stream", classmethod(counted))
    sales = lake.repository("sales")
    triggers = [again(orders(path=path)) for path in ("orders.csv", "returns.csv")]
    assert 1 == len({each.shared_stream_key() for each in triggers})
    assert triggers[0].shared_stream_key() != orders(lineageflow_conn_id="other").shared_stream_key()

    async def loop() -> None:
        manager = streams.SharedStreamManager(log=streams.log)

        async def one(number: int) -> str:
            trigger = triggers[number]
            stream = manager.subscribe(trigger_id=number, trigger=trigger, key=trigger.shared_stream_key())
            async with aclosing(trigger.filter_shared_stream(stream)) as events:
                return commits([(await asyncio.wait_for(anext(events), 30)).payload])[0]

        waiting = [asyncio.ensure_future(one(number)) for number in (0, 1)]
        await asyncio.sleep(_LISTENS)
        made = [sales.write(path, "1\n").id for path in ("orders.csv", "returns.csv")]
        assert made == await asyncio.gather(*waiting)
        await manager.stop_all()

    asyncio.run(loop())
    assert 1 == len(opened)


def test_a_deferred_sensor_s_trigger_fires_once_and_ends(either: Lake) -> None:
    sales = either.repository("sales")
    start = sales.head().id
    trigger = CommitsSinceTrigger(
        repository="sales", branch="main", path="orders.csv", start=start, poll_interval=0.05
    )

    async def body(running: Running) -> None:
        waiting = asyncio.ensure_future(running.next())
        sales.write("other.csv", "1\n")
        await asyncio.sleep(0.2)
        made = sales.write("orders.csv", "1\n")
        assert made.id == (await waiting)["commit"]
        assert await running.is_over()

    run(trigger, body)
