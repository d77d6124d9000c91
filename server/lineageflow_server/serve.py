"""Running a server for one lake, as `lineageflow up` does."""

import errno
import gc
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import uvicorn

from lineageflow_core.catalog import Tokens
from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.token import digest_of, is_secret
from lineageflow_server.access.credentials import LOGIN_PATH
from lineageflow_server.app import create_app
from lineageflow_server.settings import TOKEN_VARIABLE, load_settings

DEFAULT_PORT = 8765

_NEW_OBJECTS = 500_000
"""Until the collector of cycles looks at them: more than 3,200 events are that wait, of 3 KB, or one large
body. If all of them were in cycles, they would hold some 50 MB for longer."""
_IDLE_SECONDS = 75
"""How long a connection may be idle: longer than clients and proxies (60 s are common) keep one, or they send
a request just as it is closed."""
_GOODBYE_SECONDS = 5
"""How long requests may take to finish once the server was asked to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that takes requests."""

    url: str
    """What clients connect to."""
    page: str = field(repr=False)
    """What a browser opens; it logs in, once, where that is needed."""
    token: str | None = field(repr=False)
    """What programs show; None where nobody is asked."""


def serve(
    lake: str,
    *,
    announce: Callable[[Serving], None],
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = False,
    no_auth: bool = False,
) -> None:
    """Serves the lake at an address as `connect` takes it, until SIGINT or SIGTERM.

    `announce` is called once requests are taken. Without `port`, 8765 or, if that is taken, any free
    one. Raises InvalidInputError for a port that cannot be had, `no_auth` beyond loopback, or a token of the
    lake as the server's own.
    """
    settings = load_settings(host=host, no_auth=no_auth)
    listener = listen(host, port)
    with listener:
        catalog = connect(lake)
        _check_own(settings.token, catalog.tokens)
        url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"
        page = f"{url}{LOGIN_PATH}?token={settings.login_code}" if settings.login_code else url
        serving = Serving(url=url, page=page, token=settings.token)

        def ready() -> None:
            announce(serving)
            if open_browser:
                # Some browsers run in the terminal, and return when they are left.
                threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()

        app = create_app(catalog, settings)
        config = uvicorn.Config(
            app,
            # The log of accesses would hold the login code. Failures are logged all the same.
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_GOODBYE_SECONDS,
        )
        _look_for_cycles_seldom()
        # uvicorn stops gracefully, and then passes the signal on.
        with suppress(KeyboardInterrupt):
            _Server(config, ready, app.state.live.close).run(sockets=[listener])


def _check_own(token: str | None, tokens: Tokens) -> None:
    """Raises InvalidInputError for a token of the lake, which would get all rights on this server.

    It gets there easily: programs that connect find theirs in the same variable.
    """
    if token is None or not is_secret(token):
        return
    for found in tokens.recognize_tokens([digest_of(token)]).values():
        raise InvalidInputError(
            f"{TOKEN_VARIABLE} holds the lake's token {found.name!r}, which would get all rights on this "
            "server: unset it, and a token is made; or choose another one for the server"
        )


def _look_for_cycles_seldom() -> None:
    """Lets the collector look only at what came since now, and less often.

    All events that are being read, or wait, are in no cycle, and are freed when they are stored. Where the
    collector begins sooner than those are stored, it looks at each of them in vain, and more than once: that
    took a quarter of the time in which they are read and stored.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()  # or streams, which end by themselves never, would be waited for
        await super().shutdown(sockets)


def listen(host: str, port: int | None) -> socket.socket:
    """Returns a socket bound to a port; without `port`, 8765 or any free one. Raises InvalidInputError."""
    wanted = (DEFAULT_PORT, 0) if port is None else (port,)
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and number != wanted[-1]:
                continue
            raise InvalidInputError(
                f"cannot listen on {host} port {number}: {error.strerror}; choose another with --port, or "
                "leave it out to have a free one"
            ) from error
    raise AssertionError("the last one is returned or raises")


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. uvicorn writes an answer's head and body one after the other: left alone,
        # the system keeps the body until the client has acknowledged the head, which it delays by 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen()  # from now on the port is taken
    except OSError:
        listener.close()
        raise
    return listener


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
