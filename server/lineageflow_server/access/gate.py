"""The gate in front of everything: who is not known goes no further.

A program shows a token (`Authorization: Bearer`), a browser its session's cookie. Browsers send cookies
also for requests that another site caused, and reach loopback from any site, so a browser's request that
changes something must come from this server's own page. What a caller may do is asked behind it (`guard.py`).
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineageflow_core.errors import AccessDeniedError, LineageFlowError
from lineageflow_server.access.credentials import (
    ANYBODY,
    LOGIN_PATH,
    Caller,
    Credentials,
    UnknownCallerError,
)
from lineageflow_server.api.problems import problem_response

HEALTH_PATH = "/healthz"
OPEN_PATHS = frozenset({LOGIN_PATH, HEALTH_PATH})
"""For everybody."""
CALLER = "lineageflow.caller"
"""Where a request's scope has the Caller."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_EVENT_STREAM = "text/event-stream"


class Gate:
    """ASGI middleware. Without credentials everybody may pass, but still no other site's page."""

    def __init__(self, app: ASGIApp, credentials: Credentials | None) -> None:
        self._app = app
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await Response(status_code=403)(scope, receive, send)
        elif scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
        else:
            request = Request(scope)
            try:
                scope[CALLER] = await self._caller(request)
            except UnknownCallerError as error:
                await _unknown(request, error)(scope, receive, send)
            except LineageFlowError as error:
                await problem_response(error)(scope, receive, send)
            else:
                await self._app(scope, receive, self._while_known(request, send))

    async def _caller(self, request: Request) -> Caller:
        """Returns who a request is from. Raises UnknownCallerError, AccessDeniedError or StorageError."""
        credentials = self._credentials
        if credentials is None:
            return _from_own_page(request, ANYBODY, if_unknown=True)
        token = _bearer_token(request)
        if token is not None:
            return await credentials.of_token(token)
        session = await credentials.of_session(request.cookies.get(credentials.cookie, ""))
        return _from_own_page(request, session, if_unknown=False)

    def _while_known(self, request: Request, send: Send) -> Send:
        """Returns what sends an answer, and ends a stream of events once its caller is not known any more."""
        is_stream = False

        async def watched(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                kind = Headers(raw=message.get("headers", [])).get("content-type", "")
                is_stream = kind.startswith(_EVENT_STREAM)
            elif is_stream:
                try:
                    await self._caller(request)
                except LineageFlowError:  # or nobody can tell: then they ask anew, and are told that
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    raise OSError("the caller is not known any more") from None  # as if they had hung up
            await send(message)

        return watched


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _from_own_page(request: Request, caller: Caller, *, if_unknown: bool) -> Caller:
    """Returns the caller. Raises AccessDeniedError for a change that another site's page wants."""
    if request.method not in _READING and not _is_own_page(request.headers, if_unknown=if_unknown):
        raise AccessDeniedError("this request comes from the page of another site, or does not say")
    return caller


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


def _unknown(request: Request, error: UnknownCallerError) -> Response:
    shown = _bearer_token(request)
    if shown is None and request.method in _READING and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(LOGIN_PATH, status_code=303)
    # https://www.rfc-editor.org/rfc/rfc6750#section-3: a reason only for who showed something
    challenge = 'Bearer error="invalid_token"' if shown else "Bearer"
    return problem_response(error, status=401, headers={"WWW-Authenticate": challenge})
