import pytest
from blake3 import blake3
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from tests.server.flights import NAME, make_lake
from tests.server.serving import api_of

CONTENT = b"<script>alert(1)</script>"
OBJECT_ID = blake3(CONTENT).hexdigest()
ADDRESS = f"/repositories/{NAME}/objects/{OBJECT_ID}"


@pytest.fixture(scope="module")
def lake() -> Catalog:
    return make_lake()


@pytest.fixture(scope="module")
def api(lake: Catalog) -> TestClient:
    return api_of(lake)


@pytest.fixture
def stored(lake: Catalog) -> None:
    lake.content.upload(NAME, [CONTENT])


@pytest.mark.usefixtures("stored")
def test_bytes_come_back_and_may_be_kept_for_ever(api: TestClient) -> None:
    answer = api.get(ADDRESS)
    assert (200, CONTENT, f'"{OBJECT_ID}"', "private, max-age=31536000, immutable") == (
        answer.status_code,
        answer.content,
        answer.headers["etag"],
        answer.headers["cache-control"],
    )


@pytest.mark.usefixtures("stored")
def test_bytes_are_saved_and_never_shown_as_a_page(api: TestClient) -> None:
    headers = api.get(ADDRESS, params={"name": 'reports/día "1".html'}).headers
    assert (
        "application/octet-stream",
        "nosniff",
        "sandbox; default-src 'none'",
        "attachment; filename*=UTF-8''d%C3%ADa%20%221%22.html",
    ) == (
        headers["content-type"],
        headers["x-content-type-options"],
        headers["content-security-policy"],
        headers["content-disposition"],
    )


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "../../etc/passwd", "..\\..\\x", ""])
def test_a_hostile_file_name_stays_a_file_name(name: str, api: TestClient) -> None:
    answer = api.get(ADDRESS, params={"name": name})
    file_name = answer.headers["content-disposition"].removeprefix("attachment; filename*=UTF-8''")
    assert (200, None) == (answer.status_code, answer.headers.get("set-cookie"))
    assert "" != file_name
    assert set() == {"/", "\\"} & set(file_name)


@pytest.mark.usefixtures("stored")
def test_what_a_client_has_is_not_sent_again(api: TestClient) -> None:
    answer = api.get(ADDRESS, headers={"If-None-Match": f'"{OBJECT_ID}"'})
    assert (304, b"") == (answer.status_code, answer.content)


def test_an_object_is_stored_under_its_digest(lake: Catalog, api: TestClient) -> None:
    content = b"x" * 3_000_000
    digest = blake3(content).hexdigest()
    assert 204 == api.put(f"/repositories/{NAME}/objects/{digest}", content=content).status_code
    assert content == lake.content.open(NAME, digest).read()  # type: ignore[arg-type]


def test_bytes_with_another_digest_are_refused_and_not_stored(lake: Catalog, api: TestClient) -> None:
    wrong = blake3(b"promised").hexdigest()
    answer = api.put(f"/repositories/{NAME}/objects/{wrong}", content=b"delivered")
    assert (422, "invalid_input") == (answer.status_code, answer.json()["kind"])
    assert [wrong] == lake.content.missing(NAME, [wrong])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "path, status, kind",
    [
        (f"/repositories/{NAME}/objects/{'0' * 64}", 404, "object_missing"),
        (f"/repositories/{NAME}/objects/..%2F..%2Fetc%2Fpasswd", 404, "not_found"),
        (f"/repositories/{NAME}/objects/ABC", 422, "invalid_input"),
        (f"/repositories/nowhere/objects/{OBJECT_ID}", 404, "repository_not_found"),
    ],
    ids=["missing", "traversal", "no id", "no repository"],
)
def test_what_is_not_there_has_a_clear_answer(path: str, status: int, kind: str, api: TestClient) -> None:
    answer = api.get(path)
    assert (status, kind) == (answer.status_code, answer.json()["kind"])
