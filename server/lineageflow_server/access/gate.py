"""The gate in front of everything: who is not known goes no further.

A program shows the token (`Authorization: Bearer`), a browser its session's cookie. Browsers send cookies
also for requests that another site caused, and reach loopback from any site, so a browser's request that
changes something must come from this server's own page.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lineageflow_core.errors import AccessDeniedError
from lineageflow_server.access.credentials import Credentials
from lineageflow_server.api.problems import problem_response

LOGIN_PATH = "/login"
HEALTH_PATH = "/healthz"

_OPEN_PATHS = frozenset({LOGIN_PATH, HEALTH_PATH})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """ASGI middleware. Without credentials everybody may pass, but still no other site's page."""

    def __init__(self, app: ASGIApp, credentials: Credentials | None) -> None:
        self._app = app
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope)) if scope["type"] == "http" else Response(status_code=403)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if request.url.path in _OPEN_PATHS:
            return None
        changes = request.method not in _READING
        if self._credentials is None:
            return _other_site() if changes and not _is_own_page(request.headers, if_unknown=True) else None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return None if self._credentials.is_token(token.strip()) else _unknown("the token is wrong")
        if self._credentials.is_session(request.cookies.get(self._credentials.cookie, "")):
            return _other_site() if changes and not _is_own_page(request.headers, if_unknown=False) else None
        if not changes and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(LOGIN_PATH, status_code=303)
        return _unknown("no token was shown")


def _is_own_page(headers: Headers, *, if_unknown: bool) -> bool:
    """Tells whether the request comes from this server's page; `if_unknown`: where a header does not say.

    Browsers say it themselves, in a header that pages cannot set
    (https://www.w3.org/TR/fetch-metadata/); those before 2023 only name the page's origin.
    """
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    if (origin := headers.get("origin")) is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return if_unknown


def _unknown(reason: str) -> Response:
    error = AccessDeniedError(
        f"{reason}; set LINEAGEFLOW_TOKEN to the token that `lineageflow up` printed (over HTTP it is "
        f"'Authorization: Bearer TOKEN'), or open {LOGIN_PATH} in a browser"
    )
    return problem_response(error, status=401, headers={"WWW-Authenticate": "Bearer"})


def _other_site() -> Response:
    return problem_response(
        AccessDeniedError("this request comes from the page of another site, or does not say")
    )
