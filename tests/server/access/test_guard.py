"""Every route there is, over a real port, with a token of each scope."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from lineageflow_server.access.gate import OPEN_PATHS
from lineageflow_server.access.guard import guarded, needed_by, needs
from lineageflow_server.app import create_app
from lineageflow_server.settings import Settings
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.routes import API_PREFIX, ROUTES, Verb
from tests.server.serving import TOKEN, served

ALLOWED = {
    Scope.INGEST: {Scope.INGEST},
    Scope.READ: {Scope.READ},
    Scope.WRITE: {Scope.INGEST, Scope.READ, Scope.WRITE},
    Scope.ADMIN: {Scope.INGEST, Scope.READ, Scope.WRITE, Scope.ADMIN},
}
"""What a token with a scope may call, by what that needs."""

INGESTING = {
    ("POST", "/api/v1/lineage"),
    ("POST", "/api/v1/lineage/batch"),
    ("POST", "/api/v1/lineage/events"),
}


def app_of(catalog: Catalog) -> FastAPI:
    return create_app(catalog, Settings(token=TOKEN))


def requests_of(routes: list[BaseRoute]) -> dict[tuple[str, str], Scope | None]:
    """Returns each method of each address that the routes answer, and what it needs."""
    found: dict[tuple[str, str], Scope | None] = {}
    for route in routes:
        assert isinstance(route, Route | Mount), f"{route} is guarded by nobody"
        methods = route.methods if isinstance(route, Route) else {"GET", "HEAD"}
        for method in sorted(methods or ()):
            # Of two routes that answer one request, the first does.
            found.setdefault((method, route.path or "/"), needed_by(route))
    return found


REQUESTS = requests_of(app_of(connect("memory:")).routes)


@pytest.fixture(scope="module")
def lake() -> Catalog:
    return connect("memory:")


@pytest.fixture(scope="module")
def secrets(lake: Catalog) -> dict[Scope, str]:
    return {
        scope: lake.tokens.create_token(f"for {scope}", scopes=[scope], author="ada").secret
        for scope in Scope
    }


@pytest.fixture(scope="module")
def client(lake: Catalog) -> Iterator[httpx2.Client]:
    with served(lake) as address, httpx2.Client(base_url=address, trust_env=False) as client:
        yield client


def ask(client: httpx2.Client, method: str, path: str, secret: str | None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    with client.stream(method, path.replace("{", "").replace("}", ""), headers=headers) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, None  # it has no end
        answer.read()
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code, answer.json() if is_problem and method != "HEAD" else None


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(
    "method, path", [each for each, needed in REQUESTS.items() if needed is not None], ids=str
)
def test_a_route_lets_through_who_has_its_scope_and_nobody_else(
    method: str, path: str, scope: Scope, client: httpx2.Client, secrets: dict[Scope, str]
) -> None:
    needed = REQUESTS[method, path]
    assert needed is not None
    status, problem = ask(client, method, path, secrets[scope])
    if needed in ALLOWED[scope]:
        assert status not in {401, 403}
        return
    assert 403 == status
    if method != "HEAD":
        assert ("scope_missing", {"needed": needed, "scopes": [scope]}) == (
            problem["kind"],
            problem["details"],
        )
        assert f"needs the scope '{needed}'" in problem["detail"]
        assert f"'for {scope}'" in problem["detail"]
        assert f"`lineageflow token create NAME --scope {needed}`" in problem["detail"]


@pytest.mark.parametrize("method, path", REQUESTS, ids=str)
def test_without_a_token_only_health_and_login_answer(method: str, path: str, client: httpx2.Client) -> None:
    answer = client.request(method, path)
    assert ("www-authenticate" in answer.headers) == (path not in OPEN_PATHS)
    assert 401 == answer.status_code or path in OPEN_PATHS


def test_every_route_declares_what_it_needs() -> None:
    unlimited = {path for (_, path), needed in REQUESTS.items() if needed is None}
    assert {*OPEN_PATHS, "/{path:path}"} == unlimited  # the last one answers nothing
    assert len(REQUESTS) > len(ROUTES)


def test_what_posts_events_is_all_that_an_ingesting_token_may_call() -> None:
    found = {request for request, needed in REQUESTS.items() if needed is Scope.INGEST}
    assert found == INGESTING & set(REQUESTS)
    assert ("POST", "/api/v1/lineage") in found


def test_only_tokens_and_what_folds_or_prunes_all_lineage_take_an_admin() -> None:
    found = {path for (_, path), needed in REQUESTS.items() if needed is Scope.ADMIN}
    tokens = {API_PREFIX + route.path for route in ROUTES if route.member == "tokens"}
    lineage = {f"{API_PREFIX}/lineage/{name}" for name in ("prunings", "verifications", "rebuilds")}
    assert tokens | lineage == found


def test_reading_is_enough_for_every_get_but_the_list_of_tokens() -> None:
    looking = {
        needed for (method, path), needed in REQUESTS.items() if method == "GET" and "/tokens" not in path
    }
    assert {Scope.READ, None} == looking


def test_the_table_and_the_routes_say_the_same() -> None:
    declared = {(str(route.verb), API_PREFIX + route.path): route.scope for route in ROUTES}
    assert declared == {request: REQUESTS[request] for request in declared}


def test_what_has_a_key_changes_something() -> None:
    assert [] == [route.name for route in ROUTES if route.has_key and route.scope is Scope.READ]
    assert [] == [route.name for route in ROUTES if route.verb is Verb.DELETE and route.scope is Scope.READ]


def test_the_description_tells_what_each_operation_needs() -> None:
    document = app_of(connect("memory:")).openapi()
    assert {"token": {"type": "http", "scheme": "bearer"}} == document["components"]["securitySchemes"]
    described = {
        (method.upper(), path): operation["security"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {request: [{"token": [REQUESTS[request]]}] for request in described}


def test_a_route_that_does_not_say_what_it_needs_is_not_served() -> None:
    def forgotten(_: Request) -> Response:
        return Response("everything")

    with pytest.raises(TypeError, match=r"forgotten.*declare that with @needs"):
        guarded([Route("/x", forgotten)])
    with pytest.raises(TypeError, match="declare that with @needs"):
        guarded([Mount("/x", Response("everything"))])


def test_a_revoked_token_opens_nothing_from_the_next_request_on(lake: Catalog, client: httpx2.Client) -> None:
    made = lake.tokens.create_token("short-lived", scopes=[Scope.READ], author="ada")
    assert 200 == ask(client, "GET", "/api/v1/repositories", made.secret)[0]
    lake.tokens.revoke_token(made.token.id, author="bob")
    status, problem = ask(client, "GET", "/api/v1/repositories", made.secret)
    assert (401, True) == (status, "'short-lived' was revoked" in problem["detail"])


def test_a_stream_of_events_ends_with_its_token() -> None:
    lake = connect("memory:")
    made = lake.tokens.create_token("live", scopes=[Scope.READ], author="ada")
    app = app_of(lake)

    @needs(Scope.READ)
    async def live(_: Request) -> Response:
        async def events() -> Any:
            for number in range(5):
                if number == 2:
                    lake.tokens.revoke_token(made.token.id, author="ada")
                yield f"data: {number}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    app.router.routes[:0] = guarded([Route("/live", live)])
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get("/live", headers={"Authorization": f"Bearer {made.secret}"})
    assert "data: 0\n\ndata: 1\n\n" == answer.text
