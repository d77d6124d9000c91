"""The kinds of lake that keep the catalog's contracts: each opens an empty one, for as long as it is used."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

from lineageflow_server import postgresql
from lineageflow_server.embedded import open_stores

from lineageflow_core.catalog import Catalog
from lineageflow_core.remote.client import open_remote
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.opened import Clock
from lineageflow_core.store.memory import MemoryStores
from tests.server.serving import TOKEN, served
from tests.servers.objectstores import in_environment, kept
from tests.servers.postgresql import shared_postgresql

OpenLake = Callable[[Path, Clock], AbstractContextManager[Catalog]]
"""Opens an empty lake in an empty folder, by a clock."""


@contextmanager
def in_memory(_folder: Path, clock: Clock) -> Iterator[Catalog]:
    yield open_embedded(MemoryStores(), clock=clock)


@contextmanager
def in_folder(folder: Path, clock: Clock) -> Iterator[Catalog]:
    stores = open_stores(folder / "lake")
    yield open_embedded(stores, clock=clock)
    stores.close()


@contextmanager
def behind_server(_folder: Path, clock: Clock) -> Iterator[Catalog]:
    with served(open_embedded(MemoryStores(), clock=clock)) as address:
        yield open_remote(address, TOKEN)


@contextmanager
def in_bucket(folder: Path, clock: Clock) -> Iterator[Catalog]:
    """Rows in SQLite, content in S3."""
    server = kept("s3")
    with in_environment(server.environment):
        stores = open_stores(folder / "lake", storage=f"{server.url}/{uuid4()}")
        yield open_embedded(stores, clock=clock)
        stores.close()


@contextmanager
def in_postgresql(folder: Path, clock: Clock) -> Iterator[Catalog]:
    with shared_postgresql().empty_database() as database:
        stores = postgresql.open_stores(f"{database}&storage={folder}")
        yield open_embedded(stores, clock=clock)
        stores.close()


@contextmanager
def behind_server_on_postgresql(folder: Path, clock: Clock) -> Iterator[Catalog]:
    with in_postgresql(folder, clock) as catalog, served(catalog) as address:
        yield open_remote(address, TOKEN)


LAKES: dict[str, OpenLake] = {
    "memory": in_memory,
    "folder": in_folder,
    "http": behind_server,
    "postgresql": in_postgresql,
}
