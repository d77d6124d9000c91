"""A remote lake over a real port: what gets lost on the way, what comes back as an error, and bytes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from blake3 import blake3

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import (
    AccessDeniedError,
    IntegrityError,
    InvalidInputError,
    LineageFlowError,
    ServerUnreachableError,
)
from lineageflow_core.model.change import put
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.remote.client import open_remote, remote_catalog
from lineageflow_core.remote.transport import Transport
from lineageflow_core.repository import Repository
from tests.server.flights import NAME, make_lake
from tests.server.serving import TOKEN, served


class LosingWire(httpx2.BaseTransport):
    """A network that carries requests out, and loses the first answers; then things happen meanwhile."""

    def __init__(self, losses: int, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._wire = httpx2.HTTPTransport()
        self._losses = losses
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._wire.handle_request(request)
        if self._losses > 0:
            self._losses -= 1
            response.read()
            response.close()
            self._meanwhile()
            raise httpx2.ReadError("the answer got lost")
        return response

    def close(self) -> None:
        self._wire.close()


@pytest.fixture(scope="module")
def embedded() -> Catalog:
    return make_lake()


@pytest.fixture(scope="module")
def address(embedded: Catalog) -> Iterator[str]:
    with served(embedded) as url:
        yield url


@pytest.fixture(scope="module")
def remote(address: str) -> Catalog:
    return open_remote(address, TOKEN)


def _over(wire: httpx2.BaseTransport, address: str) -> Catalog:
    return remote_catalog(Transport(address, token=TOKEN, wire=wire, pause=lambda _: None))


def test_a_commit_whose_answer_is_lost_is_one_commit(embedded: Catalog, address: str) -> None:
    ours, theirs = embedded.content.upload(NAME, [b"ours", b"theirs"])

    def edit() -> None:
        # Without the key, the retry would put our content back over theirs.
        embedded.history.commit(NAME, "main", [put("x", [theirs])], author="grace", message="theirs")

    lossy = _over(LosingWire(losses=2, meanwhile=edit), address)
    commit = lossy.history.commit(NAME, "main", [put("x", [ours])], author="ada", message="ours")
    newest = embedded.history.log(NAME, "main", limit=2).items
    assert ["theirs", commit.message] == [each.message for each in newest]
    assert commit == newest[1]


def test_a_branch_whose_answer_is_lost_is_no_error(address: str) -> None:
    lossy = _over(LosingWire(losses=1), address)
    assert "topic" == lossy.refs.create_branch(NAME, "topic", source="main", author="ada").name


def test_an_upload_whose_answer_is_lost_is_stored_once(embedded: Catalog, address: str) -> None:
    [entry] = _over(LosingWire(losses=3), address).content.upload(NAME, [b"bytes"])
    assert [] == embedded.content.missing(NAME, [entry.object_id])


def test_a_network_that_loses_everything_is_an_unreachable_server(address: str) -> None:
    with pytest.raises(ServerUnreachableError, match="the answer got lost"):
        _over(LosingWire(losses=100), address).refs.resolve(NAME, "main")


FAILURES: dict[str, Callable[[Catalog], object]] = {
    "an unknown ref": lambda lake: lake.refs.resolve(NAME, "nowhere"),
    "before the first commit": lambda lake: lake.refs.resolve(NAME, "main~~~~~~~~~"),
    "no ref": lambda lake: lake.refs.resolve(NAME, "a b"),
    "no time": lambda lake: lake.refs.resolve(NAME, "main@{yesterday}"),
    "an unknown repository": lambda lake: lake.repositories.get_repository("nowhere"),
    "a name that is taken": lambda lake: lake.repositories.create_repository(NAME, author="ada"),
    "an unknown path": lambda lake: lake.objects.get_object(NAME, "main", "nothing"),
    "no path": lambda lake: lake.objects.get_object(NAME, "main", "../etc"),
    "an empty page": lambda lake: lake.objects.list_objects(NAME, "main", limit=0),
    "the default branch": lambda lake: lake.refs.delete_branch(NAME, "main", author="ada"),
    "a missing object": lambda lake: lake.content.open(NAME, ObjectId("0" * 64)),
    "no object id": lambda lake: lake.content.open(NAME, ObjectId("0")),
}


@pytest.mark.parametrize("call", FAILURES.values(), ids=FAILURES)
def test_an_error_is_the_same_as_in_this_process(
    call: Callable[[Catalog], object], embedded: Catalog, remote: Catalog
) -> None:
    with pytest.raises(LineageFlowError) as here:
        call(embedded)
    with pytest.raises(here.type) as there:
        call(remote)
    expected = here.type, here.value.message, here.value.details
    assert expected == (there.type, there.value.message, there.value.details)


def test_without_the_token_nothing_is_answered(address: str) -> None:
    for token in (None, "wrong"):
        with pytest.raises(AccessDeniedError, match="lineageflow up"):
            open_remote(address, token).repositories.list_repositories()


def test_bytes_and_files_arrive_whole(remote: Catalog, tmp_path: Path) -> None:
    large = bytes(range(256)) * 20_000  # several chunks
    (tmp_path / "large").write_bytes(large)
    entries = remote.content.upload(NAME, [b"", b"small", tmp_path / "large", b"small"])
    assert [(blake3(each).hexdigest(), len(each)) for each in (b"", b"small", large, b"small")] == [
        (entry.object_id, entry.size) for entry in entries
    ]
    with remote.content.open(NAME, entries[2].object_id) as stream:
        stream.seek(5)
        assert large[5:] == stream.read()


def test_a_damaged_object_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    lake = connect(str(tmp_path / "lake"))
    repository = Repository(lake, NAME).create()
    content = bytes(12_000_000)  # too large to be checked before its first bytes are sent
    [entry] = lake.content.upload(NAME, [content])
    [stored] = tmp_path.rglob(f"*{entry.object_id[-60:]}")
    stored.chmod(0o600)
    with stored.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    with served(lake) as url, pytest.raises(IntegrityError):
        open_remote(url, TOKEN).content.open(repository.name, entry.object_id)


def test_a_file_that_is_not_there_is_invalid_input(remote: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        remote.content.upload(NAME, [tmp_path / "nothing"])


def test_what_the_server_has_is_not_sent_again(embedded: Catalog, address: str) -> None:
    sent: list[str] = []

    class Watching(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            sent.append(request.method)
            return super().handle_request(request)

    embedded.content.upload(NAME, [b"known"])
    _over(Watching(), address).content.upload(NAME, [b"known", b"sent"])
    # Where the repository's content lies, what is missing, and what was.
    assert ["GET", "POST", "PUT"] == sent


def test_the_handles_work_on_a_remote_lake(remote: Catalog) -> None:
    repository = Repository(remote, "weather", author="grace").create()
    repository.put("a/b.txt", b"sunny", message="first")
    assert b"sunny" == repository.read_bytes("a/b.txt")
