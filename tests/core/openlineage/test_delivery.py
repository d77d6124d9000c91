"""From the outbox to the receiver, batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core.errors import ServerUnreachableError
from lineageflow_core.openlineage import delivery
from lineageflow_core.openlineage.delivery import batches, deliver_all
from lineageflow_core.openlineage.outbox import Outbox
from lineageflow_core.openlineage.receiver import Receiver
from tests.core.openlineage.letters import an_event
from tests.servers.receivers import Answer, FaultyReceiver, faulty_receiver, unavailable


@pytest.fixture
def faulty() -> Iterator[FaultyReceiver]:
    with faulty_receiver() as receiver:
        yield receiver


@pytest.fixture
def outbox(tmp_path: Path, faulty: FaultyReceiver) -> Outbox:
    return Outbox(tmp_path / "outbox", faulty.url)


def test_all_that_waits_is_delivered_once_and_in_order(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH_EVENTS", 5)
    events = [an_event(number) for number in range(11)]
    for event in events:
        outbox.put(event)
    done = deliver_all(outbox, Receiver(faulty.url))
    assert (11, 0, 0) == (done.delivered, done.refused, done.left)
    assert events == faulty.stored
    assert [5, 5, 1] == [number for _, _, number in faulty.requests]
    assert [] == outbox.waiting()


def test_a_batch_holds_few_large_events(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH_BYTES", 10_000)
    for number in range(5):
        outbox.put(an_event(number, padding="x" * 4000))
    outbox.put(an_event(6, padding="x" * 20_000))
    assert [2, 2, 1, 1] == [len(batch) for batch in batches(outbox, outbox.waiting())]


def test_what_somebody_else_delivered_meanwhile_is_left_out(outbox: Outbox) -> None:
    first, second = outbox.put(an_event(1)), outbox.put(an_event(2))
    outbox.remove([first])
    assert [[second]] == [[letter.waiting for letter in batch] for batch in batches(outbox, [first, second])]


def test_what_is_refused_for_good_is_set_aside_and_holds_nothing_up(
    outbox: Outbox, faulty: FaultyReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.refuses, faulty.postpones = ["bad"], ["later"]
    for number, producer in enumerate(["ok", "bad", "later", "ok"]):
        outbox.put(an_event(number, producer=producer))
    done = deliver_all(outbox, Receiver(faulty.url))
    assert (2, 1, 1) == (done.delivered, done.refused, done.left)
    status = outbox.status()
    assert (1, 1, ("not this",)) == (status.waiting, status.refused, status.reasons)
    assert "refused an event for good: not this" in caplog.text


def test_it_is_tried_again_after_what_the_receiver_asks_for(outbox: Outbox, faulty: FaultyReceiver) -> None:
    faulty.script += [unavailable(503, retry_after=3), unavailable(500), Answer(drops=True)]
    outbox.put(an_event(1))
    pauses: list[float] = []
    assert 1 == deliver_all(outbox, Receiver(faulty.url), pause=pauses.append).delivered
    assert 3.0 == pauses[0]
    assert all(0 < pause <= 10 for pause in pauses)
    assert 3 == len(pauses)
    assert 1 == len(set(faulty.digests))


def test_a_receiver_that_does_not_come_back_leaves_everything_where_it_is(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    faulty.script += [unavailable() for _ in range(5)]
    put = outbox.put(an_event(1))
    pauses: list[float] = []
    with pytest.raises(ServerUnreachableError):
        deliver_all(outbox, Receiver(faulty.url), pause=pauses.append)
    assert (4, [put]) == (len(pauses), outbox.waiting())
