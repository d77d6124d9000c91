import pytest
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from tests.server.serving import KNOWN, TOKEN, client_of


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of(settings=Settings(token=TOKEN, allowed_hosts=("lake.example",)))


@pytest.mark.parametrize(
    "host, status",
    [
        ("127.0.0.1:8765", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:8765", 200),
        ("lake.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("", 421),
    ],
)
def test_a_server_answers_to_its_own_names_only(host: str, status: int, client: TestClient) -> None:
    assert status == client.get("/api/v1/repositories", headers={**KNOWN, "Host": host}).status_code


def test_a_star_allows_every_name() -> None:
    client = client_of(settings=Settings(token=TOKEN, host="0.0.0.0", allowed_hosts=("*",)))
    assert 200 == client.get("/api/v1/repositories", headers={**KNOWN, "Host": "any.example"}).status_code


@pytest.mark.parametrize("address", ["/api/v1/repositories", "/login", "/docs", "/nothing", "/healthz", "/"])
def test_every_answer_has_the_rules_for_browsers(address: str, client: TestClient) -> None:
    headers = client.get(address, headers=KNOWN).headers
    assert ("nosniff", "same-origin", "same-origin") == (
        headers["x-content-type-options"],
        headers["referrer-policy"],
        headers["cross-origin-resource-policy"],
    )
    assert {"default-src 'self'", "frame-ancestors 'self'", "object-src 'none'"} <= set(
        headers["content-security-policy"].split("; ")
    )


def test_no_other_site_may_read_an_answer(client: TestClient) -> None:
    answer = client.get("/api/v1/repositories", headers={**KNOWN, "Origin": "https://evil.example"})
    assert None is answer.headers.get("access-control-allow-origin")


def test_an_answer_of_the_api_is_not_kept(client: TestClient) -> None:
    assert "no-store" == client.get("/api/v1/repositories", headers=KNOWN).headers["cache-control"]
