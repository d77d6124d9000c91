"""Events that wait a moment, and are told together."""

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from lineageflow_core import Catalog, Job, Repository, RunSession, connect
from lineageflow_core.errors import RunNotFoundError, ServerUnreachableError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from lineageflow_core.run.telling import Telling


@pytest.fixture
def repo() -> Repository:
    repo = Repository(connect("memory:"), "lake", author="ada").create()
    repo.put("raw", {"x": b"1"})
    return repo


def session_of(repo: Repository, telling: Telling, *, run_id: RunId | None = None) -> RunSession:
    job = Job(namespace="tests", name="nightly")
    return RunSession(repo.catalog, repo.name, job, run_id=run_id, telling=telling)


def told(catalog: Catalog) -> list[str]:
    return sorted(json.loads(event.body)["eventType"] for event in catalog.events.list_events().items)


def state_of(repo: Repository, session: RunSession) -> RunState | None:
    try:
        return repo.catalog.lineage.get_run(session.run.id).run.state
    except RunNotFoundError:
        return None


def wait_until_told(repo: Repository, session: RunSession) -> None:
    until = time.monotonic() + 30
    while state_of(repo, session) is None:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_events_wait_to_be_told_together(repo: Repository) -> None:
    telling = Telling(repo.catalog)
    one, other = session_of(repo, telling), session_of(repo, telling)
    one.start()
    other.complete()
    assert [None, None] == [state_of(repo, one), state_of(repo, other)]
    telling.now()
    assert [RunState.RUNNING, RunState.COMPLETED] == [state_of(repo, one), state_of(repo, other)]


def test_an_event_waits_no_longer_than_a_moment(repo: Repository) -> None:
    session = session_of(repo, Telling(repo.catalog))
    session.start()
    wait_until_told(repo, session)


def test_a_later_event_of_a_session_takes_the_place_of_those_that_wait(repo: Repository) -> None:
    telling = Telling(repo.catalog)
    session = session_of(repo, telling)
    session.read("raw")
    session.report()
    session.write("clean", {"x": b"2"})
    session.report()
    session.complete()
    telling.now()
    assert ["COMPLETE", "START"] == told(repo.catalog)
    run = repo.catalog.lineage.get_run(session.run.id)
    assert ["raw"] == [io.version.name for io in run.reads]
    assert ["clean"] == [io.version.name for io in run.writes]


@pytest.mark.parametrize("before", ["waits", "was told"])
def test_starts_and_ends_are_told_once_whichever_session_tells_them(repo: Repository, before: str) -> None:
    telling = Telling(repo.catalog)
    session = session_of(repo, telling)
    outside = session_of(repo, telling, run_id=session.run.id)
    outside.start()
    session.read("raw")
    session.complete()
    if before == "was told":
        telling.now()
    outside.complete()
    telling.now()
    assert ["COMPLETE", "START"] == told(repo.catalog)


def test_what_a_session_did_after_a_bare_end_is_told(repo: Repository) -> None:
    telling = Telling(repo.catalog)
    session = session_of(repo, telling)
    session_of(repo, telling, run_id=session.run.id).complete()
    session.read("raw")
    session.complete()
    telling.now()
    assert ["raw"] == [io.version.name for io in repo.catalog.lineage.get_run(session.run.id).reads]


def test_what_was_read_is_told_before_a_run_publishes(repo: Repository) -> None:
    session = session_of(repo, Telling(repo.catalog))
    session.read("raw")
    session.write("clean", {"x": b"2"})
    session.publish()
    assert ["raw"] == [io.version.name for io in repo.catalog.lineage.get_run(session.run.id).reads]


class Unreachable:
    """An emitter that takes nothing until it is told to."""

    takes = False

    def __init__(self, catalog: Catalog, error: BaseException) -> None:
        self._catalog = catalog
        self._error = error
        self.is_asked = threading.Event()

    def emit(self, event: Mapping[str, Any]) -> None:
        if not self.takes:
            self.is_asked.set()
            raise self._error
        self._catalog.lineage.ingest([dict(event)])

    def flush(self, about: RunId) -> None:
        """Does nothing: it keeps nothing."""


@pytest.mark.parametrize(
    "error", [ServerUnreachableError("nobody answers"), KeyboardInterrupt(), RuntimeError("a bug")], ids=repr
)
def test_what_cannot_be_told_now_waits_on(
    repo: Repository, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineageflow_core.run.telling.LONGEST_SECONDS", 60.0)  # only this thread tells
    emitter = Unreachable(repo.catalog, error)
    telling = Telling(replace(repo.catalog, emitter=emitter))
    session = session_of(repo, telling)
    session.start()
    with pytest.raises(type(error)):
        telling.now()
    emitter.takes = True
    telling.now()
    assert RunState.RUNNING == state_of(repo, session)


@pytest.mark.parametrize("error", [ServerUnreachableError("nobody answers"), RuntimeError("a bug")], ids=repr)
def test_what_could_not_be_told_is_told_in_a_moment(repo: Repository, error: BaseException) -> None:
    emitter = Unreachable(repo.catalog, error)
    session = session_of(repo, Telling(replace(repo.catalog, emitter=emitter)))
    session.start()
    assert emitter.is_asked.wait(30)
    emitter.takes = True
    wait_until_told(repo, session)


def test_a_forked_process_leaves_what_waits_to_its_parent(repo: Repository) -> None:
    telling = Telling(repo.catalog)
    session = session_of(repo, telling)
    session.start()
    child = os.fork()
    if child == 0:
        telling.now()
        os._exit(0 if state_of(repo, session) is None else 1)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    telling.now()
    assert RunState.RUNNING == state_of(repo, session)
