import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lineageflow_server.embedded import DATABASE, REPOSITORIES, TURNS, open_lake, open_stores
from lineageflow_server.sql.dialect import translate_error
from lineageflow_server.sql.migrations import known_revisions
from lineageflow_server.sql.revisions import bring_to, differences
from lineageflow_server.sql.schema import schema_of
from lineageflow_server.sql.sqlite import SqliteDatabase
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy.dialects import sqlite

from lineageflow_core.errors import (
    IncompatibleLakeError,
    IntegrityError,
    InvalidInputError,
    StorageError,
    StorageFullError,
)
from lineageflow_core.store.durability import make_folder
from lineageflow_core.store.turns import FileTurns
from lineageflow_core.testing.values import MAIN, new_commit, new_repository, publish_commit
from tests.stateful.crash import kill_at

FIRST = new_commit("first")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def stores(lake: Path) -> Iterator[SqlStores]:
    stores = open_stores(lake)
    yield stores
    stores.close()


def make(lake: Path) -> None:
    open_stores(lake).close()


def change(lake: Path, statement: str) -> None:
    with closing(sqlite3.connect(lake / DATABASE)) as connection, connection:
        connection.execute(statement)


def make_repository(lake: Path, name: str) -> str:
    catalog = open_lake(str(lake))
    return catalog.repositories.create_repository(name, author="ada").name


def test_an_empty_folder_becomes_a_lake(lake: Path) -> None:
    lake.mkdir()
    catalog = open_lake(str(lake))
    info = catalog.repositories.create_repository("flights", author="ada")
    assert info == open_lake(f"sqlite:///{lake}").repositories.get_repository("flights")


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    make(tmp_path / "a" / "b" / "lake")
    assert (tmp_path / "a" / "b" / "lake" / DATABASE).exists()


def test_processes_that_open_a_new_lake_at_once_open_one(lake: Path) -> None:
    names = [f"repository-{number}" for number in range(4)]
    with get_context("spawn").Pool(4) as pool:
        pool.starmap(make_repository, [(lake, name) for name in names], chunksize=1)
    listed = open_lake(str(lake)).repositories.list_repositories()
    assert names == [info.name for info in listed.items]


def test_a_lake_that_was_not_finished_is_made_anew(lake: Path) -> None:
    lake.mkdir()
    (lake / f"{DATABASE}-0123456789abcdef.new").write_bytes(b"half a database")
    (lake / f"{DATABASE}-0123456789abcdef.new-wal").write_bytes(b"")
    make(lake)
    assert (lake / DATABASE).exists()


def test_a_file_is_no_lake(lake: Path) -> None:
    lake.write_bytes(b"")
    with pytest.raises(InvalidInputError, match="not a folder"):
        open_stores(lake)


def test_a_folder_with_other_things_is_no_lake_and_stays_as_it_is(lake: Path) -> None:
    lake.mkdir()
    (lake / "thesis.txt").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"thesis\.txt"):
        open_stores(lake)
    assert [lake / "thesis.txt"] == list(lake.iterdir())


def test_a_lake_may_hold_other_things_later(lake: Path) -> None:
    make(lake)
    (lake / "notes.txt").write_bytes(b"")
    make(lake)


def test_content_without_its_database_is_not_taken_for_a_new_lake(lake: Path) -> None:
    make_folder(lake / REPOSITORIES)
    with pytest.raises(IntegrityError, match="restore"):
        open_stores(lake)


def test_a_lake_of_a_later_version_says_which_version_it_needs(lake: Path) -> None:
    make(lake)
    change(lake, "UPDATE lake SET format = 7, needs = '3.1.4'")
    with pytest.raises(IncompatibleLakeError, match=r"3\.1\.4") as caught:
        open_stores(lake)
    assert {"format": 7, "needs": "3.1.4"} == caught.value.details


@pytest.mark.parametrize("content", [b"", b"this is text, and no database" * 100])
def test_a_database_that_is_none_is_told(lake: Path, content: bytes) -> None:
    lake.mkdir()
    (lake / DATABASE).write_bytes(content)
    with pytest.raises(IntegrityError, match="restore"):
        open_stores(lake)


