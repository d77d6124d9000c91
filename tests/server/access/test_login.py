"""Logging in with the lake's tokens; the server's own, and its link, are in `test_gate.py`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import AccessDeniedError, StorageError
from lineageflow_core.model.token import Scope, Token
from tests.server.serving import KNOWN, TOKEN, client_of

API = "/api/v1/repositories"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def lake() -> Catalog:
    return connect("memory:")


@pytest.fixture
def client(lake: Catalog) -> TestClient:
    return client_of(lake)


def secret_of(lake: Catalog, *scopes: Scope, expires_at: datetime | None = None, name: str = "page") -> str:
    return lake.tokens.create_token(name, scopes=scopes, author="ada", expires_at=expires_at).secret


def test_a_session_may_do_what_its_token_may(lake: Catalog, client: TestClient) -> None:
    answer = client.post("/login", data={"token": f" {secret_of(lake, Scope.READ)}\n"})
    assert (303, "/") == (answer.status_code, answer.headers["location"])
    assert 200 == client.get(API).status_code
    refused = client.post(API, headers=OWN_PAGE, json={"repository": "x", "author": "ada"})
    assert (403, "scope_missing") == (refused.status_code, refused.json()["kind"])
    assert () == lake.repositories.list_repositories().items


def test_a_session_of_a_lakes_token_changes_things_from_its_own_page_only(
    lake: Catalog, client: TestClient
) -> None:
    client.post("/login", data={"token": secret_of(lake, Scope.WRITE)})
    wanted = {"repository": "x", "author": "ada"}
    assert 403 == client.post(API, headers={"Sec-Fetch-Site": "cross-site"}, json=wanted).status_code
    assert 200 == client.post(API, headers=OWN_PAGE, json=wanted).status_code


def test_a_session_ends_when_its_token_is_revoked(lake: Catalog, client: TestClient) -> None:
    client.post("/login", data={"token": secret_of(lake, Scope.READ)})
    [token] = lake.tokens.list_tokens().items
    lake.tokens.revoke_token(token.id, author="bob")
    answer = client.get(API)
    assert (401, True) == (answer.status_code, "'page' was revoked" in answer.json()["detail"])
    assert 303 == client.get("/", headers={"Accept": "text/html"}).status_code


def test_the_cookie_lasts_no_longer_than_the_token(lake: Catalog, client: TestClient) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    answer = client.post("/login", data={"token": secret_of(lake, Scope.READ, expires_at=soon)})
    [seconds] = re.findall(r"Max-Age=(\d+)", answer.headers["set-cookie"])
    assert 3500 < int(seconds) <= 3600


def test_the_cookie_holds_no_secret(lake: Catalog, client: TestClient) -> None:
    secret = secret_of(lake, Scope.READ)
    assert secret[12:] not in client.post("/login", data={"token": secret}).headers["set-cookie"]


def test_a_token_that_may_not_read_is_no_way_to_the_page(lake: Catalog, client: TestClient) -> None:
    secret = secret_of(lake, Scope.INGEST, name="<b>&")
    answer = client.post("/login", data={"token": secret})
    assert (403, None) == (answer.status_code, answer.headers.get("set-cookie"))
    assert "the token &#x27;&lt;b&gt;&amp;&#x27;: it may not read" in answer.text


def test_a_revoked_token_is_told_in_the_form(lake: Catalog, client: TestClient) -> None:
    secret = secret_of(lake, Scope.READ)
    [token] = lake.tokens.list_tokens().items
    lake.tokens.revoke_token(token.id, author="<script>")
    answer = client.post("/login", data={"token": secret})
    assert (401, None) == (answer.status_code, answer.headers.get("set-cookie"))
    assert "was revoked on" in answer.text
    assert "<script>" not in answer.text


def test_who_is_logged_in_may_log_in_with_another_token(lake: Catalog, client: TestClient) -> None:
    client.post("/login", data={"token": secret_of(lake, Scope.READ)})
    assert "<form" in client.get("/login").text
    client.post("/login", data={"token": TOKEN})
    assert 200 == client.get("/api/v1/tokens").status_code


def test_the_link_that_up_prints_gives_all_rights_also_to_who_is_logged_in_with_less(lake: Catalog) -> None:
    client = client_of(lake, Settings(token=TOKEN, login_code="the code of the link"))
    client.post("/login", data={"token": secret_of(lake, Scope.READ)})
    client.get("/login", params={"token": "the code of the link"})
    assert 200 == client.get("/api/v1/tokens").status_code


def failing(lake: Catalog, error: Exception) -> TestClient:
    class Failing:
        def recognize_tokens(self, digests: Sequence[str]) -> dict[str, Token]:
            raise error

    return client_of(replace(lake, tokens=Failing()), Settings(token=TOKEN))  # type: ignore[arg-type]


def test_a_database_that_is_down_is_no_wrong_token(lake: Catalog) -> None:
    client = failing(lake, StorageError("the database is down"))
    shown = {"Authorization": f"Bearer {secret_of(lake, Scope.READ)}"}
    answer = client.get(API, headers=shown)
    assert (503, "storage", "1") == (answer.status_code, answer.json()["kind"], answer.headers["retry-after"])
    assert 200 == client.get(API, headers=KNOWN).status_code  # the server's own needs no database


def test_a_database_that_refuses_the_server_is_no_wrong_token(lake: Catalog) -> None:
    client = failing(lake, AccessDeniedError("the database refuses the user"))
    answer = client.get(API, headers={"Authorization": f"Bearer {secret_of(lake, Scope.READ)}"})
    assert (403, "the database refuses the user") == (answer.status_code, answer.json()["detail"])
