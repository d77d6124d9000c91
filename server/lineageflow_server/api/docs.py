"""The API's documentation at /docs: Swagger UI from an installed package, as the internet may be missing."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

DOCS_PATH = "/docs"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>LineageFlow API</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<div id="api"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></html>
"""
_START = """SwaggerUIBundle({ url: %r, dom_id: "#api", deepLinking: true, validatorUrl: null });\n"""


def docs_routes(openapi_url: str) -> list[BaseRoute]:
    """Returns the routes of the documentation, which is made from the document at `openapi_url`."""

    def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    def start(_: Request) -> Response:
        return Response(_START % openapi_url, media_type="text/javascript")

    return [
        Route(DOCS_PATH, page),
        Route(f"{DOCS_PATH}/start.js", start),
        Mount(f"{DOCS_PATH}/files", StaticFiles(directory=str(files("fastapi_offline") / "static"))),
    ]
