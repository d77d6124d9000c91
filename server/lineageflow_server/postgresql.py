"""A lake in PostgreSQL, with its content in a folder or a bucket, for any number of servers at once.

`postgresql://user@host/database?storage=gs://bucket/prefix`: all but the parameters `storage`, `cache` and
`pool_size` is libpq's (https://www.postgresql.org/docs/current/libpq-connect.html). The lake remembers its
storage, which has to be named once, when the lake is made.

Invariant: nothing is kept in a process that another one could change, so servers come and go as they like.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import inspect

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.secrets import without_password
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.open import open_content_of
from lineageflow_server.sql import tables
from lineageflow_server.sql.postgresql import POOL_SIZE, PostgresqlDatabase, check_address
from lineageflow_server.sql.schema import check_schema, is_lake, make_tables, schema_of, storage_of
from lineageflow_server.sql.stores import SqlStores

STORAGE = "storage"
_CACHE = "cache"
_POOL_SIZE = "pool_size"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Address:
    """What the address of a lake says. It may hold a password, so it is not to be shown."""

    database: str
    """What libpq gets."""
    storage: str | None = None
    """Where the content lies: a folder or a bucket."""
    cache: Path | None = None
    """The folder that keeps on this machine what was read from a bucket; None: nothing is kept."""
    pool_size: int = POOL_SIZE
    """Connections that one process has at most for transactions."""


def open_postgresql(address: str) -> Catalog:
    """Opens the lake in a PostgreSQL database, which becomes one if it is empty.

    Raises InvalidInputError, AccessDeniedError, StorageError, IntegrityError or IncompatibleLakeError.
    """
    return open_embedded(open_stores(address))


def open_stores(address: str) -> SqlStores:
    """Opens the stores of the lake at `address`. Raises as `open_postgresql` does."""
    parsed = parse_address(address)
    database = PostgresqlDatabase(parsed.database, pool_size=parsed.pool_size)
    try:
        storage = _open(database, parsed, lake=without_password(address))
    except BaseException:
        database.close()
        raise
    cache = ReadCache(parsed.cache) if parsed.cache else None
    return SqlStores(
        database,
        turns=database.turns,
        content=lambda repository: open_content_of(repository, storage, cache=cache),
        cache=cache,
    )


def parse_address(address: str) -> Address:
    """Parses the address of a lake. Raises InvalidInputError."""
    scheme, _, rest = address.partition("://")
    start, _, query = rest.partition("?")
    ours: dict[str, str] = {}
    theirs = []
    for parameter in filter(None, query.split("&")):
        name, _, value = parameter.partition("=")
        if name in {STORAGE, _CACHE, _POOL_SIZE}:
            ours[name] = unquote(value)
        else:
            theirs.append(parameter)
    database = f"{scheme.partition('+')[0]}://{start}" + (f"?{'&'.join(theirs)}" if theirs else "")
    check_address(database)
    size = ours.get(_POOL_SIZE, str(POOL_SIZE))
    if not size.isdecimal() or not 0 < int(size) < 1000:
        raise InvalidInputError(f"pool_size is {size!r}; it is a number of connections, from 1 to 999")
    cache = ours.get(_CACHE)
    return Address(
        database=database,
        storage=_storage(ours.get(STORAGE)),
        cache=Path(cache).absolute() if cache else None,
        pool_size=int(size),
    )


def _storage(given: str | None) -> str | None:
    """Returns a storage as every process understands it, wherever it was started."""
    if not given:
        return None
    return str(parse_storage(given if "://" in given else f"file://{os.path.abspath(given)}"))


def _open(database: PostgresqlDatabase, address: Address, *, lake: str) -> str:
    """Makes the lake if there is none; returns where its content lies."""
    with database.read() as connection:
        there = is_lake(connection)
    if not there:
        _make(database, address, lake=lake)
    with database.read() as connection:
        check_schema(schema_of(connection), lake=lake)
        storage = storage_of(connection)
    if storage is None or address.storage not in {None, storage}:
        raise InvalidInputError(
            f"the lake {lake} keeps its content in {storage!r}, not in {address.storage!r}: leave "
            f"the parameter {STORAGE!r} out of its address"
        )
    return storage


def _make(database: PostgresqlDatabase, address: Address, *, lake: str) -> None:
    with database.migrate() as connection:
        if is_lake(connection):  # another process was first
            return
        there = inspect(connection)
        if connection.exec_driver_sql("SHOW server_encoding").scalar() != "UTF8":
            raise InvalidInputError(
                f"{lake} does not keep text in UTF-8; make a database with the encoding UTF8"
            )
        if taken := [table for table in tables.metadata.tables if there.has_table(table)]:
            raise InvalidInputError(
                f"{lake} is not a lake, but has a table {taken[0]!r}: name an empty database, or an empty "
                "schema with 'options=-csearch_path%3Dschema'"
            )
        if address.storage is None:
            raise InvalidInputError(
                f"{lake} is no lake yet: say where the content is to lie when it becomes one, with "
                f"'{STORAGE}=gs://bucket/folder' or '{STORAGE}=/folder' in its address"
            )
        make_tables(connection, storage=address.storage)
