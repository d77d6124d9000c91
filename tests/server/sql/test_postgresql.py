import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import psycopg
import pytest
from lineageflow_server.postgresql import open_stores
from lineageflow_server.sql.column_types import Name
from lineageflow_server.sql.dialect import hold
from lineageflow_server.sql.postgresql import PostgresqlDatabase
from lineageflow_server.sql.tables import metadata
from sqlalchemy import Connection, text

from lineageflow_core.errors import AlreadyExistsError, RefMovedError, StateError, StorageError
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.store.ports import NodeLocation, RefUpdate
from lineageflow_core.testing.values import branch, new_commit, publication
from tests.servers.postgresql import shared_postgresql

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

_PATIENCE = 60


@pytest.fixture
def address() -> Iterator[str]:
    with shared_postgresql().empty_database() as address:
        yield address


@pytest.fixture
def database(address: str) -> Iterator[PostgresqlDatabase]:
    with opened(address) as database:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
        yield database


@contextmanager
def opened(address: str, *, pool_size: int = 4) -> Iterator[PostgresqlDatabase]:
    with closing(PostgresqlDatabase(address, pool_size=pool_size)) as database:
        yield database


def add(connection: Connection, number: int) -> None:
    connection.execute(text(f"INSERT INTO numbers VALUES ({number})"))


def numbers(connection: Connection) -> list[int]:
    return list(connection.scalars(text("SELECT number FROM numbers")))


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        pass


def waiting(address: str) -> int:
    """Returns how many transactions wait for a name."""
    query = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    with psycopg.connect(address) as connection:
        ((count,),) = connection.execute(query).fetchall()
    return count


def others(address: str) -> int:
    """Returns how many sessions there are besides the one that asks."""
    query = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(address) as connection:
        ((count,),) = connection.execute(query).fetchall()
    return count


def test_a_reader_sees_one_state(database: PostgresqlDatabase) -> None:
    with database.read() as reader:
        before = numbers(reader)
        with database.write() as writer:
            add(writer, 1)
        assert before == numbers(reader)
    with database.read() as reader:
        assert [1] == numbers(reader)


def test_a_reader_cannot_write(database: PostgresqlDatabase) -> None:
    with pytest.raises(StorageError), database.read() as connection:
        add(connection, 1)


def test_a_transaction_that_fails_leaves_nothing(database: PostgresqlDatabase) -> None:
    def fail() -> None:
        with database.write() as connection:
            add(connection, 1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as connection:
        assert [] == numbers(connection)


def test_who_holds_a_name_is_alone_with_it_until_the_end(database: PostgresqlDatabase, address: str) -> None:
    def write() -> list[int]:
        with database.write() as connection:
            hold(connection, ["b", "a"])
            return numbers(connection)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            hold(connection, ["a"])
            add(connection, 1)
            second = pool.submit(write)
            wait_until(lambda: waiting(address) == 1)
        assert [1] == second.result(_PATIENCE)


def test_processes_are_served_in_the_order_in_which_they_asked(address: str) -> None:
    served: list[int] = []
    with opened(address) as one, opened(address) as two, opened(address) as three:

        def write(database: PostgresqlDatabase, number: int) -> None:
            with database.turns.turn("name"):
                served.append(number)

        with ThreadPoolExecutor(2) as pool:
            with one.turns.turn("name"):
                second = pool.submit(write, two, 2)
                wait_until(lambda: waiting(address) == 1)
                third = pool.submit(write, three, 3)
                wait_until(lambda: waiting(address) == 2)
            for each in (second, third):
                each.result(_PATIENCE)
    assert [2, 3] == served


def test_threads_of_one_process_wait_on_one_connection(address: str) -> None:
    with opened(address) as one, opened(address) as two, ThreadPoolExecutor(6) as pool:

        def write() -> None:
            with two.turns.turn("name"):
                pass

        with one.turns.turn("name"):
            threads = [pool.submit(write) for _ in range(6)]
            wait_until(lambda: waiting(address) == 1 and two.turns.waiting("name") == 5)
            assert 2 == others(address)
        for thread in threads:
            thread.result(_PATIENCE)


def test_who_finds_no_connection_for_a_turn_goes_on_without(address: str) -> None:
    with opened(address, pool_size=1) as database, database.turns.turn("a"), database.turns.turn("b"):
        assert 1 == others(address)


def test_a_turn_that_the_database_ended_harms_nobody(address: str) -> None:
    with opened(address) as database:
        with database.turns.turn("a"), psycopg.connect(address, autocommit=True) as connection:
            mine = "datname = current_database() AND pid != pg_backend_pid()"
            connection.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}".encode()
            )
        with database.turns.turn("a"):
            pass


