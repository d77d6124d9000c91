"""Many rows at once are what they would be one by one, on either database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lineageflow_server.sql.bulk import (
    delete_by,
    delete_rows,
    find_rows,
    insert_missing_rows,
    insert_rows,
    new_keys,
    put_rows,
)
from lineageflow_server.sql.lineage_tables import events, jobs, pruned_runs
from lineageflow_server.sql.rows import Values
from lineageflow_server.sql.schema import make_tables
from sqlalchemy import Connection, Table, select

from lineageflow_core.model.event import EventKind
from lineageflow_core.testing.values import run_id
from tests.server.sql.databases import DATABASES

NUMBER = 1200
"""More than are asked for in one statement."""
AT = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    with DATABASES[request.param](tmp_path) as database, database.write() as connection:
        make_tables(connection)
        yield connection


def job(key: int, name: str = "a\0b\1c", **others: Any) -> Values:
    return {"key": key, "digest": b"%d" % key, "namespace": "", "name": name, **others}


def all_of(connection: Connection, table: Table) -> list[Values]:
    query = select(table).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def names(connection: Connection) -> dict[int, str]:
    return {row["key"]: row["name"] for row in all_of(connection, jobs)}


def test_values_of_every_kind_come_back_as_they_went_in(connection: Connection) -> None:
    event = {
        "digest": b"1",
        "run_id": run_id(1),
        "body": b"\0",
        "kind": EventKind.RUN,
        "at": AT,
        "is_aside": True,
    }
    other = {"digest": b"2", "run_id": None, "body": b"", "kind": None, "at": None, "is_aside": False}
    insert_rows(connection, events, [event, other])
    columns = [events.c[name] for name in event]
    found = find_rows(connection, columns, events.c.digest, [b"1", b"2", b"3"])
    assert [tuple(event.values()), tuple(other.values())] == sorted(found)
    assert [event, other] == [{name: row[name] for name in event} for row in all_of(connection, events)]


def test_a_column_may_be_empty_in_all_rows(connection: Connection) -> None:
    insert_rows(connection, events, [{"digest": b"1", "body": b"", "kind": None, "at": None, "run_id": None}])
    assert [(None, None)] == list(
        find_rows(connection, (events.c.at, events.c.run_id), events.c.digest, [b"1"])
    )


def test_more_rows_are_found_and_deleted_than_one_statement_asks_for(connection: Connection) -> None:
    runs = [run_id(number) for number in range(NUMBER)]
    insert_rows(connection, pruned_runs, [{"id": each} for each in runs])
    id_ = pruned_runs.c.id
    assert set(runs) == {found for (found,) in find_rows(connection, (id_,), id_, runs)}
    delete_by(connection, id_, runs[1:])
    assert runs[:1] == [row["id"] for row in all_of(connection, pruned_runs)]


def test_what_is_there_stays_or_is_changed_as_asked(connection: Connection) -> None:
    insert_rows(connection, jobs, [job(1), job(2)])
    insert_missing_rows(connection, jobs, [job(2, "other"), job(3, "third")])
    assert {1: "a\0b\1c", 2: "a\0b\1c", 3: "third"} == names(connection)
    put_rows(connection, jobs, [job(3, "\0"), job(4, "\1")], by=("key",))
    assert {1: "a\0b\1c", 2: "a\0b\1c", 3: "\0", 4: "\1"} == names(connection)


def test_deleted_is_what_has_all_the_values(connection: Connection) -> None:
    insert_rows(connection, jobs, [job(1, "a"), job(2, "b"), job(3, "c")])
    delete_rows(connection, jobs, [{"key": 1, "name": "a"}, {"key": 2, "name": "a"}])
    assert {2: "b", 3: "c"} == names(connection)


def test_nothing_is_asked_for_no_rows(connection: Connection) -> None:
    insert_rows(connection, jobs, [])
    put_rows(connection, jobs, [], by=("key",))
    delete_rows(connection, jobs, [])
    delete_by(connection, jobs.c.key, [])
    assert [] == list(find_rows(connection, (jobs.c.key,), jobs.c.key, []))
    assert [] == list(new_keys(connection, jobs, 0))


def test_new_keys_are_none_that_are_there(connection: Connection) -> None:
    first = new_keys(connection, jobs, 2)
    insert_rows(connection, jobs, [job(key) for key in first])
    second = new_keys(connection, jobs, 3)
    insert_rows(connection, jobs, [job(key) for key in second])
    assert [*first, *second] == list(names(connection))
