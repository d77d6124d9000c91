"""How databases differ: what an insert does about rows that are there, and what an error means."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from blake3 import blake3
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    String,
    Subquery,
    Table,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import ExceptionContext

from lineageflow_core.errors import (
    AccessDeniedError,
    IntegrityError,
    InvalidInputError,
    LineageFlowError,
    StorageError,
    StorageFullError,
)

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"

_HOLD = "SELECT pg_advisory_xact_lock(key) FROM unnest(%b::bigint[]) AS key"

# https://www.sqlite.org/rescode.html
_SQLITE_FULL = 13
_SQLITE_SHMSIZE = 4874  # SQLITE_IOERR_SHMSIZE: also a reader needs a file beside the database to grow
_SQLITE_DAMAGED = frozenset({11, 26})  # SQLITE_CORRUPT, SQLITE_NOTADB
_SQLITE_STORAGE = frozenset({5, 6, 8, 10, 14})  # SQLITE_BUSY, _LOCKED, _READONLY, _IOERR, _CANTOPEN


def insert_missing(connection: Connection, table: Table, *returning: Column[Any]) -> Any:
    """Returns an insert that leaves alone the rows that are there already.

    It tells of those that it adds the columns that are to be returned, if any.
    """
    return _insert_missing(connection.dialect.name, table, returning)


def insert_or_update(
    connection: Connection,
    table: Table,
    *,
    columns: tuple[str, ...],
    by: tuple[str, ...],
    where: ColumnElement[bool] | None = None,
) -> Insert:
    """Returns an insert that sets `columns` of rows that are there already (and for which `where` holds)."""
    return _insert_or_update(connection.dialect.name, table, columns, by, where)


def is_one_of(connection: Connection, column: ColumnElement[int], keys: Iterable[int]) -> ColumnElement[bool]:
    """Returns the condition that `column` has one of these keys, however many: they are one parameter.

    With an `IN` of as many parameters, most of the time would go into those.
    """
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(list(keys))).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == func.any(bindparam(None, list(keys), type_=ARRAY(BigInteger)))


def is_in_list(dialect: Dialect, column: ColumnElement[int]) -> ColumnElement[bool]:
    """Returns the same for a statement that is kept as text; its only parameter is what `key_list` makes."""
    if dialect.name == "sqlite":
        listed = func.json_each(bindparam("keys")).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == func.any(bindparam("keys", type_=ARRAY(BigInteger)))


def key_list(dialect: Dialect, keys: Iterable[Any]) -> tuple[Any, ...] | dict[str, Any]:
    """Returns keys as the parameters of a statement with `is_in_list`."""
    return (json.dumps(list(keys)),) if dialect.name == "sqlite" else {"keys": as_array(list(keys))}


def as_array(values: Sequence[int | None]) -> str:
    """Returns whole numbers, or truth values, as the text of an array in PostgreSQL.

    Its driver would make that of a list value by value, in Python, which takes longer than finding the rows.
    """
    return f"{{{json.dumps(values)[1:-1]}}}"


@cache
def given(dialect: str, *columns: str) -> Subquery:
    """Returns a table of whole numbers that a statement has as its parameter `given`: JSON, row by row."""
    rows = bindparam("given", type_=String)
    cells: list[ColumnElement[int]]
    if dialect == "sqlite":
        row = func.json_each(rows).table_valued("value").c.value
        cells = [func.json_extract(row, f"$[{place}]") for place in range(len(columns))]
    else:
        row = func.json_array_elements(cast(rows, JSON)).table_valued("value").render_derived().c.value
        cells = [cast(row.op("->>")(place), BigInteger) for place in range(len(columns))]
    return select(*(cell.label(name) for cell, name in zip(cells, columns, strict=True))).subquery("given")


def hold(connection: Connection, names: Iterable[str]) -> None:
    """Waits until no other transaction holds one of these names, and holds them until this one ends.

    With SQLite there is nothing to wait for: it has one writer at a time. A transaction that holds names
    takes all of them here, and first of all, so that no two can wait for each other.
    """
    if connection.dialect.name == "postgresql":
        keys = sorted(_lock_of(name) for name in names)
        connection.exec_driver_sql(_HOLD, (keys,))


def translate_error(context: ExceptionContext) -> LineageFlowError | None:
    """Returns our error for a database's error about its storage; None for all others."""
    error = context.original_exception
    if context.dialect.name == "postgresql":
        return _from_postgresql(error)
    return _from_sqlite(error)


