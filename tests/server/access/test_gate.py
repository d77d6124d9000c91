import re

import pytest
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient, WebSocketDenialResponse

from tests.server.serving import ADDRESS, KNOWN, TOKEN, client_of

CODE = "the code of the link"
API = "/api/v1/repositories"
CHANGE = f"{API}/nowhere/transactions/expire"
"""A call that would change something; who may make it hears that there is no such repository."""
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of()


@pytest.fixture(scope="module")
def logged_in() -> TestClient:
    client = client_of()
    client.post("/login", data={"token": TOKEN})
    return client


@pytest.fixture(scope="module")
def open_to_all() -> TestClient:
    return client_of(settings=Settings(token=None))


@pytest.fixture
def fresh() -> TestClient:
    """A server whose login code was not used yet."""
    return client_of(settings=Settings(token=TOKEN, login_code=CODE))


@pytest.mark.parametrize(
    "address", [API, "/api/v1/openapi.json", "/docs", "/docs/files/swagger-ui.css", "/", "/assets/x.js"]
)
@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Cookie": "lineageflow=1"},
    ],
    ids=["nothing", "wrong", "empty", "basic", "longer", "cookie"],
)
def test_who_is_not_known_gets_nothing(address: str, shown: dict[str, str], client: TestClient) -> None:
    answer = client.get(address, headers=shown)
    wrong = re.fullmatch("Bearer .+", shown.get("Authorization", ""))
    assert (401, "access_denied", 'Bearer error="invalid_token"' if wrong else "Bearer") == (
        answer.status_code,
        answer.json()["kind"],
        answer.headers["www-authenticate"],
    )


def test_the_token_opens_everything(client: TestClient) -> None:
    assert 200 == client.get(API, headers=KNOWN).status_code
    assert 404 == client.post(CHANGE, headers=KNOWN).status_code


def test_health_is_for_everybody(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"Host": "10.0.0.7:8765"})
    assert (200, "ok") == (answer.status_code, answer.json()["status"])


def test_a_browser_without_session_is_led_to_the_login(client: TestClient) -> None:
    answer = client.get("/r/flights", headers={"Accept": "text/html,*/*"})
    assert (303, "/login") == (answer.status_code, answer.headers["location"])


def test_a_session_reads(logged_in: TestClient) -> None:
    assert 200 == logged_in.get(API).status_code


@pytest.mark.parametrize(
    "headers, status",
    [
        (OWN_PAGE, 404),
        ({"Origin": ADDRESS}, 404),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ADDRESS}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
    ids=["own", "own origin", "cross", "other port", "typed", "evil", "neighbour", "sandbox", "unknown"],
)
def test_a_session_changes_things_from_its_own_page_only(
    headers: dict[str, str], status: int, logged_in: TestClient
) -> None:
    assert status == logged_in.post(CHANGE, headers=headers).status_code


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 404),
        (OWN_PAGE, 404),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
    ids=["program", "own", "cross", "evil"],
)
def test_without_authentication_other_sites_still_change_nothing(
    headers: dict[str, str], status: int, open_to_all: TestClient
) -> None:
    assert status == open_to_all.post(CHANGE, headers=headers).status_code


def test_the_links_code_logs_in_once(fresh: TestClient) -> None:
    first = fresh.get("/login", params={"token": CODE})
    cookie = first.headers["set-cookie"]
    assert (303, "/") == (first.status_code, first.headers["location"])
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.lower().split("; "))
    assert 200 == fresh.get(API).status_code

    fresh.cookies.clear()
    again = fresh.get("/login", params={"token": CODE})
    assert (401, None) == (again.status_code, again.headers.get("set-cookie"))


def test_a_used_link_still_leads_who_is_logged_in_to_the_page(fresh: TestClient) -> None:
    for _ in range(2):
        answer = fresh.get("/login", params={"token": CODE})
    assert (303, "/") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("code", ["", "wrong", TOKEN])
def test_a_wrong_code_logs_nobody_in(code: str, fresh: TestClient) -> None:
    answer = fresh.get("/login", params={"token": code})
    assert (401, None) == (answer.status_code, answer.headers.get("set-cookie"))


@pytest.mark.parametrize("token", ["", "wrong", CODE])
def test_a_wrong_token_in_the_form_logs_nobody_in(token: str, client: TestClient) -> None:
    answer = client.post("/login", data={"token": token})
    assert (401, None) == (answer.status_code, answer.headers.get("set-cookie"))


def test_a_form_larger_than_a_token_is_refused(client: TestClient) -> None:
    assert 413 == client.post("/login", content=b"token=" + b"x" * 10_000).status_code


def test_a_websocket_is_not_a_way_in(client: TestClient) -> None:
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/api/v1/x"):
        pass
