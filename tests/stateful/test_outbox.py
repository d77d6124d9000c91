"""An outbox, used in any way by any number of processes, and a model of what it must hold."""

import gzip
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from lineageflow_core.errors import ServerUnreachableError, StorageFullError
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.delivery import deliver_all
from lineageflow_core.openlineage.outbox import Outbox
from lineageflow_core.openlineage.receiver import Receiver
from tests.core.openlineage.letters import an_event

URL = "http://lake.example"
LIMIT = 12 * len(canonical_json(an_event(0)))
FATES = ("taken", "taken", "refused", "later")


class Moody:
    """A receiver that does with each event what it is told to, and may lose its answer, or not be there."""

    def __init__(self) -> None:
        self.has: set[bytes] = set()
        self.fates: list[str] = ["taken"]
        self.trouble: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        trouble = self.trouble.pop() if self.trouble else ""
        if trouble == "away":
            return httpx2.Response(503)
        events = json.loads(gzip.decompress(request.content))
        failed: list[dict[str, Any]] = []
        for index, event in enumerate(events):
            fate = self.fates[index % len(self.fates)]
            if fate == "taken":
                self.has.add(digest_of(event))
            else:
                failed.append({"index": index, "reason": fate, "retriable": fate == "later"})
        if trouble == "lost":
            raise httpx2.ReadError("the connection broke")
        status = "partial_success" if failed else "success"
        return httpx2.Response(200, json={"status": status, "failed_events": failed})


class Outboxes(RuleBasedStateMachine):
    processes = Bundle("processes")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.receiver = Moody()
        self.kept: Counter[bytes] = Counter()
        """Every event that `put` has returned for, as often."""

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(target=processes)
    def first_process(self) -> Outbox:
        return Outbox(Path(self.folder.name), URL, limit=LIMIT)

    @rule(target=processes)
    def another_process(self) -> Outbox:
        return Outbox(Path(self.folder.name), URL + "/", limit=LIMIT)

    @rule(outbox=processes, number=st.integers(0, 9))
    def put(self, outbox: Outbox, number: int) -> None:
        event = an_event(number)
        held = sum(each.size for each in outbox.waiting()) + outbox.status().refused_bytes
        try:
            put = outbox.put(event)
        except StorageFullError:
            assert held + len(canonical_json(event)) > LIMIT
        else:
            self.kept[put.digest] += 1

    @rule(
        outbox=processes,
        fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=5),
        trouble=st.lists(st.sampled_from(["", "away", "lost"]), max_size=7),
    )
    def deliver(self, outbox: Outbox, fates: list[str], trouble: list[str]) -> None:
        self.receiver.fates, self.receiver.trouble = fates, trouble
        before = len(outbox.waiting())
        receiver = Receiver(URL, wire=httpx2.MockTransport(self.receiver))
        try:
            done = deliver_all(outbox, receiver, pause=lambda _: None)
        except ServerUnreachableError:
            assert before == len(outbox.waiting())
        else:
            assert before == done.delivered + done.refused + done.left
            assert done.left == len(outbox.waiting())

    @rule(outbox=processes)
    def readmit(self, outbox: Outbox) -> None:
        refused = outbox.status().refused
        assert refused == outbox.readmit()

    @invariant()
    def every_kept_event_waits_or_is_refused_or_is_at_the_receiver(self) -> None:
        outbox = Outbox(Path(self.folder.name), URL)
        waiting = Counter(each.digest for each in outbox.waiting())
        status = outbox.status()
        here = Counter(waiting)
        here.update(bytes.fromhex(name.split("-")[1]) for name in refused_names(outbox))
        for digest, number in self.kept.items():
            assert here[digest] == number or digest in self.receiver.has
            assert here[digest] <= number
        assert set(here) <= set(self.kept)
        assert (waiting.total(), here.total() - waiting.total()) == (status.waiting, status.refused)
        assert self.receiver.has <= set(self.kept)


def refused_names(outbox: Outbox) -> list[str]:
    return [path.name for path in (outbox.folder / "refused").glob("*.json")]


def digest_of(event: dict[str, Any]) -> bytes:
    return event_digest(canonical_json(event))


TestOutboxes = Outboxes.TestCase
