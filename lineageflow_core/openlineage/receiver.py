"""`Receiver`: how events travel to a receiver of OpenLineage, and what its answers mean.

The one module that knows. Events go as the specification's batches (`spec/OpenLineage.yml`, POST
/lineage/batch: a JSON array; 204, or 200 and which ones failed). To a receiver that has no such address, as
many have not, they go one by one. Invariant: an event counts as taken only where the answer says so in the
specification's words; an answer that a proxy might have given does not.
"""

import gzip
import logging
import os
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from lineageflow_core.errors import AccessDeniedError, ServerUnreachableError
from lineageflow_core.openlineage.outbox import receiver_address

if TYPE_CHECKING:
    import httpx2

LOG = logging.getLogger("lineageflow.outbox")

_BATCH_PATH = "/api/v1/lineage/batch"
_EVENT_PATH = "/api/v1/lineage"
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_GZIP_LEVEL = 3
"""Higher ones take twice the time for little."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ABSENT = frozenset({404, 405, 501})
_TOO_LARGE = 413
_NEVER = frozenset({400, 415, 422, _TOO_LARGE})
"""Statuses that say that the body will not be taken, however often it is sent."""

Bearer = Callable[[], str | None]
"""Returns the whole value of the header Authorization, or None. It may ask a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the receiver did not take one event."""

    reason: str
    retriable: bool
    """It may take the event later, as it is."""


Failures = dict[int, Failure]
"""By the event's place in what was sent. All others were taken."""


class _FailedEvent(msgspec.Struct):
    index: int
    reason: str = "it was not said why"
    retriable: bool = False
    event_id: str | None = None
    """Of our own receiver: it was not understood, but it is stored, under this id."""


class _Summary(msgspec.Struct):
    received: int | None = None
    failed: int | None = None


class _BatchAnswer(msgspec.Struct):
    status: str
    summary: _Summary = msgspec.field(default_factory=_Summary)
    failed_events: list[_FailedEvent] = msgspec.field(default_factory=list)


class Receiver:
    """A receiver of events at one address; may be shared by threads, and survives a fork.

    `wire` replaces the network in tests.
    """

    def __init__(
        self, url: str, *, bearer: Bearer = lambda: None, wire: "httpx2.BaseTransport | None" = None
    ) -> None:
        self.url = receiver_address(url)
        self._bearer = bearer
        self._wire = wire
        self._takes_batches = True
        self._client: tuple[int, httpx2.Client] | None = None

    def send(self, events: Sequence[bytes]) -> Failures:
        """Sends events, each in JSON, and returns those that were not taken. What was taken is durable there.

        Raises ServerUnreachableError where none may have been: there was no answer, or none that says what
        became of them. `details["retry_after"]` has the seconds that the receiver wants to be left alone.
        Raises AccessDeniedError where the credentials do not suffice.
        """
        if not self._takes_batches:
            return self._send_singly(events)
        body = gzip.compress(b"[" + b",".join(events) + b"]", compresslevel=_GZIP_LEVEL)
        answer = self._post(_BATCH_PATH, body, {"Content-Encoding": "gzip"})
        if answer.status_code in _ABSENT:
            self._takes_batches = False
            return self._send_singly(events)
        if answer.status_code in _NEVER:
            return self._find_refused(events, answer)
        self._check(answer)
        return {} if answer.status_code == 204 else self._understand(answer, len(events))

    def close(self) -> None:
        """Ends the connections of this process; the next event opens one again."""
        opened, self._client = self._client, None
        if opened is not None:
            _close(opened[1], opened[0])

    def _find_refused(self, events: Sequence[bytes], answer: "httpx2.Response") -> Failures:
        """Sends a batch that was refused as a whole in halves, until it is known which events are meant."""
        if len(events) == 1:
            return {0: Failure(reason=_reason(answer), retriable=False)}
        middle = len(events) // 2
        first, second = self.send(events[:middle]), self.send(events[middle:])
        return first | {middle + index: failure for index, failure in second.items()}

    def _send_singly(self, events: Sequence[bytes]) -> Failures:
        failures: Failures = {}
        for index, event in enumerate(events):
            answer = self._post(_EVENT_PATH, event, {})
            if answer.status_code in _NEVER:
                failures[index] = Failure(reason=_reason(answer), retriable=False)
                continue
            if answer.status_code in _ABSENT:
                self._takes_batches = True  # nothing is here at all: that said nothing about batches
            self._check(answer)
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                raise self._unreachable("it answered with a page, as a proxy does")
        return failures

    def _understand(self, answer: "httpx2.Response", sent: int) -> Failures:
        try:
            said = msgspec.json.decode(answer.content, type=_BatchAnswer)
        except msgspec.MsgspecError as error:
            raise self._unreachable(f"its answer is none to a batch of events ({error})") from error
        failed = {each.index: each for each in said.failed_events}
        counted = (said.summary.received in {None, sent}, said.summary.failed in {None, len(failed)})
        if not all(counted) or not all(0 <= index < sent for index in failed):
            raise self._unreachable("its answer is about other events than those that were sent")
        for each in failed.values():
            if each.event_id is not None:
                LOG.warning("%s has an event that it does not understand: %s", self.url, each.reason)
        return {
            index: Failure(reason=each.reason, retriable=each.retriable)
            for index, each in failed.items()
            if each.event_id is None
        }

    def _check(self, answer: "httpx2.Response") -> None:
        """Raises where the answer is not that the body was taken."""
        if answer.is_success:
            return
        if answer.status_code in {401, 403}:
            raise AccessDeniedError(
                f"{self.url} does not take events with these credentials ({_reason(answer)}): mend the token",
                url=self.url,
            )
        raise self._unreachable(_reason(answer), retry_after=_retry_after(answer))

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> "httpx2.Response":
        import httpx2

        try:
            bearer = self._bearer()
        except Exception as error:  # whatever a provider of tokens raises, it may work later
            raise self._unreachable(f"there is no token to be had: {error}") from error
        headers = {**headers, "Content-Type": "application/json"}
        if bearer:
            headers["Authorization"] = bearer
        try:
            return self._open().post(self.url + path, content=body, headers=headers)
        except httpx2.TimeoutException as error:
            raise self._unreachable("it did not answer in time") from error
        except httpx2.TransportError as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    def _open(self) -> "httpx2.Client":
        """Returns this process's client: connections must not be shared with a forked parent."""
        process = os.getpid()
        if self._client is None or self._client[0] != process:
            import httpx2

            client = httpx2.Client(
                transport=self._wire,
                timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                # A proxy from the environment cannot reach this machine's own loopback.
                trust_env=urlsplit(self.url).hostname not in _LOOPBACK,
            )
            # Not at the end of the process, which may have something to send still.
            weakref.finalize(self, _close, client, process).atexit = False
            self._client = process, client
        return self._client[1]

    def _unreachable(self, reason: str, **details: Any) -> ServerUnreachableError:
        return ServerUnreachableError(
            f"{self.url} has not taken events: {reason}; check the address and that the receiver runs",
            url=self.url,
            **details,
        )


def bearer_of(token: str | None) -> Bearer:
    """Returns what shows a token that never changes."""
    return lambda: f"Bearer {token}" if token else None


def _reason(answer: "httpx2.Response") -> str:
    text = " ".join(answer.text[:500].split())
    return f"{answer.status_code} {text}".strip()


def _retry_after(answer: "httpx2.Response") -> float:
    """Returns what Retry-After says in seconds (RFC 9110, 10.2.3); a date counts as nothing."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _close(client: "httpx2.Client", process: int) -> None:
    if os.getpid() == process:
        client.close()
