from pathlib import Path

import pytest
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from tests.server.serving import KNOWN, TOKEN, client_of


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("built") / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>LineageFlow</title>")
    (folder / "assets" / "index-4f2a.js").write_text("1")
    (folder.parent / "secret.txt").write_text("secret")
    client = client_of(settings=Settings(token=TOKEN, page=folder))
    client.headers.update(KNOWN)
    return client


@pytest.mark.parametrize("address", ["/", "/r/flights", "/r/flights/tree/main/raw/flights.csv", "/plans/1"])
def test_every_address_of_the_page_can_be_opened(address: str, client: TestClient) -> None:
    answer = client.get(address)
    assert (200, "<title>LineageFlow</title>", "no-cache") == (
        answer.status_code,
        answer.text,
        answer.headers["cache-control"],
    )


def test_an_asset_is_kept_for_ever(client: TestClient) -> None:
    answer = client.get("/assets/index-4f2a.js")
    assert (200, "private, max-age=31536000, immutable") == (
        answer.status_code,
        answer.headers["cache-control"],
    )


@pytest.mark.parametrize("address", ["/assets/index-old.js", "/api/v1/nothing", "/api/v2/x"])
def test_what_is_no_page_is_not_answered_with_one(address: str, client: TestClient) -> None:
    answer = client.get(address)
    assert (404, "not_found") == (answer.status_code, answer.json()["kind"])


@pytest.mark.parametrize(
    "address",
    [
        "/..%2Fsecret.txt",
        "/assets/..%2F..%2Fsecret.txt",
        "/%2E%2E/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5Csecret.txt",
        "//secret.txt",
        "/%00",
    ],
)
def test_no_address_leads_out_of_the_folder(address: str, client: TestClient) -> None:
    assert "secret" != client.get(address).text


def test_a_server_without_its_page_says_how_to_build_it(tmp_path: Path) -> None:
    client = client_of(settings=Settings(token=TOKEN, page=tmp_path / "nothing"))
    answer = client.get("/", headers=KNOWN)
    assert (503, True) == (answer.status_code, "npm run build" in answer.text)
