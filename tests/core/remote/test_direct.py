"""Bytes of a remote lake that go straight to the bucket, and what happens where they cannot."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.remote.client import open_remote
from lineageflow_core.repository import Repository
from tests.server.serving import TOKEN, served
from tests.servers.objectstores import Server, in_environment, s3


class CountingWire(httpx2.HTTPTransport):
    """Counts objects that are sent to the server and fetched from it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.fetched = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if "/objects/" in request.url.path:
            self.sent += request.method == "PUT"
            self.fetched += request.method == "GET"
        return super().handle_request(request)


@pytest.fixture(scope="module", autouse=True)
def store() -> Iterator[Server]:
    with s3() as server, in_environment(server.environment):
        yield server


@pytest.fixture(scope="module")
def lake() -> Catalog:
    return connect("memory:")


@pytest.fixture(scope="module")
def address(lake: Catalog, store: Server) -> Iterator[str]:
    with served(lake, storage_in=(store.url, "file:///", "memory://server")) as address:
        yield address


@pytest.fixture
def wire() -> CountingWire:
    return CountingWire()


def repository(catalog: Catalog, storage: str | None) -> Repository:
    repo = Repository(catalog, f"r-{uuid4().hex[:8]}", author="ada")
    catalog.repositories.create_repository(repo.name, author="ada", storage=storage)
    return repo


def test_bytes_go_straight_to_a_bucket_that_can_be_reached(
    address: str, store: Server, wire: CountingWire, tmp_path: Path
) -> None:
    large = os.urandom(9 << 20)
    (tmp_path / "large").write_bytes(large)
    repo = repository(open_remote(address, TOKEN, wire=wire), store.url)
    repo.put("small", b"small")
    repo.put("large", tmp_path / "large")
    assert (b"small", large) == (repo.read_bytes("small"), repo.read_bytes("large"))
    assert (0, 0) == (wire.sent, wire.fetched)


def test_bytes_go_through_the_server_where_that_is_wanted(
    address: str, store: Server, wire: CountingWire
) -> None:
    repo = repository(open_remote(address, TOKEN, direct=False, wire=wire), store.url)
    repo.put("small", b"small")
    assert b"small" == repo.read_bytes("small")
    assert (1, 1) == (wire.sent, wire.fetched)


def test_bytes_go_through_the_server_where_the_bucket_cannot_be_reached(
    address: str, lake: Catalog, store: Server, wire: CountingWire
) -> None:
    repo = repository(open_remote(address, TOKEN, wire=wire), store.url)
    Repository(lake, repo.name, author="ada").put("theirs", b"theirs")
    with in_environment({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}):
        # The server in this process has opened its bucket before; the client opens its own only now.
        repo.put("ours", b"ours")
        assert (b"ours", b"theirs") == (repo.read_bytes("ours"), repo.read_bytes("theirs"))
    assert (1, 2) == (wire.sent, wire.fetched)


def test_what_the_server_cannot_see_is_sent_to_it(
    address: str, lake: Catalog, store: Server, wire: CountingWire
) -> None:
    """The client means another storage by the same name, as with an endpoint of its own."""
    repo = repository(open_remote(address, TOKEN, wire=wire), store.url)
    theirs = Repository(lake, repo.name, author="ada")
    theirs.put("theirs", b"theirs")
    with s3() as other, in_environment(other.environment):
        repo.put("ours", b"ours")
        assert (b"ours", b"theirs") == (theirs.read_bytes("ours"), repo.read_bytes("theirs"))
    assert 1 == wire.sent


@pytest.mark.parametrize("storage", [None, "memory://server", "file:///tmp/of-the-server"])
def test_a_server_s_own_folder_is_not_taken_for_ours(
    address: str, wire: CountingWire, storage: str | None, tmp_path: Path
) -> None:
    place = f"file://{tmp_path}" if storage and storage.startswith("file") else storage
    repo = repository(open_remote(address, TOKEN, wire=wire), place)
    repo.put("a", b"a")
    assert (b"a", 1, 1) == (repo.read_bytes("a"), wire.sent, wire.fetched)


def test_an_upload_tells_how_far_it_is(address: str, store: Server, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(9 << 20))
    for direct in (True, False):
        catalog = open_remote(address, TOKEN, direct=direct)
        repo = repository(catalog, store.url)
        told: list[int] = []
        catalog.content.upload(repo.name, [b"12345", tmp_path / "large"], progress=told.append)
        assert (9 << 20) + 5 == sum(told)
        assert len(told) > 2
