"""One exchange with a server: sent, retried where that is safe, and its errors raised as what they are.

Every request that goes through here may be repeated (see `wire.routes`), so a lost connection, a timeout
or a server that is just starting is retried a few times, with pauses that grow and differ between clients.
httpx2 is imported when the first lake is opened, since most processes that import the core never need it.
"""

import os
import random
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lineageflow_core.errors import InvalidInputError, LineageFlowError, ServerUnreachableError
from lineageflow_core.model.secrets import is_header
from lineageflow_core.model.server_address import split_server_address
from lineageflow_core.wire.problem import decode_problem

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 120.0
"""Longer than a writer reasonably queues for its turn on a branch."""
_ATTEMPTS = 5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_TRANSIENT = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that can be made again."""

    verb: str
    path: str
    """Below the host, percent-encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Callable[[], bytes | Iterable[bytes]]
    """Gives the body anew for every attempt."""


class _TransientError(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, error: LineageFlowError, pause: float = 0.0) -> None:
        super().__init__(error.message)
        self.error = error
        self.pause = pause


class Transport:
    """A connection to one server; may be shared by threads, and survives a fork.

    `wire` replaces the network, and `pause` the waiting, in tests.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        peer: str | None = None,
        wire: "httpx2.BaseTransport | None" = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`peer`: what answers there, where it is another program than ours."""
        parts = split_server_address(url)
        if token is not None and not is_header(token):
            raise InvalidInputError(
                "the token holds a line end, or a letter that no token has: give the token, and nothing else"
            )
        self.url = url.rstrip("/")
        self._loopback = parts.hostname in _LOOPBACK
        self._token = token
        self._peer = peer
        self._wire = wire
        self._pause = pause
        self._client: tuple[int, httpx2.Client] | None = None

    def send(self, exchange: Exchange, read: "Callable[[httpx2.Response], T]") -> T:
        """Returns what `read` makes of the answer, whose body it streams if it wants to.

        Raises the error that the server tells of, or ServerUnreachableError.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._attempt(exchange, read)
            except _TransientError as failed:
                if attempt == _ATTEMPTS:
                    raise failed.error from failed.__cause__
                grown = _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)
                self._pause(min(max(grown, failed.pause), _LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, exchange: Exchange, read: "Callable[[httpx2.Response], T]") -> T:
        with self._answer(exchange) as response:
            if response.is_success:
                return read(response)
            error = decode_problem(response.read()) or self._no_lake(response)
            if response.status_code in _TRANSIENT:
                raise _TransientError(error, _retry_after(response))
            raise error

    @contextmanager
    def _answer(self, exchange: Exchange) -> "Iterator[httpx2.Response]":
        import httpx2

        client = self._open()
        request = client.build_request(
            exchange.verb,
            self.url + exchange.path,
            params=dict(exchange.query) or None,
            headers=dict(exchange.headers),
            content=exchange.body(),
        )
        try:
            response = client.send(request, stream=True)
            try:
                yield response
            finally:
                response.close()
        except httpx2.TimeoutException as error:
            raise _TransientError(self._unreachable("it did not answer in time")) from error
        except httpx2.TransportError as error:
            raise _TransientError(self._unreachable(str(error) or type(error).__name__)) from error

    def _open(self) -> "httpx2.Client":
        """Returns this process's client: connections must not be shared with a forked parent."""
        process = os.getpid()
        if self._client is None or self._client[0] != process:
            import httpx2

            client = httpx2.Client(
                transport=self._wire,
                timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
                # A proxy from the environment cannot reach this machine's own loopback.
                trust_env=not self._loopback,
            )
            weakref.finalize(self, _close, client, process)
            self._client = process, client
        return self._client[1]

    def _unreachable(self, reason: str) -> ServerUnreachableError:
        where, started = self.url, "that the server runs (`lineageflow up` starts one)"
        if self._peer is not None:
            where, started = f"{self._peer} at {self.url}", f"that {self._peer} runs"
        return ServerUnreachableError(
            f"no whole answer from {where}: {reason}; check the address and {started}", url=self.url
        )

    def _no_lake(self, response: "httpx2.Response") -> ServerUnreachableError:
        peer = self._peer or "a LineageFlow server"
        return ServerUnreachableError(
            f"{self.url} answered {response.status_code}, but not as {peer} does; "
            "check the address, and any proxy on the way",
            url=self.url,
            status=response.status_code,
        )


def _close(client: "httpx2.Client", process: int) -> None:
    if os.getpid() == process:
        client.close()


def _retry_after(response: "httpx2.Response") -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
