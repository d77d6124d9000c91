"""Many rows at once: for what is asked and written with every event.

SQLAlchemy prepares each value of each row by itself, which takes several times as long as the database's own
part. Here a statement's text is made once, values are prepared a column at a time, and a driver is given what
it takes fastest: SQLite's row after row, PostgreSQL's an array for each column, so that any number of rows is
one statement and one round trip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table, make_url

from lineageflow_server.sql.column_types import preparation, restoration
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dialect import as_array
from lineageflow_server.sql.rows import Values

_IN_DIGITS = {"BIGINT", "INTEGER", "BOOLEAN"}
_MOST_ROWS = 10_000
"""In one statement."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Inserts rows, none of which is there. All have the same columns."""
    _insert(connection, table, rows, "")


def insert_missing_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Inserts those rows that are not there. All have the same columns."""
    _insert(connection, table, rows, "ON CONFLICT DO NOTHING")


def put_rows(connection: Connection, table: Table, rows: Sequence[Values], *, by: Sequence[str]) -> None:
    """Inserts rows, or makes those that are there with the same `by` like them, in the columns given.

    All have the same columns, and no two the same `by`.
    """
    if rows:
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in rows[0] if name not in by)
        _insert(connection, table, rows, f"ON CONFLICT ({_names(by)}) DO UPDATE SET {changes}")


def delete_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Deletes what has all the values of one of these rows. All have the same columns."""
    for some in chunks(rows, _MOST_ROWS):
        text = _delete_text(connection.dialect.name, table, tuple(some[0]))
        connection.exec_driver_sql(text, _prepared(connection.dialect.name, table, some))


def delete_by(connection: Connection, column: Column[Any], values: Sequence[Any]) -> None:
    """Deletes the rows that have one of these values in a column."""
    for some in chunks(values):
        where, listed = _is_one_of(connection.dialect.name, column, some)
        connection.exec_driver_sql(f'DELETE FROM "{column.table}" WHERE {where}', listed)


def find_rows(
    connection: Connection, columns: Sequence[Column[Any]], by: Column[Any], values: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """Yields some columns of the rows that have one of these values in the column `by`."""
    names = _names(column.name for column in columns)
    restored = [_restoration(column, connection.dialect.name) for column in columns]
    for some in chunks(values):
        where, listed = _is_one_of(connection.dialect.name, by, some)
        found = connection.exec_driver_sql(f'SELECT {names} FROM "{by.table}" WHERE {where}', listed).all()
        if any(restored):
            by_column = zip(zip(*found, strict=True), restored, strict=False)
            yield from zip(*(_each(values, restore) for values, restore in by_column), strict=True)
        else:
            yield from map(tuple, found)


def new_keys(connection: Connection, table: Table, number: int) -> Sequence[int]:
    """Returns so many keys for rows of a table. Only one transaction at a time may give keys to new rows."""
    if not number:
        return ()
    if connection.dialect.name == "sqlite":
        last: int = connection.exec_driver_sql(f'SELECT coalesce(max("key"), 0) FROM "{table}"').scalar_one()
        return range(last + 1, last + 1 + number)
    text = f"SELECT nextval(pg_get_serial_sequence('{table}', 'key')) FROM generate_series(1, %b)"
    return connection.exec_driver_sql(text, (number,)).scalars().all()


def _insert(connection: Connection, table: Table, rows: Sequence[Values], conflict: str) -> None:
    for some in chunks(rows, _MOST_ROWS):
        text = _insert_text(connection.dialect.name, table, tuple(some[0]), conflict)
        connection.exec_driver_sql(text, _prepared(connection.dialect.name, table, some))


@cache
def _insert_text(dialect: str, table: Table, columns: tuple[str, ...], conflict: str) -> str:
    if dialect == "sqlite":
        given = f"VALUES ({', '.join('?' * len(columns))})"
    else:
        given = f"SELECT * FROM unnest({_arrays(dialect, table, columns)})"
    return f'INSERT INTO "{table}" ({_names(columns)}) {given} {conflict}'


@cache
def _delete_text(dialect: str, table: Table, columns: tuple[str, ...]) -> str:
    if dialect == "sqlite":
        return f'DELETE FROM "{table}" WHERE ' + " AND ".join(f'"{name}" = ?' for name in columns)
    arrays = _arrays(dialect, table, columns)
    return f'DELETE FROM "{table}" WHERE ({_names(columns)}) IN (SELECT * FROM unnest({arrays}))'


def _is_one_of(dialect: str, column: Column[Any], values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Returns a condition, and what stands in the place of its marks."""
    prepared = _column(dialect, column, values)
    if dialect == "sqlite":
        return f'"{column.name}" IN ({", ".join("?" * len(prepared))})', tuple(prepared)
    return f'"{column.name}" = ANY(%b::{_type(dialect, column)}[])', (_array(column, prepared),)


def _prepared(dialect: str, table: Table, rows: Sequence[Values]) -> list[Any] | tuple[Any, ...]:
    columns = [_column(dialect, table.c[name], [row[name] for row in rows]) for name in rows[0]]
    if dialect == "sqlite":
        return list(zip(*columns, strict=True))
    return tuple(_array(table.c[name], values) for name, values in zip(rows[0], columns, strict=True))


def _array(column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Returns values as PostgreSQL's driver takes them fastest."""
    return as_array(values) if _type("postgresql", column) in _IN_DIGITS else list(values)


def _column(dialect: str, column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    return _each(values, _preparation(column, dialect))


def _each(values: Sequence[Any], change: Callable[[Any], Any] | None) -> Sequence[Any]:
    return values if change is None else [None if value is None else change(value) for value in values]


@cache
def _preparation(column: Column[Any], dialect: str) -> Callable[[Any], Any] | None:
    return preparation(column.type, _dialect(dialect))


@cache
def _restoration(column: Column[Any], dialect: str) -> Callable[[Any], Any] | None:
    return restoration(column.type, _dialect(dialect))


@cache
def _type(dialect: str, column: Column[Any]) -> str:
    return column.type.compile(dialect=_dialect(dialect)).partition(" COLLATE")[0]


@cache
def _dialect(name: str) -> Dialect:
    return make_url("sqlite://" if name == "sqlite" else "postgresql+psycopg://").get_dialect()()


def _arrays(dialect: str, table: Table, columns: Sequence[str]) -> str:
    return ", ".join(f"%b::{_type(dialect, table.c[name])}[]" for name in columns)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
