"""Commits of an earlier version, whose rows say neither who their parents are nor what they changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lineageflow_server.embedded import DATABASE, open_stores

from lineageflow_core.model.commit import Commit
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded

FORGET = (
    "UPDATE commits SET first_parent = NULL, second_parent = NULL, changed = NULL, is_logged = NULL",
    "DELETE FROM log_entries",
    "DELETE FROM dataset_changes",
)


@pytest.fixture
def made(tmp_path: Path) -> list[Commit]:
    """Makes a lake of an earlier version in which `a` changed twice, and `b` on a branch that was merged."""
    stores = open_stores(tmp_path)
    repo = Repository(open_embedded(stores), "data", author="ada").create()
    first = repo.put("a", b"1")
    repo.branch("topic")
    repo.put("b", b"1", branch="topic")
    made = [first, repo.put("a", b"2"), repo.merge("topic")]
    stores.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        for statement in FORGET:
            connection.execute(statement)
    return made


@pytest.fixture
def repo(tmp_path: Path, made: list[Commit]) -> Iterator[Repository]:
    assert made
    stores = open_stores(tmp_path)
    yield Repository(open_embedded(stores), "data", author="ada")
    stores.close()


def test_their_graph_is_that_of_any_other(repo: Repository, made: list[Commit]) -> None:
    compared = repo.catalog.history.compare("data", "main", "topic")
    assert (0, 2) == (compared.ahead, compared.behind)
    assert made[0] == repo.head("main~2")
    assert 5 == len(repo.catalog.history.graph("data").items)


def test_what_they_changed_is_found_in_their_trees(repo: Repository, made: list[Commit]) -> None:
    first, second, merged = made
    history = repo.catalog.history
    assert (second, first) == history.log("data", "main", path="a").items
    assert (merged,) == history.log("data", "main", path="b").items
    later = repo.put("a", b"3")
    versions = history.list_versions("data", "main", "a").items
    assert [later.id, second.id, first.id] == [version.commit for version in versions]
    assert 3 == len({version.snapshot for version in versions})


def test_what_they_say_is_found_in_their_bodies(repo: Repository, made: list[Commit]) -> None:
    first, second, merged = made
    history = repo.catalog.history
    later = repo.put("c", b"3")
    assert (second, first) == history.log("data", "main", message="PUT A").items
    assert (later, merged) == history.log("data", "main", author="ada", since=merged.created_at).items
    assert (second, first) == history.log("data", "main", path="a", author="ada").items
    assert () == history.log("data", "main", author="grace").items
