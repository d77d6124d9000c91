"""A receiver of OpenLineage events that fails on purpose, over a real port, as often as it is told to."""

import gzip
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lineageflow_core.openlineage.canonical import canonical_json, event_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None: what the specification says."""
    stores: bool = True
    drops: bool = False
    """The connection breaks before the answer."""
    waits: threading.Event | None = None
    """The answer comes after this."""


def unavailable(status: int = 503, *, retry_after: int = 0) -> Answer:
    return Answer(status=status, headers={"Retry-After": str(retry_after)}, body=b"", stores=False)


class FaultyReceiver:
    """What arrived, and what the next requests will get; when that is used up, all goes well."""

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.requests: list[tuple[str, dict[str, str], int]] = []
        """Path, headers and number of events of each."""
        self.stored: list[dict[str, Any]] = []
        """Each event as often as it was stored."""
        self.refuses: list[str] = []
        """Producers whose events will never be taken."""
        self.postpones: list[str] = []
        """Producers whose events are not taken now."""
        self.fails_at: list[str] = []
        """Producers with whose events a request fails as a whole."""
        self.takes_batches = True
        self.arrived = threading.Condition()
        self.url = ""

    @property
    def digests(self) -> list[bytes]:
        return [event_digest(canonical_json(event)) for event in self.stored]

    def wait_for_events(self, number: int) -> None:
        """Waits until so many different events are stored."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(set(self.digests)) >= number, timeout=60), self.requests

    def wait_for_requests(self, number: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= number, timeout=60)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Decides what becomes of a request, and stores its events if that is so."""
        is_batch = path.endswith("/batch")
        if is_batch and not self.takes_batches:
            return Answer(status=404, body=b"")
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        events = json.loads(body) if is_batch else [json.loads(body)]
        with self.arrived:
            answer = self.script.popleft() if self.script else Answer()
            self.requests.append((path, headers, len(events)))
            failed = []
            if any(event["producer"] in self.fails_at for event in events):
                answer = unavailable(500)
            if answer.stores:
                for index, event in enumerate(events):
                    if event["producer"] in self.refuses or event["producer"] in self.postpones:
                        later = event["producer"] in self.postpones
                        failed.append({"index": index, "reason": "not this", "retriable": later})
                    else:
                        self.stored.append(event)
            self.arrived.notify_all()
        if answer.body is not None:
            return answer
        if not is_batch:
            return Answer(status=422 if failed else answer.status, body=b"", drops=answer.drops)
        said = {
            "status": "partial_success" if failed else "success",
            "summary": {"received": len(events), "failed": len(failed)},
            "failed_events": failed,
        }
        return Answer(
            status=answer.status, body=json.dumps(said).encode(), drops=answer.drops, waits=answer.waits
        )


@contextmanager
def faulty_receiver(port: int = 0) -> Iterator[FaultyReceiver]:
    """Serves on a port of this machine."""
    receiver = FaultyReceiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(self.path, headers, body)
            if answer.waits is not None:
                answer.waits.wait(timeout=60)
            if answer.drops:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body or b"")))
            self.end_headers()
            self.wfile.write(answer.body or b"")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that has gone is no error."""

    with Server(("127.0.0.1", port), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
