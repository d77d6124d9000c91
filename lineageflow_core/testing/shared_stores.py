"""What stores promise that several processes share: nothing is lost between them, nor when one is killed."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

import pytest

from lineageflow_core.errors import AlreadyExistsError, RefMovedError
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.store.ports import Stores
from lineageflow_core.testing.plan_store import new_plan
from lineageflow_core.testing.turns import add_commits, history_of
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    later,
    move,
    new_commit,
    new_event,
    new_facts,
    new_ios,
    new_repository,
    new_run,
    new_transaction,
    new_version,
    publication,
    publish_commit,
    run_id,
)

TAG = RefName(kind=RefKind.TAG, name="v1")

Open = Callable[[], Stores]
"""Opens the same stores in any process: a function that can be pickled."""

_PATIENCE = 60.0
"""Seconds until a test that waits for a process gives up: longer than any machine is busy."""


class SharedStoresContract:
    """Needs the fixture `open_shared`, an `Open` of stores that are empty."""

    def test_what_was_written_is_there_when_the_stores_are_opened_again(self, open_shared: Open) -> None:
        repository, first = new_repository(), new_commit("first")
        info = RepositoryInfo(id=repository, name="flights", default_branch="main", created_at=NOON)
        version, run = new_version("a"), new_run(1)
        with closing(open_shared()) as stores:
            [stored] = stores.content(repository).write_objects([b"content"])
            done = publish_commit(stores.refs, repository, first)
            stores.repositories.add(info)
            stores.transactions.add(repository, new_transaction(1, first))
            stores.plans.add(repository, new_plan("p"))
            with stores.lineage.write() as writer:
                writer.append([new_event("event", run=run.id)])
                writer.put_facts(new_facts(run, writes=[version]))
        with closing(open_shared()) as stores:
            assert b"content" == stores.content(repository).open_object(stored.object_id).read()
            assert info == stores.repositories.get("flights")
            assert done == stores.refs.published(repository, first.id)
            assert first.id == stores.refs.as_of(repository, MAIN, later(0))
            assert first == stores.commits.get(repository, first.id)
            assert new_transaction(1, first) == stores.transactions.get(repository, run.id)
            assert new_plan("p") == stores.plans.get(PlanId("p"))
            assert list(new_ios(run, [version])) == stores.lineage.writers([version])
            assert [new_event("event", run=run.id)] == stores.events.events_of(run.id)

    def test_processes_that_race_lose_no_commit(self, open_shared: Open) -> None:
        repository, processes, each = new_repository(), 4, 15
        with closing(open_shared()) as stores:
            publish_commit(stores.refs, repository, new_commit("root"))
            run_all(race, [(open_shared, repository, str(number), each) for number in range(processes)])
            assert 1 + processes * each == len(history_of(stores, repository))

    def test_processes_that_use_the_same_keys_publish_once(self, open_shared: Open) -> None:
        repository, processes, each = new_repository(), 3, 15
        with closing(open_shared()) as stores:
            run_all(repeat, [(open_shared, repository, each)] * processes)
            assert each == len(history_of(stores, repository))

    def test_processes_that_race_for_a_tag_give_its_name_to_one_commit(self, open_shared: Open) -> None:
        repository, processes = new_repository(), 4
        commits = [new_commit(f"{number}") for number in range(processes)]
        with closing(open_shared()) as stores:
            stores.refs.publish(repository, publication("commits", commits=commits))
            run_all(make_and_remove, [(open_shared, repository, number, 10) for number in range(processes)])
            page = stores.operations.list(
                repository, actor=None, operation=None, refs=[TAG], since=None, until=None, after=None,
                limit=1000,
            )  # fmt: skip
            moves = [move for operation in page.items for move in operation.moves]
            assert len(moves) >= 20  # it was made, and removed, and made again
            assert 1 == len({move.after for move in moves if move.after})

    def test_a_killed_process_gives_its_turn_up(self, open_shared: Open) -> None:
        repository = new_repository()
        with closing(open_shared()) as stores, started(hold_turn, open_shared, repository) as process:
            process.kill()
            with stores.refs.turn(repository, MAIN):
                pass

    def test_a_killed_process_leaves_no_part_of_a_transaction(self, open_shared: Open) -> None:
        with closing(open_shared()) as stores:
            with started(hold_transaction, open_shared) as process:
                process.kill()
                with stores.lineage.write() as writer:
                    assert [True] == writer.append([new_event("event", run=run_id(1))])
            assert {} == stores.lineage.runs([run_id(1)])

    @pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
    def test_a_process_may_fork_while_its_threads_write(self, open_shared: Open) -> None:
        repository, children, each = new_repository(), 3, 10
        with closing(open_shared()) as stores:
            publish_commit(stores.refs, repository, new_commit("root"))
            with ThreadPoolExecutor(2) as pool:
                threads = [
                    pool.submit(add_commits, stores, repository, f"thread {number}", each)
                    for number in range(2)
                ]
                run_all(
                    add_commits,
                    [(stores, repository, f"child {number}", each) for number in range(children)],
                    context=multiprocessing.get_context("fork"),
                )
            for thread in threads:
                thread.result()
            assert 1 + (children + 2) * each == len(history_of(stores, repository))


def race(open_shared: Open, repository: str, name: str, count: int) -> None:
    """Adds commits without taking turns."""
    with closing(open_shared()) as stores:
        add_commits(stores, repository, name, count)


def make_and_remove(open_shared: Open, repository: str, number: int, times: int) -> None:
    """Makes one tag at a commit of its own and removes it, again and again, among others who do the same."""
    mine = new_commit(f"{number}")
    with closing(open_shared()) as stores:
        for time in range(times):
            with suppress(RefMovedError, AlreadyExistsError):
                stores.refs.publish(repository, publication(f"{number} makes {time}", move(TAG, None, mine)))
            with suppress(RefMovedError):
                stores.refs.publish(
                    repository, publication(f"{number} removes {time}", move(TAG, mine, None))
                )


def repeat(open_shared: Open, repository: str, count: int) -> None:
    """Publishes one and the same history, whose every commit has its id as key."""
    with closing(open_shared()) as stores:
        tip = None
        for number in range(count):
            commit = new_commit(f"{number}", *([tip] if tip else []))
            publish_commit(stores.refs, repository, commit, after=tip)
            tip = commit


def hold_turn(ready: Connection, open_shared: Open, repository: str) -> None:
    """Takes a turn, says so, and never gives it up."""
    with open_shared().refs.turn(repository, MAIN):
        ready.send("ready")
        ready.recv()


def hold_transaction(ready: Connection, open_shared: Open) -> None:
    """Writes lineage, says so, and never ends the transaction."""
    with open_shared().lineage.write() as writer:
        writer.append([new_event("event", run=run_id(1))])
        writer.put_facts(new_facts(new_run(1)))
        ready.send("ready")
        ready.recv()


@contextmanager
def closing(stores: Stores) -> Iterator[Stores]:
    """Closes the stores in the end."""
    try:
        yield stores
    finally:
        stores.close()


def run_all(
    target: Callable[..., object], calls: list[tuple[Any, ...]], *, context: BaseContext | None = None
) -> None:
    """Runs `target` with each of these arguments in a process of its own, all at once; all must succeed."""
    context = context or multiprocessing.get_context("spawn")
    processes = [context.Process(target=target, args=call) for call in calls]  # type: ignore[attr-defined]  # BaseContext lacks it
    for process in processes:
        process.start()
    for process in processes:
        process.join(_PATIENCE)
    assert [0] * len(calls) == [process.exitcode for process in processes]


@contextmanager
def started(target: Callable[..., None], *args: object) -> Iterator[multiprocessing.process.BaseProcess]:
    """Runs `target` in a process of its own, from when it says that it is ready; kills it in the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *args))
    process.start()
    try:
        assert ours.poll(_PATIENCE)
        yield process
    finally:
        process.kill()
        process.join(_PATIENCE)
