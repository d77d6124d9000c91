"""A program that stands for an Airflow whose API operators ask."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


class Answering(BaseHTTPRequestHandler):
    """Answers requests in JSON, and says nothing of it."""

    def do_GET(self) -> None:
        self.get()

    def do_POST(self) -> None:
        self.post(json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"null"))

    def get(self) -> None:
        """Answers what asks for something."""
        raise NotImplementedError

    def post(self, body: Any) -> None:
        """Answers what has something done."""
        raise NotImplementedError

    def answer(self, status: int, body: Any) -> None:
        """Sends an answer."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # as it is there
        """Says nothing."""


@contextmanager
def airflow_answering(api: type[Answering], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has Airflow's default connection lead to a stand-in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), api) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        address = {"conn_type": "http", "host": "127.0.0.1", "port": server.server_port}
        monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_DEFAULT", json.dumps(address))
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
