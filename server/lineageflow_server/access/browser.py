"""Rules for browsers: which name the server may be called by, and what its pages may load.

A page of another site can point a name of its own at this machine and so read a server that only listens
on loopback (DNS rebinding); it cannot make the browser send another name. Hence the check of `Host`.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineageflow_core.errors import AccessDeniedError
from lineageflow_server.access.gate import HEALTH_PATH
from lineageflow_server.api.problems import problem_response
from lineageflow_server.caching import NOT_KEPT
from lineageflow_server.settings import HOSTS_VARIABLE, LOOPBACK, Settings

_HEADERS = {
    # The page's components set styles from scripts; everything else comes as files from this server.
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": NOT_KEPT,
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]


class SecurityHeaders:
    """ASGI middleware that adds the headers which an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}  # ASGI has them in lower case
                more = [header for header in _RAW_HEADERS if header[0] not in there]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HostCheck:
    """ASGI middleware that refuses a request for a name which is not the server's."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._allowed = {name.lower() for name in {*LOOPBACK, settings.host, *settings.allowed_hosts}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != HEALTH_PATH:
            name = _host_name(Headers(scope=scope).get("host", ""))
            if name not in self._allowed and "*" not in self._allowed:
                error = AccessDeniedError(
                    f"this server is not called {name[:200]!r}; if it should be, start it with "
                    f"{HOSTS_VARIABLE}={name[:200]}"
                )
                await problem_response(error, status=421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _host_name(host: str) -> str:
    """Returns the name in a Host header, without port and without the brackets of IPv6."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
