"""`kill -9` at every step: nothing acknowledged is lost, nothing half-done shows, and again finishes it."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.plan import PlanState
from lineageflow_core.model.run import TransactionState
from tests.stateful.crash import kill_at

GOOD = RunId(str(UUID(int=1)))
BAD = RunId(str(UUID(int=2)))


class Check(Protocol):
    """Looks at a lake after a writer."""

    def __call__(self, lake: Path, *, killed: bool) -> None: ...


def open_lake(lake: Path) -> Repository:
    return Repository(connect(str(lake)), "data", author="ada")


def contents(repo: Repository, ref: str = "main") -> dict[str, bytes]:
    """Reads every object of a commit, verified."""
    entries = repo.catalog.objects.list_objects("data", ref, limit=1000).items
    return {entry.path: repo.read_bytes(entry.path, ref=ref) for entry in entries}


def run(repo: Repository, run_id: RunId, text: bytes) -> RunSession:
    """Runs a pipeline of one step up to, but not including, its publication."""
    whole = RunSession(repo.catalog, "data", Job(namespace="test", name="etl"), run_id=run_id)
    step_id = RunId(str(UUID(int=UUID(run_id).int + 100)))
    step = RunSession(
        repo.catalog, "data", Job(namespace="test", name="etl.load"), run_id=step_id, pipeline=run_id
    )
    step.write("table", {"part-0": text})
    step.write("report", {"": text + b"!"})
    step.complete()
    return whole


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A lake with two published runs, the second one bad, and a branch that can be merged."""
    lake = tmp_path / "template"
    repo = open_lake(lake).create()
    run(repo, GOOD, b"good").publish()
    repo.branch("side")
    repo.put("side.txt", b"side", branch="side")
    run(repo, BAD, b"bad").publish()
    return lake


GOOD_FILES = {"table/part-0": b"good", "report": b"good!"}
BAD_FILES = {"table/part-0": b"bad", "report": b"bad!"}


def survive(template: Path, work: Callable[[Path], None], check: Check) -> int:
    """Kills `work` at its first step, its second, and so on, each time on a fresh lake; returns how many."""
    step = 0
    while True:
        step += 1
        lake = template.parent / "victim"
        shutil.copytree(template, lake)
        killed = kill_at(step, partial(work, lake))
        check(lake, killed=killed)
        work(lake)  # running it again finishes it
        check(lake, killed=False)
        shutil.rmtree(lake)
        if not killed:
            return step


def test_a_killed_commit_is_there_or_not(template: Path) -> None:
    def work(lake: Path) -> None:
        open_lake(lake).put("new.txt", b"new")

    def check(lake: Path, *, killed: bool) -> None:
        found = contents(open_lake(lake))
        done = {**BAD_FILES, "new.txt": b"new"}
        assert found in ([BAD_FILES, done] if killed else [done])

    assert survive(template, work, check) > 10


def test_a_killed_merge_is_there_or_not(template: Path) -> None:
    def work(lake: Path) -> None:
        open_lake(lake).merge("side")

    def check(lake: Path, *, killed: bool) -> None:
        found = contents(open_lake(lake))
        done = {**BAD_FILES, "side.txt": b"side"}
        assert found in ([BAD_FILES, done] if killed else [done])

    assert survive(template, work, check) > 5


def test_a_killed_run_publishes_wholly_or_not_at_all(template: Path) -> None:
    run_id = RunId(str(UUID(int=3)))

    def work(lake: Path) -> None:
        repo = open_lake(lake)
        if repo.catalog.transactions.begin("data", run_id).state is TransactionState.OPEN:
            run(repo, run_id, b"third").publish()

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        done = {"table/part-0": b"third", "report": b"third!"}
        found = contents(repo)
        assert found in ([BAD_FILES, done] if killed else [done])
        if found == done:
            assert (
                repo.catalog.transactions.get_transaction("data", run_id).state is TransactionState.PUBLISHED
            )
            assert run_id == repo.catalog.lineage.blame("data", "main", "report").pipeline

    assert survive(template, work, check) > 30


def test_a_killed_rollback_is_applied_wholly_or_not_at_all(template: Path) -> None:
    plan = open_lake(template).catalog.plans.plan_rollback("data", f"run:{BAD}").id

    def work(lake: Path) -> None:
        open_lake(lake).catalog.plans.apply_plan(plan, author="ada")

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        found = contents(repo)
        assert found in ([BAD_FILES, GOOD_FILES] if killed else [GOOD_FILES])
        if repo.catalog.plans.get_plan(plan).state is PlanState.APPLIED:
            assert found == GOOD_FILES

    assert survive(template, work, check) > 5
