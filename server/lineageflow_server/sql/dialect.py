"""How databases differ: what an insert does about rows that are there, and what an error means."""

from collections.abc import Callable
from functools import cache

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext

from lineageflow_core.errors import IntegrityError, LineageFlowError, StorageError, StorageFullError

Insert = sqlite.Insert | postgresql.Insert

_INSERT: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

# https://www.sqlite.org/rescode.html
_SQLITE_FULL = 13
_SQLITE_DAMAGED = frozenset({11, 26})  # SQLITE_CORRUPT, SQLITE_NOTADB
_SQLITE_STORAGE = frozenset({5, 6, 8, 10, 14})  # SQLITE_BUSY, _LOCKED, _READONLY, _IOERR, _CANTOPEN


def insert_missing(connection: Connection, table: Table) -> Insert:
    """Returns an insert that leaves alone the rows that are there already."""
    return _insert_missing(connection.dialect.name, table)


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


def translate_error(context: ExceptionContext) -> LineageFlowError | None:
    """Returns our error for a database's error about its storage; None for all others."""
    error = context.original_exception
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest is detail
    if code == _SQLITE_FULL:
        return StorageFullError(
            "no space is left for the lake's database: free some or raise the quota, then try again; nothing "
            "was published"
        )
    if code in _SQLITE_DAMAGED:
        return IntegrityError(f"the lake's database is damaged ({error}): restore it from a backup")
    if code in _SQLITE_STORAGE:
        return StorageError(f"the lake's database failed ({error}): mend it, then try again")
    return None


# Making a statement takes longer than running it, so each is made once.
@cache
def _insert_missing(dialect: str, table: Table) -> Insert:
    return _INSERT[dialect](table).on_conflict_do_nothing()


@cache
def _insert_or_update(
    dialect: str,
    table: Table,
    columns: tuple[str, ...],
    by: tuple[str, ...],
    where: ColumnElement[bool] | None,
) -> Insert:
    insert = _INSERT[dialect](table)
    return insert.on_conflict_do_update(
        index_elements=list(by), set_={column: insert.excluded[column] for column in columns}, where=where
    )
