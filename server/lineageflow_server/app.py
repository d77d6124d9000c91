"""The server, put together: a skin over any Catalog."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Send
from starlette.types import Scope as Asked

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.routes import API_PREFIX, EVENT_BATCH_PATH, EVENTS_PATH
from lineageflow_server.access.browser import HostCheck, SecurityHeaders
from lineageflow_server.access.credentials import Credentials
from lineageflow_server.access.gate import HEALTH_PATH, Gate
from lineageflow_server.access.guard import guarded, needs
from lineageflow_server.access.login import login_routes
from lineageflow_server.access.places import fenced
from lineageflow_server.api.docs import docs_routes
from lineageflow_server.api.graphs import graphs_router
from lineageflow_server.api.intake import intake_router
from lineageflow_server.api.objects import objects_router
from lineageflow_server.api.operations import PlainRoute, operations_router
from lineageflow_server.api.preview import preview_router
from lineageflow_server.api.problems import add_problem_handlers
from lineageflow_server.api.stream import stream_router
from lineageflow_server.intake import Intake, through_intake
from lineageflow_server.live import LiveHub
from lineageflow_server.marquez.router import marquez_router
from lineageflow_server.openapi import describe
from lineageflow_server.pages import Page
from lineageflow_server.settings import Settings

VERSION = version("lineageflow-server")
_OPENAPI_URL = f"{API_PREFIX}/openapi.json"
_FOR_EVENTS = frozenset({API_PREFIX + EVENTS_PATH, API_PREFIX + EVENT_BATCH_PATH})


def create_app(catalog: Catalog, settings: Settings) -> FastAPI:
    """Returns the server of `catalog` as an ASGI application."""
    catalog = fenced(catalog, settings)
    intake = Intake(catalog.lineage, max_waiting=settings.max_waiting)
    catalog = through_intake(catalog, intake)
    events = intake_router(intake, max_body=settings.max_body, max_batch=settings.max_batch)
    hub = LiveHub(catalog)
    credentials = Credentials(settings.token, settings.login_code, catalog.tokens) if settings.token else None
    # The first of them sees a request first.
    middleware = [
        Middleware(SecurityHeaders),
        Middleware(HostCheck, settings=settings),
        Middleware(Gate, credentials=credentials),
    ]
    app = _App(
        title="LineageFlow",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=middleware,
    )
    app.state.live = hub  # which whoever stops the server closes
    add_problem_handlers(app)
    app.at_once = Starlette(
        routes=guarded(_at_once(events)),
        middleware=middleware,
        exception_handlers=app.exception_handlers,
    )
    app.router.routes += guarded(
        [
            *operations_router(catalog, max_body=settings.max_body).routes,
            *objects_router(catalog).routes,
            *preview_router(catalog).routes,
            *events.routes,
            *graphs_router(catalog).routes,
            *stream_router(hub).routes,
            *marquez_router(catalog).routes,
            Route(HEALTH_PATH, _health),
            *login_routes(credentials),
            *docs_routes(_OPENAPI_URL, app.openapi),
            Route("/{path:path}", _nothing, methods=["POST", "PUT", "PATCH", "DELETE"]),
            Mount("/", needs(Scope.READ)(Page(settings.page))),  # last, as it takes every address
        ]
    )
    return app


def _at_once(router: APIRouter) -> list[Route]:
    """Returns a router's routes, to be called without FastAPI.

    FastAPI describes them; to find and call one takes it as long as an event takes to be read and stored.
    """
    return [
        Route(route.path, route.endpoint, methods=[*(route.methods or ())])
        for route in router.routes
        if isinstance(route, PlainRoute)
    ]


def describe_api() -> dict[str, Any]:
    """Returns the API's OpenAPI document. No lake is needed for it."""
    nothing: Any = None
    catalog = Catalog(**dict.fromkeys(Catalog.__dataclass_fields__, nothing))
    return create_app(catalog, Settings(token=None)).openapi()


class _App(FastAPI):
    """FastAPI, behind what answers the most frequent of all requests without it: those that bring events."""

    at_once: Starlette

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        brings_events = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _FOR_EVENTS
        if brings_events:
            await self.at_once(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = describe(self)
        return self.openapi_schema


@needs(None)
def _nothing(_: Request) -> Response:
    raise HTTPException(405)  # whatever the scope: a mistyped address must not look like a matter of scopes


@needs(None)
def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "version": VERSION})
