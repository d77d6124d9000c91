"""`kill -9` at every step of staging: a change is staged or committed, never both or neither."""

from pathlib import Path

import pytest

from lineageflow_core.errors import StateError
from lineageflow_core.model.change import move, put, replace
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import entries
from lineageflow_core.testing.catalog.staging_scene import stage
from tests.stateful.test_crash import contents, open_lake, survive

BEFORE = {"table/a": b"1", "table/b": b"2", "other": b"3"}
STAGED = {"table/a": b"1", "table/c": b"2", "new/x": b"4", "other": b"3"}


def staged(repo: Repository) -> dict[str, bytes]:
    return contents(repo, "stage:main:ada")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A lake with staged changes on a branch that moved since."""
    lake = tmp_path / "template"
    repo = open_lake(lake).create()
    repo.put("table", {"a": b"1", "b": b"2"})
    repo.put("other", b"0")
    stage(repo, move("table/b", "table/c"), replace("new", entries(repo, {"x": b"4"})))
    repo.put("other", b"3")
    return lake


def test_a_killed_stage_is_there_or_not(template: Path) -> None:
    before = staged(open_lake(template))

    def work(lake: Path) -> None:
        repo = open_lake(lake)
        stage(repo, put("more", entries(repo, {"": b"5"})))

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        done = {**before, "more": b"5"}
        assert staged(repo) in ([before, done] if killed else [done])
        assert contents(repo) == BEFORE

    assert survive(template, work, check) > 5


def test_a_killed_commit_of_what_is_staged_is_done_wholly_or_not_at_all(template: Path) -> None:
    def work(lake: Path) -> None:
        try:
            open_lake(lake).catalog.staging.commit_staged("data", "main", author="ada", message="all")
        except StateError:
            assert contents(open_lake(lake)) == STAGED

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        drafts = repo.catalog.staging.list_drafts("data").items
        found = (contents(repo), len(drafts))
        assert found in ([(BEFORE, 1), (STAGED, 0)] if killed else [(STAGED, 0)])

    assert survive(template, work, check) > 5


def test_a_killed_commit_of_some_paths_leaves_the_rest_staged(template: Path) -> None:
    some = {"table/a": b"1", "table/c": b"2", "other": b"3"}

    def work(lake: Path) -> None:
        open_lake(lake).catalog.staging.commit_staged(
            "data", "main", author="ada", message="some", paths=["table"], key="once"
        )

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        found = (contents(repo), staged(repo))
        nothing = (BEFORE, {**STAGED, "other": b"0"})
        assert found in ([nothing, (some, STAGED)] if killed else [(some, STAGED)])

    assert survive(template, work, check) > 5
