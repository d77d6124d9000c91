import httpx2
import pytest
from blake3 import blake3

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.remote.client import open_remote

OBJECT_ID = ObjectId(blake3(b"promised").hexdigest())


def _lake_that_sends(content: bytes) -> Catalog:
    wire = httpx2.MockTransport(lambda _: httpx2.Response(200, content=content))
    return open_remote("http://lake.example", direct=False, wire=wire)


def test_what_has_the_digest_is_handed_on() -> None:
    with _lake_that_sends(b"promised").content.open("flights", OBJECT_ID) as stream:
        assert b"promised" == stream.read()


@pytest.mark.parametrize("content", [b"", b"promise", b"promisee", b"promised "])
def test_what_has_another_digest_is_never_handed_on(content: bytes) -> None:
    with pytest.raises(IntegrityError, match="has another digest"):
        _lake_that_sends(content).content.open("flights", OBJECT_ID)


def test_what_is_no_object_id_is_never_asked_for() -> None:
    with pytest.raises(InvalidInputError, match="is not an object id"):
        _lake_that_sends(b"").content.open("flights", ObjectId("../../runs"))
