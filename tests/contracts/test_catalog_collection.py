"""The catalog's contract of collection, kept by every kind of lake, with clocks that a test moves on."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from lineageflow_server import postgresql
from lineageflow_server.embedded import open_stores

from lineageflow_core.catalog import Catalog
from lineageflow_core.remote.client import open_remote
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Stores
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.collection import CollectionContract, PassTime
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock
from tests.server.serving import TOKEN, served
from tests.servers.postgresql import shared_postgresql

KINDS = ["memory", "folder", "bucket", "http", "postgresql"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestCollection(CollectionContract):
    @pytest.fixture
    def clock(self) -> StandingClock:
        return StandingClock()

    @pytest.fixture
    def storage_clock(self) -> StorageClock:
        return StorageClock()

    @pytest.fixture
    def pass_time(self, clock: StandingClock, storage_clock: StorageClock) -> PassTime:
        def pass_time(time: timedelta) -> None:
            clock.move_on(time)
            storage_clock.move_on(time)

        return pass_time

    @pytest.fixture
    def catalog(
        self,
        kind: str,
        clock: StandingClock,
        storage_clock: StorageClock,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[Catalog]:
        folder = tmp_path_factory.mktemp(kind)
        with ExitStack() as stack:
            stores: Stores
            if kind in {"memory", "http"}:
                stores = MemoryStores()
            elif kind == "postgresql":
                database = stack.enter_context(shared_postgresql().empty_database())
                stores = postgresql.open_stores(f"{database}&storage={folder}")
            else:
                storage = f"memory://{folder.name}" if kind == "bucket" else None
                stores = open_stores(folder / "lake", storage=storage)
            stack.callback(stores.close)
            catalog = open_embedded(AgingStores(stores, storage_clock), clock=clock)
            if kind == "http":
                catalog = open_remote(stack.enter_context(served(catalog)), TOKEN)
            yield catalog
