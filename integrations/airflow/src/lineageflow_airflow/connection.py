"""The connection that says which lake an Airflow works with, and the lake, opened once for each process.

Where no connection is named it is `lineageflow_default`; where Airflow has none of that name, it is the lake
of `LINEAGEFLOW_LAKE` and `LINEAGEFLOW_TOKEN`, as everywhere else in LineageFlow.
"""

import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # so since 3.1
from airflow.sdk import BaseHook

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.location import TOKEN_VARIABLE, VARIABLE, check_lake, lake_address

CONNECTION_TYPE = "lineageflow"
DEFAULT_CONNECTION = "lineageflow_default"

_FRESH = 60.0
"""For how many seconds a process that lives on, such as the API server, believes what a connection said."""
_USER = re.compile(r"(?<=://)[^/?#]*@")
"""Who asks, and the password, in an address; a page's is shown to others, and kept in events and logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeConnection:
    """What a connection says."""

    address: str
    """Of the lake, as `lineageflow_core.connect` takes it: a server's URL, or a folder."""
    token: str | None = field(default=None, repr=False)
    """The bearer token for a server."""
    repository: str | None = None
    """The repository of those who name none."""
    page: str | None = None
    """Where people open the lake's page, if that is not the server's own address."""
    outbox: str | None = None
    """A folder on each worker where lineage waits while the server cannot take it."""

    @property
    def page_url(self) -> str | None:
        """Where people open the lake's page, each as himself; None where nobody serves one."""
        found = self.page or (self.address if self.address.startswith(("http://", "https://")) else None)
        return _USER.sub("", found).rstrip("/") if found else None


def connection_of(connection_id: str | None = None) -> LakeConnection:
    """Returns what a connection says; asks Airflow at most once a minute.

    Raises AirflowNotFoundException if it is named and not there, and InvalidInputError if it says too little.
    """
    known = _connections.get((os.getpid(), connection_id))
    if known is not None and time.monotonic() - known[0] < _FRESH:
        return known[1]
    found = _look_up(connection_id)
    _connections[os.getpid(), connection_id] = (time.monotonic(), found)
    return found


def lake_of(connection_id: str | None = None) -> Catalog:
    """Returns the lake of a connection, opened once for each process.

    Raises as `connection_of`, and NotFoundError if the lake is a folder that is none.
    """
    said = connection_of(connection_id)
    key = (os.getpid(), said.address, said.token, said.outbox)  # a forked child opens its own
    with _opening:
        if key not in _lakes:
            check_lake(said.address)
            _lakes[key] = connect(said.address, token=said.token, outbox=said.outbox)
        return _lakes[key]


def parse_connection(connection: Any) -> LakeConnection:
    """Returns what an Airflow connection says. Raises InvalidInputError if it names no lake."""
    extra: Mapping[str, Any] = connection.extra_dejson
    return LakeConnection(
        address=_address(connection),
        token=connection.password or None,
        **{name: extra.get(name) or None for name in ("repository", "page", "outbox")},
    )


def forget_connections() -> None:
    """Forgets what connections said, and which lakes are open: for tests, and after a connection changed."""
    _connections.clear()
    _lakes.clear()


_connections: dict[tuple[int, str | None], tuple[float, LakeConnection]] = {}
_lakes: dict[tuple[int, str, str | None, str | None], Catalog] = {}
_opening = threading.Lock()


def _look_up(connection_id: str | None) -> LakeConnection:
    try:
        return parse_connection(BaseHook.get_connection(connection_id or DEFAULT_CONNECTION))
    except AirflowNotFoundException:
        if connection_id not in {None, DEFAULT_CONNECTION}:
            raise
    address = lake_address(None, os.environ, Path.cwd())
    return LakeConnection(address=address, token=os.environ.get(TOKEN_VARIABLE))


def _address(connection: Any) -> str:
    host, port, scheme = connection.host, connection.port, connection.schema
    if not host:
        raise InvalidInputError(
            f"the connection {connection.conn_id!r} names no lake: its host is to be the URL of a server "
            f"(https://lake.example), or a folder; or remove it, and set {VARIABLE}"
        )
    if "://" not in host and scheme in {"http", "https"}:
        host = f"{scheme}://{host}"
    return f"{host.rstrip('/')}:{port}" if port and "://" in host else str(host)
