"""`kill -9` at every step of applying a plan to two repositories: each is done or not, and it resumes."""

from pathlib import Path

import pytest

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.plan import PlanState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import files
from lineageflow_core.testing.catalog.stories import run, tell_of_copy
from tests.stateful.test_crash import open_lake, survive


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A lake with a bad version in one repository, a copy of it in another, and a plan for both."""
    lake = tmp_path / "template"
    repo = open_lake(lake).create()
    other = Repository(repo.catalog, "other", author="ada").create()
    repo.replace("raw", {"part-0": b"good"})
    other.replace("copy", {"part-0": b"good"})
    bad = run(repo, "ingest", writes={"raw": b"bad"})
    other.replace("copy", {"part-0": b"bad"})
    tell_of_copy(repo, "raw", into=other, path="copy")
    plan = repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}")
    (tmp_path / "plan").write_text(plan.id)
    return lake


def test_a_killed_plan_is_finished_by_applying_it_again(template: Path) -> None:
    plan = PlanId((template.parent / "plan").read_text())

    after = ({"raw/part-0": b"good"}, {"copy/part-0": b"good"})
    seen: set[PlanState] = set()

    def states(lake: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
        repo = open_lake(lake)
        return files(repo), files(Repository(repo.catalog, "other", author="ada"))

    def commits(lake: Path) -> int:
        repo = open_lake(lake)
        logs = (repo.log(), Repository(repo.catalog, "other", author="ada").log())
        return sum(commit.metadata.get("plan") == plan for log in logs for commit in log)

    def held(lake: Path) -> int:
        catalog = open_lake(lake).catalog
        return sum(len(catalog.quarantine.list_quarantines(name).items) for name in ("data", "other"))

    def work(lake: Path) -> None:
        open_lake(lake).catalog.plans.apply_plan(plan, author="ada")

    def check(lake: Path, *, killed: bool) -> None:
        plans = open_lake(lake).catalog.plans
        seen.add(plans.get_plan(plan).state)
        if not killed:
            assert PlanState.APPLIED is plans.get_plan(plan).state
        done = held(lake)
        assert done == commits(lake)  # the quarantine is in the commit's own publication
        if done == 1:
            assert PlanState.APPLYING is plans.get_plan(plan).state
        applied = plans.apply_plan(plan, author="ada")
        assert (PlanState.APPLIED, after, 2, 2) == (applied.state, states(lake), held(lake), commits(lake))
        assert [part.commit is not None for part in applied.parts] == [True, True]

    assert survive(template, work, check) > 10
    assert {PlanState.PLANNED, PlanState.APPLYING, PlanState.APPLIED} == seen


def test_a_killed_undoing_plan_is_finished_and_tells_what_it_undid(tmp_path: Path) -> None:
    template = tmp_path / "template"
    repo = open_lake(template).create()
    repo.replace("raw", {"part-0": b"good"})
    bad = run(repo, "ingest", writes={"raw": b"bad"})
    plans = repo.catalog.plans
    rollback = plans.apply_plan(plans.plan_rollback(repo.name, f"run:{bad}").id, author="ada").id
    undoing = plans.plan_undo(rollback).id
    seen: set[tuple[PlanState, PlanState]] = set()

    def states(lake: Path) -> tuple[PlanState, PlanState]:
        plans = open_lake(lake).catalog.plans
        return plans.get_plan(rollback).state, plans.get_plan(undoing).state

    def work(lake: Path) -> None:
        open_lake(lake).catalog.plans.apply_plan(undoing, author="ada")

    def check(lake: Path, *, killed: bool) -> None:
        del killed  # it is finished in any case
        seen.add(states(lake))
        repo = open_lake(lake)
        repo.catalog.plans.apply_plan(undoing, author="ada")
        assert (PlanState.UNDONE, PlanState.APPLIED) == states(lake)
        assert {"raw/part-0": b"bad"} == files(repo)
        assert () == repo.catalog.quarantine.list_quarantines(repo.name).items

    assert survive(template, work, check) > 10
    assert (PlanState.UNDONE, PlanState.APPLYING) in seen
