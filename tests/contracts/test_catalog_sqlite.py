"""The contracts of the catalog, kept by a lake in a folder."""

from pathlib import Path

import pytest
from lineageflow_server.embedded import open_stores

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.content import ContentContract
from lineageflow_core.testing.catalog.history import HistoryContract
from lineageflow_core.testing.catalog.keys import KeyContract
from lineageflow_core.testing.catalog.lineage import LineageContract
from lineageflow_core.testing.catalog.names import PathContract
from lineageflow_core.testing.catalog.objects import ObjectsContract
from lineageflow_core.testing.catalog.plans import PlansContract
from lineageflow_core.testing.catalog.properties import CatalogProperties
from lineageflow_core.testing.catalog.refs import AmbiguityContract, RefsContract
from lineageflow_core.testing.catalog.repositories import RepositoriesContract
from lineageflow_core.testing.catalog.transactions import ExpiryContract, TransactionsContract


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return connect(str(tmp_path_factory.mktemp("catalog") / "lake"))


class TestRepositories(RepositoriesContract): ...


class TestRefs(RefsContract): ...


class TestHistory(HistoryContract): ...


class TestObjects(ObjectsContract): ...


class TestContent(ContentContract): ...


class TestTransactions(TransactionsContract): ...


class TestLineage(LineageContract): ...


class TestPlans(PlansContract): ...


class TestPaths(PathContract): ...


class TestKeys(KeyContract): ...


class TestProperties(CatalogProperties): ...


class TestTime(AmbiguityContract, ExpiryContract):
    @pytest.fixture
    def clock(self) -> StandingClock:
        return StandingClock()

    @pytest.fixture
    def catalog(self, clock: StandingClock, tmp_path: Path) -> Catalog:
        return open_embedded(open_stores(tmp_path / "lake"), clock=clock)
