"""The contracts in which requests meet each other, kept by a server on PostgreSQL.

That its wire and its stores keep all the others, each by itself, is what `test_catalog.py` tries.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.testing.catalog.content import ContentContract
from lineageflow_core.testing.catalog.events import EventsContract
from lineageflow_core.testing.catalog.keys import KeyContract
from lineageflow_core.testing.catalog.lineage import LineageContract
from lineageflow_core.testing.catalog.live import LiveContract
from lineageflow_core.testing.catalog.merging import MergeContract
from lineageflow_core.testing.catalog.refs import RefsContract
from lineageflow_core.testing.catalog.transactions import TransactionsContract
from tests.contracts.lakes import behind_server_on_postgresql


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    folder = tmp_path_factory.mktemp("deployed")
    with behind_server_on_postgresql(folder, lambda: datetime.now(UTC)) as catalog:
        yield catalog


class TestRefs(RefsContract): ...


class TestMerges(MergeContract): ...


class TestContent(ContentContract): ...


class TestTransactions(TransactionsContract): ...


class TestLineage(LineageContract): ...


class TestEvents(EventsContract): ...


class TestLive(LiveContract): ...


class TestKeys(KeyContract): ...
