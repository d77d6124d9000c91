"""The API's documentation at /docs: Swagger UI from an installed package, as the internet may be missing."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from lineageflow_core.model.token import Scope
from lineageflow_server.access.guard import needs

DOCS_PATH = "/docs"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>LineageFlow API</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<div id="api"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></html>
"""
_START = """SwaggerUIBundle({ url: %r, dom_id: "#api", deepLinking: true, validatorUrl: null });\n"""


def docs_routes(openapi_url: str, describe: Callable[[], dict[str, Any]]) -> list[BaseRoute]:
    """Returns the routes of the documentation, and of the OpenAPI document that it is made from."""

    @needs(Scope.READ)
    def document(_: Request) -> Response:
        return JSONResponse(describe())

    @needs(Scope.READ)
    def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    @needs(Scope.READ)
    def start(_: Request) -> Response:
        return Response(_START % openapi_url, media_type="text/javascript")

    swagger = StaticFiles(directory=str(files("fastapi_offline") / "static"))
    return [
        Route(openapi_url, document),
        Route(DOCS_PATH, page),
        Route(f"{DOCS_PATH}/start.js", start),
        Mount(f"{DOCS_PATH}/files", needs(Scope.READ)(swagger)),
    ]
