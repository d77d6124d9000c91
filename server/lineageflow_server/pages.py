"""The page: files that Vite built, served so that every address of the page can be opened and reloaded."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from lineageflow_server.caching import ASK_AGAIN, FOREVER

_INDEX = "index.html"
_ASSETS = "assets/"
"""Where Vite puts files that have their content's hash in their name."""
_NOT_BUILT = """LineageFlow is running, but its page is not built.

Build it with `npm ci && npm run build` in server/web, then reload. The API works without: see /docs.
"""


class Page(StaticFiles):
    """The files in a folder, and `index.html` for every address that the page itself understands."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._index = folder / _INDEX

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._index.is_file():
            await super().__call__(scope, receive, send)
        elif _is_address(scope):
            await PlainTextResponse(_NOT_BUILT, status_code=503)(scope, receive, send)
        else:
            raise HTTPException(404)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_address(scope):
                raise
            path, response = _INDEX, await super().get_response(_INDEX, scope)
        response.headers["Cache-Control"] = FOREVER if path.startswith(_ASSETS) else ASK_AGAIN
        return response


def _is_address(scope: Scope) -> bool:
    """Tells whether a browser asks for a page, and not a program for something that is not there."""
    return scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith(("/api/", f"/{_ASSETS}"))
