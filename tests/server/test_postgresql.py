import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from lineageflow_server.postgresql import open_postgresql, open_stores, parse_address
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy import text

from lineageflow_core.connect import connect
from lineageflow_core.errors import (
    AccessDeniedError,
    IncompatibleLakeError,
    InvalidInputError,
    LineageFlowError,
    StorageError,
    StorageFullError,
)
from lineageflow_core.model.secrets import without_password
from lineageflow_core.testing.values import new_commit, new_repository, publish_commit
from tests.servers.postgresql import name_of, shared_postgresql

SECRET = "not-to-be-seen"


@pytest.fixture
def database() -> Iterator[str]:
    with shared_postgresql().empty_database() as address:
        yield address


@pytest.fixture
def lake(database: str, tmp_path: Path) -> str:
    return f"{database}&storage={tmp_path}/content"


def execute(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement.encode())


def make_repository(lake: str, name: str) -> str:
    return open_postgresql(lake).repositories.create_repository(name, author="ada").name


def test_an_empty_database_becomes_a_lake_that_remembers_where_its_content_lies(
    lake: str, database: str, tmp_path: Path
) -> None:
    catalog = open_postgresql(lake)
    info = catalog.repositories.create_repository("flights", author="ada")
    (entry,) = catalog.content.upload("flights", [b"content"])
    assert (tmp_path / "content" / info.id).is_dir()
    again = open_postgresql(database)
    assert info == again.repositories.get_repository("flights")
    assert b"content" == again.content.open("flights", entry.object_id).read()


def test_processes_that_open_a_new_lake_at_once_open_one(lake: str) -> None:
    names = [f"repository-{number}" for number in range(4)]
    with get_context("spawn").Pool(4) as pool:
        pool.starmap(make_repository, [(lake, name) for name in names], chunksize=1)
    listed = open_postgresql(lake).repositories.list_repositories()
    assert names == [info.name for info in listed.items]


def test_what_one_server_does_the_other_one_sees_at_once(lake: str) -> None:
    one, two = open_postgresql(lake), open_postgresql(lake)
    one.repositories.create_repository("flights", author="ada")
    assert "main" == two.refs.get_ref("flights", "main").name
    two.refs.create_branch("flights", "side", source="main", author="ada")
    assert "side" == one.refs.get_ref("flights", "side").name
    one.refs.delete_branch("flights", "side", author="ada")
    with pytest.raises(LineageFlowError):
        two.refs.get_ref("flights", "side")


def test_a_new_lake_has_to_be_told_where_its_content_lies(database: str) -> None:
    with pytest.raises(InvalidInputError, match="storage="):
        open_postgresql(database)


def test_a_lake_does_not_change_where_its_content_lies(lake: str, database: str) -> None:
    open_stores(lake).close()
    with pytest.raises(InvalidInputError, match="leave the parameter"):
        open_stores(f"{database}&storage=/elsewhere")


def test_a_database_with_other_tables_is_no_lake_and_stays_as_it_is(lake: str, database: str) -> None:
    execute(database, "CREATE TABLE runs (distance INTEGER)")
    with pytest.raises(InvalidInputError, match="'runs'"):
        open_stores(lake)
    execute(database, "INSERT INTO runs VALUES (42)")


def test_a_lake_may_be_in_a_schema_of_its_own(lake: str, database: str) -> None:
    execute(database, "CREATE TABLE runs (distance INTEGER); CREATE SCHEMA data")
    open_stores(f"{lake}&options=-csearch_path%3Ddata").close()
    execute(database, "SELECT format FROM data.lake")


def test_a_database_in_another_encoding_is_refused(tmp_path: Path) -> None:
    execute(
        shared_postgresql().address("postgres"),
        "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'",
    )
    address = shared_postgresql().address("latin")
    try:
        with pytest.raises(InvalidInputError, match="UTF8"):
            open_stores(f"{address}&storage={tmp_path}")
    finally:
        shared_postgresql().drop_database(address)


def test_a_lake_of_a_later_version_says_which_version_it_needs(lake: str, database: str) -> None:
    open_stores(lake).close()
    execute(database, "UPDATE lake SET format = 7, needs = '3.1.4'")
    with pytest.raises(IncompatibleLakeError, match=r"3\.1\.4"):
        open_stores(lake)


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="createdb"):
        open_stores(f"{shared_postgresql().address('nowhere')}&storage={tmp_path}")


def test_a_user_who_is_not_known_is_told() -> None:
    with pytest.raises(AccessDeniedError, match="stranger"):
        open_stores(shared_postgresql().address("postgres", user="stranger"))


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be reached"):
        open_stores(f"postgresql://ada@/lake?host={tmp_path}")


