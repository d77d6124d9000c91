"""Which run code belongs to that is handed no session."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.errors import StateError
from lineageflow_core.run import (
    current_run,
    find_run,
    find_runs_with,
    outside_runs,
    run_transaction,
    running,
)


@pytest.fixture
def repo() -> Repository:
    return Repository(connect("memory:"), "lake", author="ada").create()


def session_of(repo: Repository) -> RunSession:
    return RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"))


def in_another_thread(call: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_there_is_none_outside(repo: Repository) -> None:
    assert None is current_run()
    with running(session_of(repo)):
        pass
    assert None is current_run()


def test_the_inner_block_counts_until_it_ends(repo: Repository) -> None:
    outer, inner = session_of(repo), session_of(repo)
    with running(outer):
        with running(inner):
            assert inner is current_run()
            assert inner is in_another_thread(current_run)
        assert outer is current_run()
        assert outer is in_another_thread(current_run)


def test_an_orchestrator_is_asked_where_there_is_no_block(repo: Repository) -> None:
    found, opened = session_of(repo), session_of(repo)
    find_runs_with(lambda: found)
    try:
        assert found is current_run()
        assert found is in_another_thread(current_run)
        with running(opened):
            assert opened is current_run()
            assert opened is in_another_thread(current_run)
        with outside_runs():
            assert None is current_run()
        assert found is current_run()
    finally:
        find_runs_with(lambda: None)


def test_another_finder_is_asked_where_there_is_no_block(repo: Repository) -> None:
    found, opened = session_of(repo), session_of(repo)
    assert found is find_run(lambda: found)
    with running(opened):
        assert opened is find_run(lambda: found)
    with outside_runs():
        assert None is find_run(lambda: found)


def test_a_librarys_own_thread_is_in_the_only_run(repo: Repository) -> None:
    session = session_of(repo)
    with running(session):
        assert session is in_another_thread(current_run)
    assert None is in_another_thread(current_run)


def test_with_several_runs_a_thread_without_context_is_refused(repo: Repository) -> None:
    first, second = session_of(repo), session_of(repo)
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with running(second):
            entered.set()
            leave.wait(timeout=30)

    with running(first):
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(timeout=30)
        assert first is current_run()
        with pytest.raises(StateError, match="the process is in several"):
            in_another_thread(current_run)
        context = contextvars.copy_context()
        assert first is in_another_thread(lambda: context.run(current_run))
        leave.set()
        thread.join()
        assert first is in_another_thread(current_run)


def test_tasks_belong_to_the_run_that_they_were_started_in(repo: Repository) -> None:
    async def step(session: RunSession) -> bool:
        with running(session):
            await asyncio.sleep(0)
            return session is current_run() and session is await asyncio.to_thread(current_run)

    async def both() -> tuple[bool, bool]:
        return await asyncio.gather(step(session_of(repo)), step(session_of(repo)))

    assert {True} == set(asyncio.run(both()))


def test_one_can_step_outside(repo: Repository) -> None:
    session = session_of(repo)
    with running(session):
        with outside_runs():
            assert None is current_run()
            assert None is in_another_thread(current_run)
        assert session is current_run()


def test_the_block_of_a_transaction_is_in_its_run(repo: Repository) -> None:
    with run_transaction(session_of(repo)) as session:
        assert session is current_run()
    assert None is current_run()