def test_a_database_that_is_damaged_later_is_told(lake: Path) -> None:
    with closing(open_stores(lake)) as stores:
        for number in range(50):
            publish_commit(stores.refs, new_repository(), new_commit(f"{number}"))
    with (lake / DATABASE).open("r+b") as file:
        file.seek(4096)  # all pages but the first, which opening reads
        file.write(b"\xff" * ((lake / DATABASE).stat().st_size - 4096))
    with pytest.raises(IntegrityError, match="restore"):
        open_stores(lake)


def test_a_full_disk_is_told_and_publishes_nothing(lake: Path, stores: SqlStores) -> None:
    # SQLite's own limit: it answers as it does when the disk has no page left.
    database = stores._database
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    repository = new_repository()
    first = new_commit("x" * 100_000)
    with pytest.raises(StorageFullError):
        publish_commit(stores.refs, repository, first)
    assert stores.refs.get(repository, MAIN) is None
    with closing(open_stores(lake)) as others:
        publish_commit(others.refs, repository, first)
    assert first == stores.commits.get(repository, first.id)


def test_a_disk_too_full_to_read_is_told_as_full() -> None:
    error = sqlite3.OperationalError("disk I/O error")  # where a file beside the database cannot grow
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    context = SimpleNamespace(original_exception=error, dialect=sqlite.dialect())
    assert isinstance(translate_error(cast(Any, context)), StorageFullError)


def test_a_database_that_cannot_be_opened_is_told(lake: Path) -> None:
    make(lake)
    (lake / DATABASE).unlink()
    (lake / DATABASE).mkdir()
    with pytest.raises(StorageError):
        open_stores(lake)


def make_old(lake: Path) -> Path:
    """Makes a lake with a commit, whose tables are those of the first version, without a mark."""
    with closing(open_stores(lake)) as stores:
        publish_commit(stores.refs, "r", FIRST)
        with stores._database.migrate() as connection:
            bring_to(connection, known_revisions()[0])
            connection.exec_driver_sql("DROP TABLE alembic_version")
    return lake


def assert_is_upgraded(lake: Path) -> None:
    with closing(open_stores(lake)) as stores:
        assert FIRST == stores.commits.get("r", FIRST.id)
        with stores._database.read() as connection:
            assert known_revisions()[-1] == schema_of(connection).revision
            assert [] == differences(connection)


def test_a_lake_of_an_earlier_version_is_upgraded_when_it_is_opened(lake: Path) -> None:
    make_old(lake)
    assert_is_upgraded(lake)
    assert [] == list(lake.glob(f"{DATABASE}-before*"))


def test_processes_that_open_an_earlier_lake_at_once_upgrade_it_once(lake: Path) -> None:
    make_old(lake)
    with get_context("spawn").Pool(4) as pool:
        pool.map(make, [lake] * 8, chunksize=1)
    assert_is_upgraded(lake)


def test_a_lake_that_is_in_use_is_upgraded_under_its_user(lake: Path) -> None:
    make_old(lake)
    with closing(SqliteDatabase(lake / DATABASE, FileTurns(lake / TURNS))) as database:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT * FROM refs").all()
        assert_is_upgraded(lake)
        with database.write() as connection:  # as a version does that does not know the new columns
            moved = "SELECT operation + 1, position, repository, kind, name, expected, new, at FROM ref_moves"
            columns = "operation, position, repository, kind, name, expected, new, at"
            connection.exec_driver_sql(
                "INSERT INTO operations (repository, key, operation, actor, at)"
                " SELECT repository, 'later', operation, actor, at FROM operations"
            )
            connection.exec_driver_sql(f"INSERT INTO ref_moves ({columns}) {moved}")
    with closing(open_stores(lake)) as stores:
        told = stores.refs.published("r", "later")
    assert told is not None
    assert MAIN == told.updates[0].ref


@pytest.mark.crash
def test_a_process_that_dies_while_it_upgrades_leaves_a_lake(lake: Path, tmp_path: Path) -> None:
    template, step, killed = make_old(tmp_path / "template"), 0, True
    while killed:
        step += 1
        shutil.copytree(template, lake)
        killed = kill_at(step, lambda: make(lake))
        assert_is_upgraded(lake)
        shutil.rmtree(lake)
    assert step > 20
