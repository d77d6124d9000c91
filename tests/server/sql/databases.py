"""Databases of every kind that keep a lake's tables, and an exact description of the tables in one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from lineageflow_server.sql.database import Database
from lineageflow_server.sql.postgresql import PostgresqlDatabase
from lineageflow_server.sql.sqlite import SqliteDatabase
from sqlalchemy import Connection

from lineageflow_core.store.turns import FileTurns
from tests.servers.postgresql import shared_postgresql

Description = dict[str, list[tuple[Any, ...]]]
"""What there is, by what it is called, without the order in which it was made."""


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    with closing(SqliteDatabase(folder / "database", FileTurns(folder / "turns"))) as database:
        yield database


@contextmanager
def postgresql(_folder: Path) -> Iterator[Database]:
    with shared_postgresql().empty_database() as address, closing(PostgresqlDatabase(address)) as database:
        yield database


DATABASES: dict[str, Callable[[Path], AbstractContextManager[Database]]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
}


def description_of(connection: Connection) -> Description:
    """Returns all tables, columns, indexes and constraints, from what the database itself says of them."""
    queries = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    return {
        name: sorted((tuple(row) for row in connection.exec_driver_sql(query)), key=repr)
        for name, query in queries.items()
    }


# https://www.sqlite.org/pragma.html: as table-valued functions. Automatic indexes go by what they are of.
_TABLES = "FROM pragma_table_list t WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'"
_SQLITE = {
    "tables": f"SELECT t.name, t.wr, t.strict {_TABLES}",
    "columns": f"""SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk
        FROM pragma_table_list t, pragma_table_xinfo(t.name) c {_TABLES[24:]}""",
    "indexes": f"""SELECT t.name, iif(i.origin = 'c', i.name, ''), i."unique", i.origin, i.partial,
        (SELECT group_concat(coalesce(x.name, '') || ' ' || x."desc" || ' ' || x.coll)
         FROM pragma_index_xinfo(i.name) x WHERE x.key)
        FROM pragma_table_list t, pragma_index_list(t.name) i {_TABLES[24:]}""",
    "references": f"""SELECT t.name, r."from", r."table", r."to", r.on_update, r.on_delete
        FROM pragma_table_list t, pragma_foreign_key_list(t.name) r {_TABLES[24:]}""",
    "counters": "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'",
}
_POSTGRESQL = {
    "columns": """SELECT table_name, column_name, data_type, character_maximum_length, collation_name,
        is_nullable, column_default FROM information_schema.columns WHERE table_schema = current_schema()""",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace""",
}
