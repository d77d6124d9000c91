"""Airflow's own REST API (v2), for what a task cannot ask of the Airflow that runs it: backfills and runs.

The connection is one of type HTTP: its host is the address of Airflow's pages, and login and password are a
user's, or the password alone is a token. Without a connection it is this Airflow itself, if it lets everybody
in. Nothing is asked while DAGs are parsed.

An Airflow that is busy, or just starting, is asked again a few times before a try is given up. A request may
be sent again if what it makes is named by who asks for it: by a run id, or by a key in the conf. What is not
so named is posted `once`: whoever asks for it looks whether it was done, before another try.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # so since 3.1
from airflow.sdk import BaseHook

from lineageflow_airflow.configuration import conf
from lineageflow_airflow.failures import AirflowException, AirflowFailException

DEFAULT_CONNECTION = "airflow_default"
ENDED = frozenset({"success", "failed"})
"""The states of a DAG run that is over."""

_TIMEOUT = 60.0
_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before it is asked again."""
_TOO_LATE, _TOO_MANY, _BROKEN = 408, 429, 500
_MOST = 100
"""So many of a list Airflow gives at once."""
_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """Airflow's API did not do what it was asked; `status` is that of HTTP."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


class AirflowApi:
    """An Airflow, as a program sees it that is none of its tasks."""

    def __init__(self, connection_id: str = DEFAULT_CONNECTION) -> None:
        self.connection_id = connection_id
        self.address, self._login, self._password = _look_up(connection_id)
        self._token: str | None = None

    def get(self, path: str, **query: Any) -> Any:
        """Returns what there is at a path behind `/api/v2`. Raises as `post`."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any], *, once: bool = False) -> Any:
        """Has something made at a path behind `/api/v2`; `once`: an Airflow in trouble is not asked again.

        Raises RefusedError where Airflow refuses it, AirflowException where it does not answer, and
        AirflowFailException where it does not let the connection in.
        """
        return self._ask("POST", path, once=once, json=dict(body))

    def all(self, path: str, key: str, **query: Any) -> Iterator[Any]:
        """Yields a whole list. Raises as `post`."""
        offset = 0
        while True:
            found = self.get(path, limit=_MOST, offset=offset, **query)
            yield from found[key]
            offset += len(found[key])
            if not found[key] or offset >= found["total_entries"]:
                return

    def page(self, dag_id: str, run_id: str | None = None) -> str:
        """Returns where people see a DAG, or a run of it."""
        return f"{self.address}/dags/{dag_id}" + (f"/runs/{run_id}" if run_id else "")

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = self._send(method, path, **request)
        if answer.status_code == 401 and not self._is_token:  # a token that was good until now
            self._token = None
            answer = self._send(method, path, **request)
        if answer.status_code in {401, 403}:
            raise AirflowFailException(
                f"{self.address} does not let the connection {self.connection_id!r} {method} {path} "
                f"({answer.status_code}): give it the login and password of a user who may, or a token as "
                "its password"
            )
        if not answer.is_success:
            raise RefusedError(answer.status_code, _said(answer))
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, **request: Any) -> Any:
        if self._token is None:
            self._token = self._password if self._is_token else self._new_token()
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._request(method, f"/api/v2{path}", headers=headers, **request)

    @property
    def _is_token(self) -> bool:
        return bool(self._password and not self._login)

    def _new_token(self) -> str:
        if self._login:
            said = {"username": self._login, "password": self._password}
            answer = self._request("POST", "/auth/token", json=said)
        else:
            answer = self._request("GET", "/auth/token")
        if not answer.is_success:
            raise AirflowFailException(
                f"{self.address} gives no token ({answer.status_code}): make a connection "
                f"{self.connection_id!r} of type HTTP to it, with the login and password of a user, or with "
                "a token as its password"
            )
        return str(answer.json()["access_token"])

    def _request(self, method: str, path: str, *, once: bool = False, **request: Any) -> Any:
        for pause in () if once else _PAUSES:
            try:
                return self._attempt(method, path, **request)
            except AirflowException as error:
                _log.warning("asked again in %g s: %s", pause, error)
                time.sleep(pause)
        return self._attempt(method, path, **request)

    def _attempt(self, method: str, path: str, **request: Any) -> Any:
        import httpx2

        is_here = self.address.partition("://")[2].startswith(("localhost", "127.0.0.1", "[::1]"))
        try:
            answer = httpx2.request(
                method, self.address + path, timeout=_TIMEOUT, trust_env=not is_here, **request
            )
        except httpx2.TransportError as error:
            raise AirflowException(f"{self.address} does not answer: {error}") from error
        if answer.status_code >= _BROKEN or answer.status_code in {_TOO_LATE, _TOO_MANY}:
            raise AirflowException(f"{self.address}: {answer.status_code} {_said(answer)}")
        return answer


def _look_up(connection_id: str) -> tuple[str, str | None, str | None]:
    try:
        found = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        if connection_id != DEFAULT_CONNECTION:
            raise
        own = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
        return own.rstrip("/"), None, None
    host = found.host or "localhost"
    if "://" not in host:
        host = f"{found.schema or 'http'}://{host}"
    address = f"{host.rstrip('/')}:{found.port}" if found.port else host.rstrip("/")
    return address, found.login or None, found.password or None


def _said(answer: Any) -> str:
    try:
        said = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return str(answer.text)[:500]
    return said if isinstance(said, str) else str(said)