def test_a_user_who_may_not_write_is_told(lake: str, database: str) -> None:
    open_stores(lake).close()
    execute(database, "CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reader = shared_postgresql().address(name_of(database), user="reader")
    try:
        with closing(open_stores(reader)) as stores, pytest.raises(AccessDeniedError, match="grant"):
            publish_commit(stores.refs, new_repository(), new_commit("first"))
    finally:
        execute(database, "DROP OWNED BY reader; DROP ROLE reader")


def test_connections_that_the_server_closed_are_replaced(lake: str, database: str) -> None:
    with closing(open_stores(lake)) as stores:
        publish_commit(stores.refs, new_repository(), new_commit("first"))
        milliseconds = 10_000  # it waits for their end, or the pool may find them open still
        close_all_others = (
            f"SELECT pg_terminate_backend(pid, {milliseconds}) FROM pg_stat_activity"
            " WHERE pid != pg_backend_pid()"
        )
        execute(database, f"{close_all_others} AND datname = current_database()")
        publish_commit(stores.refs, new_repository(), new_commit("second"))


def test_a_connection_that_is_lost_in_a_transaction_is_told_and_nothing_was_done(
    lake: str, database: str
) -> None:
    def write_and_lose(stores: SqlStores) -> None:
        with stores._database.write() as connection:
            connection.execute(text("INSERT INTO repository_keys (id) VALUES ('x')"))
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            execute(database, f"SELECT pg_terminate_backend({pid})")
            connection.execute(text("SELECT 1"))

    with closing(open_stores(lake)) as stores:
        with pytest.raises(StorageError, match="try again"):
            write_and_lose(stores)
        with stores._database.read() as connection:
            assert [] == connection.execute(text("SELECT id FROM repository_keys")).all()


@pytest.mark.parametrize(
    "state, expected",
    [("53100", StorageFullError), ("53200", StorageError), ("58030", StorageError), ("40P01", StorageError)],
)
def test_what_the_server_says_of_its_storage_is_told(
    lake: str, state: str, expected: type[LineageFlowError]
) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'the server says so' USING ERRCODE = '{state}'; END $$"
    with (
        closing(open_stores(lake)) as stores,
        pytest.raises(expected) as caught,
        stores._database.write() as connection,
    ):
        connection.execute(text(raising))
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "address, database, storage, size",
    [
        ("postgresql://h/db", "postgresql://h/db", None, 10),
        ("postgres://u@h:1,i:2/db?storage=gs://bk/p", "postgres://u@h:1,i:2/db", "gs://bk/p", 10),
        ("postgresql:///?storage=%2Fa%20b&user=b", "postgresql:///?user=b", "file:///a b", 10),
        ("postgresql+psycopg://h/db?pool_size=3&storage=s3://bk", "postgresql://h/db", "s3://bk", 3),
    ],
)  # fmt: skip
def test_an_address_is_libpqs_and_ours(address: str, database: str, storage: str | None, size: int) -> None:
    parsed = parse_address(address)
    assert (database, storage, size) == (parsed.database, parsed.storage, parsed.pool_size)


def test_an_address_names_the_folder_of_the_cache() -> None:
    parsed = parse_address("postgresql://h/db?cache=%2Fvar%2Fcache%2Flake&storage=s3://bk")
    assert ("postgresql://h/db", Path("/var/cache/lake")) == (parsed.database, parsed.cache)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://h/db?pool_size=many",
        "postgresql://h/db?pool_size=0",
        f"postgresql://u:{SECRET}@h/db?colour=blue",
        f"postgresql://u:{SECRET}%zz@h/db",
    ],
)
def test_an_address_that_cannot_work_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_address(address)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "address, shown",
    [
        ("./lake", "./lake"),
        ("https://lake.example:8765", "https://lake.example:8765"),
        (f"postgresql://u:{SECRET}@h:1/db?storage=gs://b", "postgresql://u@h:1/db?storage=gs://b"),
        (f"postgresql://u:{SECRET}/@{SECRET}@h/db", "postgresql://u@h/db"),
        (f"postgresql://h/db?user=u&password={SECRET}&x=1", "postgresql://h/db?user=u&password=...&x=1"),
        (f"postgresql://h/db?sslpassword={SECRET}", "postgresql://h/db?sslpassword=..."),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert shown == without_password(address)


def test_a_password_is_in_no_error_and_in_no_name_of_a_value(tmp_path: Path) -> None:
    address = f"postgresql://ada:{SECRET}@/lake?host={tmp_path}"
    assert SECRET not in repr(parse_address(address))
    with pytest.raises(StorageError) as caught:
        connect(address)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert SECRET not in str(chain)
        chain = chain.__cause__ or chain.__context__


def test_nothing_here_opens_an_address_and_the_password_is_not_told() -> None:
    with pytest.raises(InvalidInputError) as caught:
        connect(f"mysql://ada:{SECRET}@h/db")
    assert SECRET not in str(caught.value)


def test_a_password_may_come_from_the_environment(lake: str, tmp_path: Path) -> None:
    # The server trusts whoever reaches its socket, so that this only shows who is read: libpq.
    password_file = tmp_path / "passwords"
    password_file.write_text(f"*:*:*:*:{SECRET}\n")
    password_file.chmod(0o600)
    service_file = tmp_path / "services"
    host = shared_postgresql().folder
    service_file.write_text(f"[lake]\nhost={host}\nuser=postgres\ndbname={name_of(lake)}\n")
    program = "import sys; from lineageflow_core import connect; connect(sys.argv[1])"
    environment = {**os.environ, "PGPASSFILE": str(password_file), "PGSERVICEFILE": str(service_file)}
    address = f"postgresql:///?service=lake&storage={tmp_path}"
    subprocess.run([sys.executable, "-c", program, address], check=True, env=environment)


def test_the_server_of_the_tests_listens_on_no_port() -> None:
    with psycopg.connect(shared_postgresql().address("postgres")) as connection:
        assert ("",) == connection.execute("SHOW listen_addresses").fetchone()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", 5432))
