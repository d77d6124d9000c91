"""`kill -9` before every commit: PostgreSQL keeps all of a publication, or of an upgrade, or nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from lineageflow_server.postgresql import open_stores
from lineageflow_server.sql.migrations import known_revisions
from lineageflow_server.sql.postgresql import PostgresqlDatabase
from lineageflow_server.sql.revisions import bring_to
from lineageflow_server.upgrades import migrate, status_of_tables

from lineageflow_core import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.catalog.scene import files
from lineageflow_core.testing.values import new_commit, publish_commit
from tests.servers.postgresql import name_of, shared_postgresql
from tests.stateful.crash import kill_at

FIRST = new_commit("first")


@pytest.fixture
def template() -> Iterator[str]:
    with shared_postgresql().empty_database() as address:
        yield address


@contextmanager
def opened(lake: str) -> Iterator[Repository]:
    with closing(open_stores(lake)) as stores:
        yield Repository(open_embedded(stores), "data", author="ada")


def put(lake: str) -> None:
    with opened(lake) as repo:
        repo.put("b", b"2")


def contents(lake: str) -> dict[str, bytes]:
    with opened(lake) as repo:
        return files(repo)


def upgrade(lake: str) -> None:
    migrate(lake)


def test_a_killed_commit_is_there_or_not(template: str, tmp_path: Path) -> None:
    with opened(f"{template}&storage={tmp_path}") as repo:
        repo.create().put("a", b"1")
    step, killed = 0, True
    while killed:
        step += 1
        lake = shared_postgresql().new_database(like=name_of(template))
        killed = kill_at(step, partial(put, lake))
        found = contents(lake)
        done = {"a": b"1", "b": b"2"}
        assert found in ([{"a": b"1"}, done] if killed else [done])
        put(lake)
        assert done == contents(lake)
        shared_postgresql().drop_database(lake)
    assert step > 10


def test_a_killed_upgrade_is_there_or_not(template: str, tmp_path: Path) -> None:
    with closing(open_stores(f"{template}&storage={tmp_path}")) as stores:
        publish_commit(stores.refs, "r", FIRST)
    with closing(PostgresqlDatabase(template)) as database, database.migrate() as connection:
        bring_to(connection, known_revisions()[0])
    step, killed = 0, True
    while killed:
        step += 1
        lake = shared_postgresql().new_database(like=name_of(template))
        killed = kill_at(step, partial(upgrade, lake))
        status = status_of_tables(lake, thorough=True)
        assert status.revision in ([known_revisions()[0], status.newest] if killed else [status.newest])
        migrate(lake)
        assert () == status_of_tables(lake, thorough=True).differences
        shared_postgresql().drop_database(lake)
    assert step > 1
