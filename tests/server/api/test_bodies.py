import gzip
import tracemalloc
import zlib

import pytest
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from tests.server.serving import TOKEN, api_of

LIMIT = 1000
EVENT = b'{"eventType": "START", "eventTime": "2026-05-01T00:00:00Z"}'


@pytest.fixture(scope="module")
def api() -> TestClient:
    return api_of(settings=Settings(token=TOKEN, max_body=LIMIT))


def _post(api: TestClient, body: bytes, encoding: str | None = None) -> tuple[int, str | None]:
    answer = api.post("/lineage", content=body, headers={"Content-Encoding": encoding} if encoding else {})
    return answer.status_code, answer.json().get("kind")


def test_an_event_is_taken_plain_or_packed(api: TestClient) -> None:
    taken = [_post(api, EVENT), _post(api, gzip.compress(EVENT), "gzip"), _post(api, EVENT, "identity")]
    assert [(201, None)] * 3 == taken


def test_the_same_event_packed_is_a_duplicate(api: TestClient) -> None:
    event = b'{"eventType": "START", "eventTime": "2026-05-02T00:00:00Z"}'
    reports = [
        api.post("/lineage", content=event).json(),
        api.post("/lineage", content=gzip.compress(event), headers={"Content-Encoding": "gzip"}).json(),
    ]
    assert [0, 1] == [report["duplicates"] for report in reports]


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(api: TestClient) -> None:
    assert (413, "invalid_input") == _post(api, gzip.compress(b" " * (LIMIT + 1)), "gzip")


def test_a_gzip_bomb_is_never_unpacked(api: TestClient) -> None:
    bomb = gzip.compress(bytes(900_000))
    assert len(bomb) <= LIMIT
    tracemalloc.start()
    try:
        _post(api, bomb, "gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000


def test_a_large_body_is_refused(api: TestClient) -> None:
    assert (413, "invalid_input") == _post(api, b" " * (LIMIT + 1))


@pytest.mark.parametrize(
    "body, encoding",
    [
        (b"plain", "gzip"),
        (gzip.compress(EVENT)[:-9], "gzip"),
        (zlib.compress(EVENT), "gzip"),
        (EVENT, "br"),
        (b"[]", None),
        (b"", None),
    ],
    ids=["not packed", "cut off", "deflate", "unknown", "no object", "empty"],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    body: bytes, encoding: str | None, api: TestClient
) -> None:
    assert (422, "invalid_input") == _post(api, body, encoding)
