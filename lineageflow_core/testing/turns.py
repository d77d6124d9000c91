"""What every `RefStore` promises about turns: one writer at a time, first come first served."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineageflow_core.errors import RefMovedError, StateError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.refs import RefName
from lineageflow_core.store.ports import Stores
from lineageflow_core.testing.values import (
    MAIN,
    branch,
    new_commit,
    new_repository,
    publish_commit,
)

Waiting = Callable[[str, RefName], int]
"""Tells how many wait for the turn of a repository's ref."""

_PATIENCE = 60.0
"""Seconds until a test that waits for a thread gives up: longer than any machine is busy."""


class TurnContract:
    """Needs the fixtures `stores`, which are empty, and `waiting`, a `Waiting`."""

    def test_threads_that_race_lose_no_commit(self, stores: Stores) -> None:
        repository, threads, each = new_repository(), 8, 10
        root = new_commit("root")
        publish_commit(stores.refs, repository, root)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda name: add_commits(stores, repository, str(name), each), range(threads)))
        assert 1 + threads * each == len(history_of(stores, repository))

    def test_who_takes_turns_never_finds_the_ref_moved(self, stores: Stores) -> None:
        repository, threads, each = new_repository(), 8, 10
        publish_commit(stores.refs, repository, new_commit("root"))

        def write(name: int) -> int:
            moved = 0
            for number in range(each):
                with stores.refs.turn(repository, MAIN):
                    moved += add_commit(stores, repository, f"{name} {number}")
            return moved

        with ThreadPoolExecutor(threads) as pool:
            assert [0] * threads == list(pool.map(write, range(threads)))
        assert 1 + threads * each == len(history_of(stores, repository))

    def test_turns_come_in_the_order_in_which_they_were_asked_for(
        self, stores: Stores, waiting: Waiting
    ) -> None:
        repository, served = new_repository(), []

        def write(number: int) -> None:
            with stores.refs.turn(repository, MAIN):
                served.append(number)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        with stores.refs.turn(repository, MAIN):
            for number, thread in enumerate(threads):
                thread.start()
                while waiting(repository, MAIN) <= number:
                    pass
        for thread in threads:
            thread.join(_PATIENCE)
        assert list(range(8)) == served

    def test_turns_of_two_refs_are_apart(self, stores: Stores) -> None:
        repository = new_repository()
        with (
            stores.refs.turn(repository, MAIN),
            stores.refs.turn(repository, branch("other")),
            stores.refs.turn(new_repository(), MAIN),
        ):
            pass

    def test_a_turn_that_fails_is_given_up(self, stores: Stores) -> None:
        repository = new_repository()
        with pytest.raises(ZeroDivisionError), stores.refs.turn(repository, MAIN):
            _ = 1 / 0
        with stores.refs.turn(repository, MAIN):
            pass

    def test_a_thread_does_not_wait_for_itself(self, stores: Stores) -> None:
        repository = new_repository()
        with stores.refs.turn(repository, MAIN), pytest.raises(StateError):
            stores.refs.turn(repository, MAIN).__enter__()


def add_commits(stores: Stores, repository: str, name: str, count: int) -> None:
    """Adds commits to the main branch, one after another, as often as it takes."""
    for number in range(count):
        add_commit(stores, repository, f"{name} {number}")


def add_commit(stores: Stores, repository: str, message: str) -> int:
    """Adds a commit to the main branch; tells how often the branch moved meanwhile."""
    moved = 0
    while True:
        tip = tip_of(stores, repository)
        try:
            publish_commit(stores.refs, repository, new_commit(message, tip), after=tip)
        except RefMovedError:
            moved += 1
        else:
            return moved


def history_of(stores: Stores, repository: str) -> list[Commit]:
    """Returns the first parents of the main branch, newest first."""
    commit = tip_of(stores, repository)
    history = [commit]
    while commit.parents:
        commit = commit_of(stores, repository, commit.parents[0])
        history.append(commit)
    return history


def tip_of(stores: Stores, repository: str) -> Commit:
    """Returns the commit that the main branch is at."""
    ref = stores.refs.get(repository, MAIN)
    assert ref is not None
    return commit_of(stores, repository, ref.commit)


def commit_of(stores: Stores, repository: str, commit: CommitId) -> Commit:
    """Returns a stored commit."""
    found = stores.commits.get(repository, commit)
    assert found is not None
    return found
