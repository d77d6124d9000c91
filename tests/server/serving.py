"""Serving a lake to tests: in this process, or over a real port."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import uvicorn
from lineageflow_server.app import create_app
from lineageflow_server.serve import listen
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect

TOKEN = "a token that only tests know"
ADDRESS = "http://127.0.0.1:8765"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


def client_of(catalog: Catalog | None = None, settings: Settings | None = None) -> TestClient:
    """Returns a client without credentials of a server of `catalog`, or of an empty lake."""
    app = create_app(catalog or connect("memory:"), settings or Settings(token=TOKEN))
    return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False, follow_redirects=False)


def api_of(catalog: Catalog | None = None, settings: Settings | None = None) -> TestClient:
    """Returns a client that shows the token, and whose addresses start below the API's prefix."""
    client = client_of(catalog, settings)
    client.headers.update(KNOWN)
    client.base_url = httpx2.URL(f"{ADDRESS}/api/v1")
    return client


@contextmanager
def served(
    catalog: Catalog,
    *,
    import_from: tuple[str, ...] = ("file:///",),
    storage_in: tuple[str, ...] = ("file:///",),
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[str]:
    """Serves `catalog` on a port of this machine; gives the address. It may use this machine's files.

    `around` puts something between the network and the server, as a proxy is.
    """
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    with listen("127.0.0.1", 0) as listener:
        settings = Settings(token=TOKEN, import_from=import_from, storage_in=storage_in)
        config = uvicorn.Config(
            around(create_app(catalog, settings)), log_level="critical", timeout_graceful_shutdown=1
        )
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        assert started.wait(timeout=30)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)