def _from_sqlite(error: BaseException) -> LineageFlowError | None:
    extended: int = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF  # the rest is detail
    if code == _SQLITE_FULL or extended == _SQLITE_SHMSIZE:
        return StorageFullError(_FULL)
    if code in _SQLITE_DAMAGED:
        return IntegrityError(f"the lake's database is damaged ({error}): restore it from a backup")
    if code in _SQLITE_STORAGE:
        return StorageError(f"the lake's database failed ({error}): mend it, then try again")
    return None


def _from_postgresql(error: BaseException) -> LineageFlowError | None:
    import psycopg  # only those need it who use it

    if not isinstance(error, psycopg.Error):
        return None
    code = error.sqlstate or (_state_of(str(error)) if isinstance(error, psycopg.OperationalError) else "")
    said = (error.diag.message_primary or str(error)).strip()
    return next((make(said) for start, make in _POSTGRESQL.items() if code.startswith(start)), None)


def _state_of(said: str) -> str:
    """Returns the server's code for a connection that fails: libpq hands on its words only."""
    return next((code for words, code in _REFUSALS.items() if words in said), "08")


_FULL = (
    "no space is left for the lake's database: free some or raise the quota, then try again; nothing was "
    "published"
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html: a code, or how all of a class begin.
_POSTGRESQL: dict[str, Callable[[str], LineageFlowError]] = {
    "08": lambda said: StorageError(
        f"the lake's database cannot be reached ({said}): see that it runs and that its address is right, "
        "then try again; what was being written is there wholly, or not at all"
    ),
    "25006": lambda said: StorageError(
        f"the lake's database takes no writes ({said}): it may be a replica; name the primary, for instance "
        "with 'target_session_attrs=read-write' in its address"
    ),
    "28": lambda said: AccessDeniedError(
        f"the lake's database refuses the user ({said}): check the user in its address, and the password in "
        "PGPASSWORD, PGPASSFILE or a service file"
    ),
    "3D000": lambda said: InvalidInputError(f"{said}; make it with `createdb`, with the encoding UTF8"),
    "42501": lambda said: AccessDeniedError(
        f"the user of the lake's database may not do this ({said}): docs/postgresql.md lists what to grant"
    ),
    "53100": lambda _: StorageFullError(_FULL),
    "53": lambda said: StorageError(
        f"the lake's database has no room for more ({said}): try again, or allow it more "
        "connections and memory"
    ),
    "55P03": lambda said: StorageError(
        f"somebody uses the lake's tables for long ({said}): nothing was changed; try again when they "
        "are done"
    ),
    "57": lambda said: StorageError(
        f"the lake's database stopped this ({said}): try again; what was being written is there wholly, or "
        "not at all"
    ),
    "58": lambda said: StorageError(f"the lake's database failed ({said}): mend it, then try again"),
    "40": lambda said: StorageError(
        f"the lake's database took this back ({said}): nothing was published; try again"
    ),
    "XX001": lambda said: IntegrityError(
        f"the lake's database is damaged ({said}): restore it from a backup"
    ),
    "XX002": lambda said: IntegrityError(
        f"the lake's database is damaged ({said}): restore it from a backup"
    ),
}
_REFUSALS = {
    "authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "role ": "28000",
    "database ": "3D000",
    "too many clients": "53300",
    "too many connections": "53300",
    "remaining connection slots": "53300",
}


def _insert(dialect: str, table: Table) -> Insert:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # it takes long to import

    return postgresql.insert(table)


# Making a statement takes longer than running it, so each is made once.
@cache
def _insert_missing(dialect: str, table: Table, returning: tuple[Column[Any], ...]) -> Any:
    insert = _insert(dialect, table).on_conflict_do_nothing()
    return insert.returning(*returning) if returning else insert


@cache
def _insert_or_update(
    dialect: str,
    table: Table,
    columns: tuple[str, ...],
    by: tuple[str, ...],
    where: ColumnElement[bool] | None,
) -> Insert:
    insert = _insert(dialect, table)
    return insert.on_conflict_do_update(
        index_elements=list(by), set_={column: insert.excluded[column] for column in columns}, where=where
    )


def _lock_of(name: str) -> int:
    """Returns the number that PostgreSQL locks in the place of a name: 64 bits of its digest."""
    return int.from_bytes(blake3(name.encode()).digest(length=8), signed=True)
