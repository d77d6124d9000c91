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

from lineageflow_core.errors import AccessDeniedError, LineageFlowError, ServerUnreachableError
from lineageflow_core.model.secrets import is_header
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
_NEVER = frozenset({400, 413, 415, 422})
"""Statuses that say that the body will not be taken, however often it is sent."""
_FAILED = 500
"""What a receiver answers that an event makes fail, or that fails at everything."""
_ABOUT_SOME = _NEVER | {_FAILED}
"""Statuses that may be about some of the events only."""
_MOST_FAILED = 10
"""A receiver that fails at so many events, and took none, fails at everything."""

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


class _FailedAtError(ServerUnreachableError):
    """The receiver failed at one event, and may take others."""


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

        A batch that is refused, or that the receiver fails at, is sent again in halves, until it is known
        which events are meant: they hold up no others.

        Raises ServerUnreachableError where none was taken: there was no answer, or none that says what
        became of them. `details["retry_after"]` has the seconds that the receiver wants to be left alone.
        Raises AccessDeniedError where the credentials do not suffice.
        """
        failures: Failures = {}
        settled = failed = 0
        pending = [range(len(events))] if events else []
        while pending:
            part = pending.pop()
            try:
                found = self._send_part(events[part.start : part.stop])
            except _FailedAtError as error:
                failed += 1
                if not settled and (failed == _MOST_FAILED or not pending):
                    raise
                LOG.warning("%s. One event waits on, and holds up no others", error)
                failures[part.start] = Failure(reason=error.message, retriable=True)
            except LineageFlowError as error:
                if not settled:
                    raise
                later = Failure(reason=error.message, retriable=True)
                return failures | dict.fromkeys(range(part.start, len(events)), later)
            else:
                if found is None:
                    middle = (part.start + part.stop) // 2
                    pending += [range(middle, part.stop), range(part.start, middle)]
                    continue
                settled += len(part)
                failures |= {part.start + index: failure for index, failure in found.items()}
        return failures

    def close(self) -> None:
        """Ends the connections of this process; the next event opens one again."""
        opened, self._client = self._client, None
        if opened is not None:
            _close(opened[1], opened[0])

    def _send_part(self, events: Sequence[bytes]) -> Failures | None:
        """Sends some events in one request; returns those that were not taken, None if it takes several."""
        if not self._takes_batches:
            return self._send_event(events[0]) if len(events) == 1 else None
        body = gzip.compress(b"[" + b",".join(events) + b"]", compresslevel=_GZIP_LEVEL)
        answer = self._post(_BATCH_PATH, body, {"Content-Encoding": "gzip"})
        if answer.status_code in _ABSENT:
            self._takes_batches = False
            return self._send_part(events)
        if len(events) > 1 and answer.status_code in _ABOUT_SOME:
            return None
        if answer.status_code in _NEVER:
            return {0: Failure(reason=_reason(answer), retriable=False)}
        self._check(answer)
        return {} if answer.status_code == 204 else self._understand(answer, len(events))

    def _send_event(self, event: bytes) -> Failures:
        answer = self._post(_EVENT_PATH, event, {})
        if answer.status_code in _NEVER:
            return {0: Failure(reason=_reason(answer), retriable=False)}
        if answer.status_code in _ABSENT:
            self._takes_batches = True  # nothing is here at all: that said nothing about batches
        self._check(answer)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise self._unreachable("it answered with a page, as a proxy does")
        return {}

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
        kind = _FailedAtError if answer.status_code == _FAILED else ServerUnreachableError
        raise self._unreachable(_reason(answer), kind, retry_after=_retry_after(answer))

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> "httpx2.Response":
        import httpx2

        try:
            bearer = self._bearer()
        except Exception as error:  # whatever a provider of tokens raises, it may work later
            raise self._unreachable(f"there is no token to be had: {error}") from error
        if bearer and not is_header(bearer):
            raise self._unreachable("the token holds a line end, or a letter that no token has")
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

    def _unreachable(
        self, reason: str, kind: type[ServerUnreachableError] = ServerUnreachableError, **details: Any
    ) -> ServerUnreachableError:
        return kind(
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
