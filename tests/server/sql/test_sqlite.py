import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lineageflow_server.sql.sqlite import SqliteDatabase
from sqlalchemy import Connection

from lineageflow_core.errors import StateError
from lineageflow_core.store.turns import FileTurns

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "database", FileTurns(tmp_path / "turns"))
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
    yield database
    database.close()


def add(connection: Connection, number: int) -> None:
    connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,))


def numbers(connection: Connection) -> list[int]:
    return list(connection.exec_driver_sql("SELECT number FROM numbers").scalars())


def open_files(database: Path) -> list[str]:
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    targets = [os.readlink(link) for link in links if os.path.lexists(link)]
    return [target for target in targets if target.startswith(str(database))]


def exit_of_child(target: object, *args: object) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=target, args=args)  # type: ignore[arg-type]
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("pragma, value", [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_a_connection_is_durable_and_strict(database: SqliteDatabase, pragma: str, value: str | int) -> None:
    with database.read() as connection:
        assert value == connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()


def test_a_transaction_that_fails_leaves_nothing(database: SqliteDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        add(connection, 1 // 0)
    with pytest.raises(KeyError):
        fail_after_insert(database)
    with database.read() as connection:
        assert [] == numbers(connection)


def fail_after_insert(database: SqliteDatabase) -> None:
    with database.write() as connection:
        add(connection, 1)
        raise KeyError


def test_a_reader_sees_one_state(database: SqliteDatabase) -> None:
    with database.read() as reader:
        before = numbers(reader)
        writer = threading.Thread(target=write_one, args=(database,))
        writer.start()
        writer.join(60)
        assert before == numbers(reader)
    with database.read() as reader:
        assert [1] == numbers(reader)


def write_one(database: SqliteDatabase) -> None:
    with database.write() as connection:
        add(connection, 1)


def test_a_writer_is_the_only_one_from_the_start(database: SqliteDatabase, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "database", timeout=0)) as tool,
        database.write(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        tool.execute("BEGIN IMMEDIATE")


def test_a_thread_does_not_wait_for_its_own_transaction(database: SqliteDatabase) -> None:
    with database.write(), pytest.raises(StateError):
        write_one(database)


def test_a_forked_child_has_no_connection_of_its_parents(database: SqliteDatabase, tmp_path: Path) -> None:
    assert [] != open_files(tmp_path / "database")

    def child() -> None:
        assert [] == open_files(tmp_path / "database")
        write_one(database)

    assert 0 == exit_of_child(child)
    with database.read() as connection:
        assert [1] == numbers(connection)


def test_a_fork_waits_for_other_threads_transactions(database: SqliteDatabase) -> None:
    inside, leave = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with database.write() as connection:
            add(connection, 1)
            inside.set()
            leave.wait(60)

    def child() -> None:
        with database.read() as connection:
            assert [1] == numbers(connection)

    thread = threading.Thread(target=write_slowly)
    thread.start()
    assert inside.wait(60)
    forking = threading.Thread(target=lambda: exits.append(exit_of_child(child)))
    exits: list[int | None] = []
    forking.start()
    leave.set()
    forking.join(60)
    thread.join(60)
    assert [0] == exits


def test_a_child_forked_inside_a_transaction_is_refused(database: SqliteDatabase) -> None:
    def child() -> None:
        with pytest.raises(StateError, match="forked"):
            write_one(database)

    with database.read():
        assert 0 == exit_of_child(child)
    write_one(database)
