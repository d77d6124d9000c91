import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from lineageflow_server.live import FellBehindError, LiveHub, TooManyListenersError, Wanted

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.model.live import FROM_START, LiveEntries, LiveEntry, LiveKind
from lineageflow_core.repository import Repository

ALL = Wanted(kinds=frozenset(LiveKind))
COMMITS = Wanted(kinds=frozenset({LiveKind.COMMIT}))


@pytest.fixture
def repo() -> Repository:
    repo = Repository(connect("memory:"), "flights", author="ada").create()
    repo.put("a", b"0")
    return repo


class Watched:
    """A lake that counts how often it is asked, and fails when told to."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.asked = 0
        self.failures = 0
        self.failure: Exception = StorageError("down")

    @property
    def live(self) -> "Watched":
        return self

    def changes(self, **wanted: Any) -> LiveEntries:
        self.asked += 1
        if self.failures and wanted["after"] is not None:
            self.failures -= 1
            raise self.failure
        return self._catalog.live.changes(**wanted)


def hub_of(catalog: Any, **more: Any) -> LiveHub:
    return LiveHub(catalog, **{"pause": 0.01, **more})


async def heard(listening: AsyncGenerator[Sequence[LiveEntry], None], number: int) -> list[LiveEntry]:
    found: list[LiveEntry] = []
    while len(found) < number:
        found += await anext(listening)
    return found


async def started(listening: AsyncGenerator[Sequence[LiveEntry], None]) -> None:
    """Returns when somebody listens; their heartbeat is short."""
    assert not await anext(listening)


def test_what_happens_is_heard_by_all(repo: Repository) -> None:
    async def story() -> None:
        hub = hub_of(repo.catalog)
        async with (
            aclosing(hub.listen(None, COMMITS, heartbeat=0.01)) as one,
            aclosing(hub.listen(None, COMMITS, heartbeat=0.01)) as other,
        ):
            await started(one)
            await started(other)
            commits = [repo.put("a", b"%d" % number).id for number in range(1, 4)]
            assert commits == [entry.id for entry in await heard(one, 3)]
            assert commits == [entry.id for entry in await heard(other, 3)]

    asyncio.run(story())


def test_one_look_serves_all(repo: Repository) -> None:
    async def story() -> None:
        lake = Watched(repo.catalog)
        hub = hub_of(lake, pause=3600)
        listeners = [hub.listen(None, ALL, heartbeat=0.01) for _ in range(20)]
        for each in listeners:
            await started(each)
        assert lake.asked <= 2  # where they begin, and what came since
        for each in listeners:
            await each.aclose()

    asyncio.run(story())


def test_who_comes_again_misses_nothing_and_hears_nothing_twice(repo: Repository) -> None:
    async def story() -> None:
        hub = hub_of(repo.catalog)
        commits: list[str] = []
        told: list[str] = []
        place = repo.catalog.live.changes().next
        async with aclosing(hub.listen(None, ALL, heartbeat=0.01)) as first:
            await started(first)
            for number in range(30):
                commits.append(repo.put("a", b"again %d" % number).id)
                async with aclosing(hub.listen(place, COMMITS, heartbeat=1)) as again:
                    [*_, last] = entries = await heard(again, 1)
                    told += [entry.id for entry in entries]
                    place = last.place
        assert commits == told

    asyncio.run(story())


def test_all_that_is_kept_can_be_heard(repo: Repository) -> None:
    async def story() -> None:
        async with aclosing(hub_of(repo.catalog).listen(FROM_START, COMMITS, heartbeat=1)) as listening:
            entries = await heard(listening, 1)
        everything = repo.catalog.live.changes(after=FROM_START, kinds=[LiveKind.COMMIT])
        assert everything.items == tuple(entries)

    asyncio.run(story())


def test_who_is_too_slow_is_let_go(repo: Repository) -> None:
    async def story() -> None:
        hub = hub_of(repo.catalog, kept=4)
        async with (
            aclosing(hub.listen(None, ALL, heartbeat=0.01)) as slow,
            aclosing(hub.listen(None, ALL, heartbeat=0.01)) as quick,
        ):
            await started(slow)
            await started(quick)
            for number in range(3):  # each is two entries
                repo.put("a", b"slow %d" % number)
                await heard(quick, 2)
            with pytest.raises(FellBehindError):
                await anext(slow)

    asyncio.run(story())


def test_no_more_listen_than_may(repo: Repository) -> None:
    async def story() -> None:
        hub = hub_of(repo.catalog, most=1)
        async with aclosing(hub.listen(None, ALL, heartbeat=0.01)) as first:
            await started(first)
            assert hub.is_full
            with pytest.raises(TooManyListenersError):
                await anext(hub.listen(None, ALL, heartbeat=0.01))
        async with aclosing(hub.listen(None, ALL, heartbeat=0.01)) as next_one:
            await started(next_one)

    asyncio.run(story())


def test_nobody_asks_where_nobody_listens(repo: Repository) -> None:
    async def story() -> None:
        lake = Watched(repo.catalog)
        hub = hub_of(lake)
        async with aclosing(hub.listen(None, ALL, heartbeat=0.01)) as listening:
            await started(listening)
        async with asyncio.timeout(30):
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0)
        async with aclosing(hub.listen(None, COMMITS, heartbeat=0.01)) as listening:
            await started(listening)
            assert repo.put("a", b"later").id == (await heard(listening, 1))[0].id

    asyncio.run(story())


def test_what_happened_while_the_database_was_down_is_heard(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineageflow_server.live._AFTER_FAILURE_SECONDS", 0.01)

    async def story() -> None:
        lake = Watched(repo.catalog)
        async with aclosing(hub_of(lake).listen(None, COMMITS, heartbeat=0.01)) as listening:
            await started(listening)
            lake.failures = 2
            assert repo.put("a", b"down").id == (await heard(listening, 1))[0].id

    asyncio.run(story())


def test_what_fails_once_does_not_end_listening(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lineageflow_server.live._AFTER_FAILURE_SECONDS", 0.01)

    async def story() -> None:
        lake = Watched(repo.catalog)
        async with aclosing(hub_of(lake).listen(None, COMMITS, heartbeat=0.01)) as listening:
            await started(listening)
            lake.failures, lake.failure = 1, RuntimeError("whatever")
            assert repo.put("a", b"went on").id == (await heard(listening, 1))[0].id

    asyncio.run(story())
    assert "whatever" in caplog.text


def test_what_is_no_place_is_refused(repo: Repository) -> None:
    async def story() -> None:
        with pytest.raises(InvalidInputError):
            await anext(hub_of(repo.catalog).listen("nowhere", ALL, heartbeat=1))

    asyncio.run(story())


def test_only_what_is_wanted_is_heard(repo: Repository) -> None:
    entry = repo.catalog.live.changes(after=FROM_START, kinds=[LiveKind.COMMIT]).items[0]
    wanted: Callable[..., Wanted] = lambda **more: Wanted(kinds=frozenset(LiveKind), **more)  # noqa: E731
    assert [True, True, False, False] == [
        entry in wanted(),
        entry in wanted(repository="flights"),
        entry in wanted(repository="other"),
        entry in Wanted(kinds=frozenset({LiveKind.RUN})),
    ]
