import re

import pytest
from starlette.testclient import TestClient

from tests.server.serving import KNOWN, client_of


@pytest.fixture(scope="module")
def client() -> TestClient:
    client = client_of()
    client.headers.update(KNOWN)
    return client


def test_the_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert 3 == len(wanted)
    assert [200] * 3 == [client.get(address).status_code for address in wanted]
    assert "//" not in "".join(wanted)


def test_the_documentation_runs_under_the_pages_own_rules(client: TestClient) -> None:
    answer = client.get("/docs")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert [] == re.findall(r"<script>|<script [^>]*>[^<]", answer.text)


def test_the_documentation_describes_this_api(client: TestClient) -> None:
    [address] = re.findall(r"url: '([^']+)'", client.get("/docs/start.js").text)
    assert "/api/v1/repositories" in client.get(address).json()["paths"]
