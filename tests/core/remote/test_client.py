import httpx2
import pytest

from lineageflow_core.errors import InvalidInputError, ServerUnreachableError
from lineageflow_core.remote.client import open_remote


def _lake(content: bytes, asked: list[httpx2.Request]) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=content)

    return httpx2.MockTransport(answer)


def test_what_was_not_given_is_not_sent() -> None:
    asked: list[httpx2.Request] = []
    lake = open_remote("http://lake.example", wire=_lake(b'{"items": []}', asked))
    lake.refs.list_refs("flights", prefix="v", after=None)
    assert "/api/v1/repositories/flights/refs?prefix=v" == asked[0].url.raw_path.decode()


def test_every_change_has_a_key_of_its_own() -> None:
    asked: list[httpx2.Request] = []
    ref = b'{"kind":"branch","name":"b","commit":"c","created_at":"2026-05-01T00:00:00Z",'
    lake = open_remote(
        "http://lake.example", wire=_lake(ref + b'"updated_at":"2026-05-01T00:00:00Z"}', asked)
    )
    for _ in range(2):
        lake.refs.create_branch("flights", "b", source="main", author="ada")
    assert 2 == len({request.headers["Idempotency-Key"] for request in asked})


def test_a_wrong_call_fails_as_in_this_process() -> None:
    lake = open_remote("http://lake.example", wire=_lake(b"", []))
    with pytest.raises(TypeError, match="missing a required argument: 'author'"):
        lake.refs.create_branch("flights", "b", source="main")  # type: ignore[call-arg]


def test_a_name_that_would_change_the_address_is_never_sent() -> None:
    asked: list[httpx2.Request] = []
    lake = open_remote("http://lake.example", wire=_lake(b"{}", asked))
    with pytest.raises(InvalidInputError):
        lake.refs.delete_branch("flights", "..", author="ada")
    assert [] == asked


def test_an_answer_that_does_not_fit_is_not_taken_for_one() -> None:
    lake = open_remote("http://lake.example", wire=_lake(b"<html>Please log in</html>", []))
    with pytest.raises(ServerUnreachableError, match="answered get_repository with something else"):
        lake.repositories.get_repository("flights")
