"""A lake for a test: in a folder, or behind a server where only what a worker installs is installed."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lineageflow_core import Lake, connect

PYTHON = "LF_PYTHON"
"""Names the Python of an environment that has the server."""

Connection = dict[str, str]
"""An Airflow connection, as AIRFLOW_CONN_... has it."""


@contextmanager
def open_lake(folder: Path) -> Iterator[tuple[Lake, Connection]]:
    """Opens the lake in a folder that may be none yet; gives it with the connection that leads to it."""
    if find_spec("lineageflow_server") is None:
        with _served_elsewhere(folder) as opened:
            yield opened
    else:
        yield connect(str(folder)), {"conn_type": "lineageflow", "host": str(folder)}


@contextmanager
def serve_lake(lake: Lake, connection: Connection) -> Iterator[Connection]:
    """Serves a lake, if that is not done yet; gives the connection that leads to the server."""
    if connection["host"].startswith("http"):
        yield connection
        return
    from tests.server.serving import TOKEN, served

    with served(lake) as address:
        yield {"conn_type": "lineageflow", "host": address, "password": TOKEN}


@contextmanager
def _served_elsewhere(folder: Path) -> Iterator[tuple[Lake, Connection]]:
    connection = _toggle(folder)
    try:
        yield connect(connection["host"], token=connection["password"]), connection
    finally:
        _toggle(folder)


def _toggle(folder: Path) -> Connection:
    """Has the lake in a folder served, or no longer; returns the connection that leads to it."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{folder}\n")
    server.stdin.flush()
    connection: Connection = json.loads(server.stdout.readline())
    return connection


@cache
def _server() -> "subprocess.Popen[str]":
    """Returns the process that serves all lakes of this one, and that ends with it."""
    command = [os.environ[PYTHON], "-m", "tests.integrations.airflow.lakes_elsewhere"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
