"""Many requests that ask at once, and what each is told."""

import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest
from lineageflow_server.access.looks import SharedLooks

from lineageflow_core.errors import StorageError
from lineageflow_core.model.token import Token
from lineageflow_core.testing.token_store import new_token


class Database:
    """Answers when it is told to, from what it holds then."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.asked: list[set[str]] = []
        self.goes_on = threading.Semaphore(0)
        self.fails = False

    def find(self, digests: Sequence[str]) -> Mapping[str, Token]:
        self.asked.append(set(digests))
        found = {each: self.tokens[each] for each in digests if each in self.tokens}
        self.goes_on.acquire()
        if self.fails:
            raise StorageError("down")
        return found


async def until(database: Database, asked: int) -> None:
    while len(database.asked) < asked:
        await asyncio.sleep(0.001)


def test_all_that_come_while_the_database_is_asked_share_the_next_question() -> None:
    database = Database()
    database.tokens = {name: new_token(name) for name in "abc"}
    looks = SharedLooks(database.find)

    async def ask() -> list[Token | None]:
        first = asyncio.create_task(looks.find("a"))
        await until(database, 1)
        others = [asyncio.create_task(looks.find(name)) for name in "abbcx"]
        await asyncio.sleep(0)
        database.goes_on.release(2)
        return list(await asyncio.gather(first, *others))

    found = asyncio.run(ask())
    assert [new_token(name) for name in "aabbc"] + [None] == found
    assert [{"a"}, {"a", "b", "c", "x"}] == database.asked


def test_who_comes_after_a_revocation_is_told_of_it_though_others_are_answered_still() -> None:
    database = Database()
    database.tokens = {"a": new_token("a")}
    looks = SharedLooks(database.find)

    async def ask() -> list[Token | None]:
        before = asyncio.create_task(looks.find("a"))
        await until(database, 1)
        del database.tokens["a"]
        after = asyncio.create_task(looks.find("a"))
        await asyncio.sleep(0)
        database.goes_on.release(2)
        return [await before, await after]

    assert [new_token("a"), None] == asyncio.run(ask())


def test_a_database_that_fails_fails_for_all_who_asked_and_is_asked_again() -> None:
    database = Database()
    database.tokens = {"a": new_token("a")}
    database.fails = True
    database.goes_on.release(3)
    looks = SharedLooks(database.find)

    async def ask() -> Token | None:
        with pytest.raises(StorageError):
            await looks.find("a")
        database.fails = False
        return await looks.find("a")

    assert new_token("a") == asyncio.run(ask())


def test_a_request_that_is_given_up_leaves_the_others_their_answer() -> None:
    database = Database()
    database.tokens = {"a": new_token("a")}
    looks = SharedLooks(database.find)

    async def ask() -> Token | None:
        given_up, other = (asyncio.create_task(looks.find("a")) for _ in range(2))
        await until(database, 1)
        given_up.cancel()
        database.goes_on.release()
        return await other

    assert new_token("a") == asyncio.run(ask())


def test_every_event_loop_is_answered() -> None:
    database = Database()
    database.tokens = {"a": new_token("a")}
    looks = SharedLooks(database.find)
    database.goes_on.release(3)
    assert [new_token("a")] * 3 == [asyncio.run(looks.find("a")) for _ in range(3)]
