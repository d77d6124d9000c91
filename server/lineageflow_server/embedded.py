"""A lake in a folder, used without a server by any number of processes on one machine.

```
lineageflow.db             refs, commits, transactions, lineage: rows, in SQLite
repositories/<id>/         each repository's objects and packs
turns                      where writers queue
cache/                     what can be had again: removed, it only costs time
```

Invariant: a database under its name is complete, so whichever process comes first makes the lake, and one
that dies while it does leaves nothing that is in the way.
"""

import os
import secrets
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import OperationalError

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.durability import flush_folder, make_folder, storage_errors
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.store.open import open_content_of
from lineageflow_core.store.ports import ContentStore
from lineageflow_core.store.turns import FileTurns
from lineageflow_server.sql.schema import Schema, check_schema, make_tables, schema_of
from lineageflow_server.sql.sqlite import SqliteDatabase
from lineageflow_server.sql.stores import SqlStores

DATABASE = "lineageflow.db"
REPOSITORIES = "repositories"
TURNS = "turns"
CACHE = "cache/content"


def open_lake(address: str) -> Catalog:
    """Opens the lake in a folder, which becomes one if it is empty. `sqlite:///` may stand before its path.

    Raises InvalidInputError, StorageError, IntegrityError or IncompatibleLakeError.
    """
    return open_embedded(open_stores(Path(address.removeprefix("sqlite:///"))))


def open_stores(path: Path, *, storage: str | None = None) -> SqlStores:
    """Opens the stores of the lake in the folder `path`, which becomes one if it is empty or missing.

    `storage` is the URL below which the content of repositories that name none lies; None: in the folder.
    Raises as `open_lake` does.
    """
    with storage_errors(path):
        _check_folder(path)
        make_folder(path)
        turns = FileTurns(path / TURNS)
        if not (path / DATABASE).exists():
            _make_database(path, turns)
    database = SqliteDatabase(path / DATABASE, turns)
    try:
        _upgrade(path, database)
    except BaseException:
        database.close()
        raise
    cache = ReadCache(path / CACHE)

    def content(repository: str) -> ContentStore:
        if storage is not None:
            return open_content_of(repository, storage, cache=cache)
        return LocalContentStore(path / REPOSITORIES / repository)

    return SqlStores(database, turns=turns, content=content, cache=cache)


def _check_folder(path: Path) -> None:
    """Raises an error if `path` is neither a lake nor can become one."""
    if not path.exists():
        return
    if not path.is_dir():
        raise InvalidInputError(f"{path} is not a folder; a lake is one, as in './lake'")
    # What an unfinished database left behind is no obstacle.
    others = [name for name in os.listdir(path) if name != TURNS and not name.startswith(DATABASE)]
    if not others or (path / DATABASE).exists():
        return
    if REPOSITORIES in others:
        raise IntegrityError(
            f"{path} has the content of a lake, but its database {DATABASE} is gone: restore it from a backup"
        )
    raise InvalidInputError(
        f"{path} is not a lake, but holds {min(others)!r} and maybe more: name a lake or an empty folder"
    )


def _make_database(path: Path, turns: FileTurns) -> None:
    with turns.turn("make"):
        if (path / DATABASE).exists():  # another process was first
            return
        unfinished = path / f"{DATABASE}-{secrets.token_hex(8)}.new"
        try:
            with closing(SqliteDatabase(unfinished, turns)) as database, database.write() as connection:
                make_tables(connection)
            # Closing it has emptied the write-ahead log into the file, so that the file is all there is.
            unfinished.rename(path / DATABASE)
        finally:
            unfinished.unlink(missing_ok=True)
        flush_folder(path)


def _upgrade(path: Path, database: SqliteDatabase) -> None:
    """Brings the tables to this version's. Raises IncompatibleLakeError if a later one made the lake."""
    schema = _schema_of(path, database)
    if schema.pending:
        # Few lakes need it, and it takes longer to load than all the rest.
        from lineageflow_server.upgrades import migrate_folder

        migrate_folder(path, database, revision=schema.pending[-1])
        schema = _schema_of(path, database)
    check_schema(schema, lake=str(path))


def _schema_of(path: Path, database: SqliteDatabase) -> Schema:
    try:
        with database.read() as connection:
            return schema_of(connection)
    except (IntegrityError, OperationalError) as error:
        raise IntegrityError(
            f"{path / DATABASE} is not a lake's database ({error}): restore it from a backup"
        ) from error