def test_a_turn_without_a_database_is_taken_all_the_same(tmp_path: Path) -> None:
    with opened(f"postgresql://ada@/lake?host={tmp_path}") as database, database.turns.turn("a"):
        pass


def test_a_thread_does_not_wait_for_itself(database: PostgresqlDatabase) -> None:
    with database.turns.turn("a"), pytest.raises(StateError), database.turns.turn("a"):
        pass


def test_writers_of_the_same_things_in_any_order_never_wait_for_each_other(
    address: str, tmp_path: Path
) -> None:
    refs = [branch(f"b{number}") for number in range(6)] + [RefName(kind=RefKind.TAG, name="b0")]
    commits = [new_commit(f"{number}") for number in range(20)]
    nodes = [
        NodeLocation(node_id=bytes([number] * 32), pack_id=f"{number % 3}", offset=0, length=1)
        for number in range(50)
    ]

    with closing(open_stores(f"{address}&storage={tmp_path}")) as stores:

        def write(writer: int) -> int:
            chance, done = random.Random(writer), 0
            for number in range(25):
                moved = chance.sample(refs, 3)
                there = [stores.refs.get("r", ref) for ref in moved]
                wanted = publication(
                    f"{writer}-{number}" if number % 5 else f"{number}",
                    *(
                        RefUpdate(
                            ref=ref, expected=now.commit if now else None, new=chance.choice(commits).id
                        )
                        for ref, now in zip(moved, there, strict=True)
                    ),
                    commits=chance.sample(commits, len(commits)),
                )
                with suppress(RefMovedError, AlreadyExistsError):  # the tag is there, and elsewhere
                    stores.refs.publish("r", replace(wanted, nodes=tuple(chance.sample(nodes, 30))))
                    done += 1
            return done

        with ThreadPoolExecutor(6) as pool:
            assert all(pool.map(write, range(6)))


def test_names_sort_as_in_python_whatever_the_database_is_set_to(address: str) -> None:
    # Another collation than C would be needed to see a difference, and this server may know no other.
    named = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Name)
    ]
    query = text("""SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND collation_name = 'C'""")
    with opened(address) as database, database.write() as connection:
        metadata.create_all(connection)
        assert sorted(named) == sorted(connection.scalars(query))


def test_a_child_has_connections_of_its_own(database: PostgresqlDatabase) -> None:
    def write() -> None:
        for number in range(20):
            with database.turns.turn("a"), database.write() as connection:
                add(connection, number)

    write()
    child = multiprocessing.get_context("fork").Process(target=write)
    child.start()
    write()
    child.join(_PATIENCE)
    assert 0 == child.exitcode
    with database.read() as connection:
        assert sorted([*range(20)] * 3) == sorted(numbers(connection))


def test_a_child_keeps_none_of_its_parents_turns(address: str) -> None:
    ours, theirs = multiprocessing.Pipe()
    parent = multiprocessing.get_context("spawn").Process(target=fork_in_turn, args=(theirs, address))
    parent.start()
    child = ours.recv()
    try:
        parent.kill()
        with opened(address) as database, database.turns.turn("a"):
            wait_until(lambda: others(address) == 1)  # ours: that of the parent has ended
    finally:
        os.kill(child, signal.SIGKILL)
        parent.join(_PATIENCE)


def fork_in_turn(ready: Pipe, address: str) -> None:
    """Takes a turn, forks, tells the child's id, and never gives the turn up."""
    with opened(address) as database, database.turns.turn("a"):
        child = os.fork()
        if child == 0:
            threading.Event().wait()
        ready.send(child)
        threading.Event().wait()
