"""Looking after the tables of a lake, as `lineageflow db` does: which they are, and bringing them elsewhere.

A folder's database is copied before it is changed, and the copy stays until the change has succeeded.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lineageflow_core.errors import InvalidInputError, NotFoundError, StorageError
from lineageflow_core.model.secrets import without_password
from lineageflow_core.store.durability import flush_folder, storage_errors
from lineageflow_core.store.turns import FileTurns
from lineageflow_server.embedded import DATABASE, TURNS
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.migrations import known_revisions
from lineageflow_server.sql.revisions import (
    Step,
    bring_to,
    check_revision,
    differences,
    script_between,
    steps,
)
from lineageflow_server.sql.schema import Schema, check_format, is_lake, schema_of
from lineageflow_server.sql.sqlite import SqliteDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesStatus:
    """The tables of a lake, beside those that this version makes."""

    lake: str
    revision: str | None
    """None: there is no lake yet."""
    newest: str
    """The last revision that this version knows."""
    pending: tuple[Step, ...]
    """What an upgrade would run."""
    format: int | None
    needs: str | None
    """The first version that knows this format."""
    differences: tuple[str, ...] | None = None
    """How the tables are not as their revision leaves them; None where nobody looked, or cannot know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A way from one revision to another."""

    lake: str
    start: str | None
    """None: the lake is made."""
    end: str
    steps: tuple[Step, ...]
    """In the order in which they are run, or taken back."""
    dialect: str

    @property
    def sql(self) -> str:
        """What would be run, to be read, or run by hand; what is worked out row by row is not in it."""
        return script_between(self.dialect, self.start or "base", self.end)


def status_of_tables(lake: str, *, thorough: bool = False) -> TablesStatus:
    """Returns which tables a lake has; `thorough` compares them with what they are to be.

    Raises NotFoundError, InvalidInputError, AccessDeniedError or StorageError.
    """
    with _opened(lake) as database, database.read() as connection:
        schema = schema_of(connection) if is_lake(connection) else None
        is_current = schema is not None and schema.revision == known_revisions()[-1]
        found = tuple(differences(connection)) if thorough and is_current else None
    return TablesStatus(
        lake=without_password(lake),
        revision=schema.revision if schema else None,
        newest=known_revisions()[-1],
        pending=tuple(steps(schema.pending if schema else known_revisions())),
        format=schema.format if schema else None,
        needs=schema.needs if schema else None,
        differences=found,
    )


def plan_migration(lake: str, revision: str | None = None) -> Migration:
    """Returns the way from where a lake's tables are to a revision; without one, to the last one.

    Raises InvalidInputError if this version does not know the way, or as `status_of_tables` does.
    """
    end = revision or known_revisions()[-1]
    check_revision(end)
    with _opened(lake) as database, database.read() as connection:
        schema = schema_of(connection) if is_lake(connection) else None
        dialect = connection.dialect.name
    return Migration(
        lake=without_password(lake),
        start=schema.revision if schema else None,
        end=end,
        steps=_steps_between(schema, end),
        dialect=dialect,
    )


def migrate(lake: str, revision: str | None = None) -> Migration:
    """Brings a lake's tables to a revision, forward or back; without one, to the last one.

    An empty PostgreSQL database becomes a lake. Raises as `plan_migration` does, and StorageError if the
    tables are in use for too long.
    """
    planned = plan_migration(lake, revision)
    if planned.start is None:
        _make(lake)
    elif is_folder(lake):
        with closing(_folder(lake)) as folder:
            migrate_folder(_path(lake), folder, revision=planned.end)
    else:
        with _opened(lake) as database, database.migrate() as connection:
            bring_to(connection, planned.end)
    return planned


def migrate_folder(path: Path, database: SqliteDatabase, *, revision: str) -> None:
    """Brings the tables of the lake in a folder to a revision, and keeps a copy until it is done."""
    with FileTurns(path / TURNS).turn("migrate"), storage_errors(path):
        with database.read() as connection:
            there = schema_of(connection).revision
        if there == revision:  # another process was first
            return
        copy = path / f"{DATABASE}-before-{revision}"
        _copy(database, copy)
        with database.migrate() as connection:
            bring_to(connection, revision)
        copy.unlink()


def is_folder(lake: str) -> bool:
    """Tells whether an address is that of a lake in a folder."""
    return "://" not in lake or lake.startswith("sqlite:///")


def _steps_between(schema: Schema | None, end: str) -> tuple[Step, ...]:
    known = known_revisions()
    if schema is None:
        return tuple(steps(known[: known.index(end) + 1]))
    check_format(schema, lake="")
    check_revision(schema.revision)
    start, stop = known.index(schema.revision), known.index(end)
    if stop >= start:
        return tuple(steps(known[start + 1 : stop + 1]))
    return tuple(reversed(steps(known[stop + 1 : start + 1])))


@contextmanager
def _opened(lake: str) -> Iterator[Database]:
    database: Database
    if is_folder(lake):
        database = _folder(lake)
    elif lake.startswith(("postgresql", "postgres")):
        from lineageflow_server.postgresql import parse_address
        from lineageflow_server.sql.postgresql import PostgresqlDatabase

        database = PostgresqlDatabase(parse_address(lake).database)
    else:
        raise InvalidInputError(
            f"{without_password(lake)!r} has no tables that could be looked after from here; name a "
            "folder or a 'postgresql://' database, on the server's machine"
        )
    with closing(database):
        yield database


def _folder(lake: str) -> SqliteDatabase:
    path = _path(lake)
    if not (path / DATABASE).is_file():
        raise NotFoundError(f"there is no lake at {lake!r}; name one with --lake", lake=lake)
    return SqliteDatabase(path / DATABASE, FileTurns(path / TURNS))


def _path(lake: str) -> Path:
    return Path(lake.removeprefix("sqlite:///"))


def _make(lake: str) -> None:
    from lineageflow_server.postgresql import open_stores

    open_stores(lake).close()


def _copy(database: SqliteDatabase, copy: Path) -> None:
    """Copies a database as it is now, whoever else is using it."""
    unfinished = copy.with_name(f"{copy.name}.new")
    try:
        with database.read() as connection, closing(sqlite3.connect(unfinished)) as target:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(target)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(copy)
    except sqlite3.Error as error:
        raise StorageError(
            f"the lake's database could not be copied before its tables are changed ({error}): free some "
            "space, then try again; nothing was changed"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    flush_folder(copy.parent)
