"""The contracts of the catalog, kept over a real port where every reply to a call with a key is lost once."""

from collections.abc import Iterator

import httpx2
import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.remote.client import remote_catalog
from lineageflow_core.remote.transport import Transport
from lineageflow_core.testing.catalog.cherry_picking import CherryPickContract
from lineageflow_core.testing.catalog.deciding import DecisionContract
from lineageflow_core.testing.catalog.history import HistoryContract
from lineageflow_core.testing.catalog.keys import KeyContract
from lineageflow_core.testing.catalog.merging import MergeContract
from lineageflow_core.testing.catalog.refs import RefsContract
from lineageflow_core.testing.catalog.repositories import RepositoriesContract
from lineageflow_core.testing.catalog.resetting import ResetContract
from lineageflow_core.testing.catalog.reverting import RevertContract
from lineageflow_core.testing.catalog.tokens import TokensContract
from lineageflow_core.wire.routes import KEY_HEADER
from tests.server.serving import TOKEN, served


class LosingWire(httpx2.HTTPTransport):
    """Loses the first reply to every call, after the server has done what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self._lost: set[str] = set()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        key = request.headers.get(KEY_HEADER)
        if key is None or request.url.path + key in self._lost:
            return response
        self._lost.add(request.url.path + key)
        response.read()
        response.close()
        raise httpx2.ReadError("the reply was lost", request=request)


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    with served(connect("memory:")) as address:
        yield remote_catalog(Transport(address, token=TOKEN, wire=LosingWire(), pause=lambda _: None))


class TestRepositories(RepositoriesContract): ...


class TestRefs(RefsContract): ...


class TestHistory(HistoryContract): ...


class TestMerges(MergeContract): ...


class TestDecisions(DecisionContract): ...


class TestCherryPicks(CherryPickContract): ...


class TestReverts(RevertContract): ...


class TestResets(ResetContract): ...


class TestTokens(TokensContract): ...


class TestKeys(KeyContract): ...
