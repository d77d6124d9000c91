"""Events on their way, behind the back of the work that they are about."""

import multiprocessing
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from lineageflow_core.errors import AccessDeniedError, ServerUnreachableError, StorageError
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage import courier as courier_module
from lineageflow_core.openlineage.allowance import Allowance
from lineageflow_core.openlineage.courier import Courier
from lineageflow_core.openlineage.outbox import Outbox
from lineageflow_core.openlineage.receiver import Receiver
from tests.core.openlineage.letters import an_event
from tests.servers.receivers import Answer, FaultyReceiver, faulty_receiver, unavailable

NEVER = Allowance(burst=0.0, share=0.0)
LONG = 60.0


@pytest.fixture
def faulty() -> Iterator[FaultyReceiver]:
    with faulty_receiver() as receiver:
        yield receiver


@pytest.fixture
def outbox(tmp_path: Path, faulty: FaultyReceiver) -> Outbox:
    return Outbox(tmp_path / "outbox", faulty.url)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(courier_module, "_LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(courier_module, "_OTHERS_TURN", 0.02)


def courier_of(outbox: Outbox, allowance: Allowance | None = None) -> Courier:
    return Courier(
        outbox,
        Receiver(outbox.url),
        allowance=allowance or Allowance(burst=LONG),
        pause=lambda _: None,
    )


def caught_up(courier: Courier) -> bool:
    """Waits until the courier knows of nothing that it has still to bring."""
    with courier._changed:
        return courier._changed.wait_for(
            lambda: not courier._untried and not courier._behind and courier._look_at is None, LONG
        )


def test_a_receiver_that_answers_has_an_event_when_emitting_it_returns(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    courier = courier_of(outbox)
    for number in range(3):
        courier.emit(an_event(number))
        assert an_event(number) == faulty.stored[-1]
    assert courier.close(LONG)
    assert [] == outbox.waiting()


def test_a_receiver_that_hangs_keeps_nobody_waiting_and_loses_nothing(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    released = threading.Event()
    faulty.script.append(Answer(waits=released))
    courier = courier_of(outbox, NEVER)
    for number in range(5):
        courier.emit(an_event(number))  # returns although nothing answers
    assert not released.is_set()
    assert 5 == len(outbox.waiting())
    released.set()
    assert caught_up(courier)
    assert 5 == len(set(faulty.digests))
    assert [] == outbox.waiting()


def test_what_keeps_an_event_never_talks_to_the_network(tmp_path: Path) -> None:
    talked: list[int] = []

    def take(_: httpx2.Request) -> httpx2.Response:
        talked.append(threading.get_ident())
        return httpx2.Response(204)

    outbox = Outbox(tmp_path, "http://lake.example")
    courier = Courier(outbox, Receiver(outbox.url, wire=httpx2.MockTransport(take)))
    for number in range(10):
        courier.keep(an_event(number))
        courier.emit(an_event(number, again=True))
    assert courier.close(LONG)
    assert talked
    assert threading.get_ident() not in talked


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    "failure",
    [unavailable(503, retry_after=0), unavailable(500), Answer(drops=True), Answer(drops=True, stores=False)],
)
def test_a_receiver_that_failed_gets_everything_once_it_is_back(
    outbox: Outbox, faulty: FaultyReceiver, failure: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.script += [failure] * 3
    courier = courier_of(outbox)
    for number in range(10):
        courier.emit(an_event(number))
    assert caught_up(courier)
    assert 10 == len(set(faulty.digests))
    assert [] == outbox.waiting()
    assert "Events are kept in" in caplog.text


def test_what_came_while_the_receiver_failed_is_not_sent_right_after(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_FIRST_PAUSE", LONG)
    released = threading.Event()
    faulty.script += [Answer(status=503, body=b"", stores=False, waits=released)]
    courier = courier_of(outbox, NEVER)
    courier.keep(an_event(0))
    faulty.wait_for_requests(1)
    for number in range(1, 5):
        courier.keep(an_event(number))
    released.set()
    courier.close(LONG)
    with courier._changed:
        assert courier._changed.wait_for(lambda: courier._thread is None, LONG)
    assert 1 == len(faulty.requests)
    assert 5 == len(outbox.waiting())


@pytest.mark.usefixtures("short_pauses")
def test_what_the_receiver_may_take_later_is_sent_until_it_does(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    faulty.postpones = ["https://example.com/tests"]
    courier = courier_of(outbox)
    courier.emit(an_event(1))
    faulty.wait_for_requests(5)
    assert [] == faulty.stored
    assert 1 == len(outbox.waiting())
    faulty.postpones = []
    assert caught_up(courier)
    assert [an_event(1)] == faulty.stored


def test_what_the_dead_left_is_brought_by_the_next_one_that_emits(
    outbox: Outbox, faulty: FaultyReceiver, tmp_path: Path
) -> None:
    left = [an_event(number) for number in range(7)]
    for event in left:
        Outbox(tmp_path / "outbox", faulty.url).put(event)
    courier = courier_of(outbox)
    courier.emit(an_event(7))
    assert courier.close(LONG)
    assert [an_event(7), *left] == faulty.stored
    assert [] == outbox.waiting()


def test_what_somebody_else_is_bringing_is_left_to_them(outbox: Outbox, faulty: FaultyReceiver) -> None:
    left = outbox.put(an_event(1))
    with outbox.turn() as has_turn:
        assert has_turn
        courier = courier_of(outbox)
        courier.emit(an_event(2))
        assert courier.close(LONG)
    assert [an_event(2)] == faulty.stored
    assert [left] == outbox.waiting()


@pytest.mark.usefixtures("short_pauses")
def test_who_waits_for_the_turn_gets_its_events_out_when_the_other_is_dead(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    faulty.script.append(unavailable())
    courier = courier_of(outbox)
    with outbox.turn():
        courier.emit(an_event(1))
        with courier._changed:
            assert courier._changed.wait_for(lambda: courier._well and courier._behind, LONG)
        assert 1 == len(outbox.waiting())
    assert caught_up(courier)
    assert [an_event(1)] == faulty.stored


def test_of_many_processes_one_tries_a_receiver_that_is_down(outbox: Outbox, faulty: FaultyReceiver) -> None:
    put = outbox.put(an_event(1))
    with outbox.turn() as first:
        assert first
        for _ in range(5):
            courier = courier_of(outbox)
            courier._start()
            assert courier.close(LONG)
    assert [] == faulty.requests
    assert [put] == outbox.waiting()


def test_flushing_brings_what_any_process_kept_about_a_run(
    outbox: Outbox, faulty: FaultyReceiver, tmp_path: Path
) -> None:
    pipeline = an_event(1)["run"]["runId"]
    step = an_event(2, run={"runId": str(UUID(int=2)), "facets": {"parent": {"run": {"runId": pipeline}}}})
    Outbox(tmp_path / "outbox", faulty.url).put(step)
    other = outbox.put(an_event(3))
    outbox.put(an_event(1))
    with outbox.turn():  # whoever has it
        courier_of(outbox).flush(RunId(pipeline))
    assert [step, an_event(1)] == faulty.stored
    assert [other] == outbox.waiting()


def test_flushing_says_when_it_cannot(outbox: Outbox, faulty: FaultyReceiver) -> None:
    event = an_event(1, producer="later")
    about = RunId(event["run"]["runId"])
    faulty.script += [unavailable() for _ in range(5)]
    faulty.postpones = ["later"]
    outbox.put(event)
    with pytest.raises(ServerUnreachableError, match="503"):
        courier_of(outbox).flush(about)
    with pytest.raises(ServerUnreachableError, match=f"cannot take 1 events about run {about} yet"):
        courier_of(outbox).flush(about)
    faulty.script.append(unavailable(401))
    with pytest.raises(AccessDeniedError):
        courier_of(outbox).flush(about)
    assert 1 == len(outbox.waiting())


def test_closing_does_not_wait_for_a_receiver_that_is_gone(outbox: Outbox, faulty: FaultyReceiver) -> None:
    faulty.script += [unavailable() for _ in range(5)]
    courier = courier_of(outbox)
    courier.emit(an_event(1))
    assert not courier.close(LONG)
    assert 1 == len(outbox.waiting())


def test_after_closing_events_may_be_emitted(outbox: Outbox, faulty: FaultyReceiver) -> None:
    courier = courier_of(outbox)
    for number in range(3):
        courier.emit(an_event(number))
        assert courier.close(LONG)
    assert 3 == len(faulty.stored)


def test_what_comes_faster_than_it_goes_is_not_held_in_memory(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_MOST_FRESH", 3)
    released = threading.Event()
    faulty.script.append(Answer(waits=released))
    courier = courier_of(outbox)
    courier.keep(an_event(0))
    faulty.wait_for_requests(1)
    for number in range(1, 20):
        courier.keep(an_event(number))
    assert 3 == len(courier._fresh)
    released.set()
    assert courier.close(LONG)
    assert 20 == len(set(faulty.digests))
    assert [] == outbox.waiting()


def test_a_request_holds_no_more_than_it_should(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "BATCH_BYTES", 10_000)
    released = threading.Event()
    faulty.script.append(Answer(waits=released))
    courier = courier_of(outbox)
    courier.keep(an_event(0))
    faulty.wait_for_requests(1)
    for number, size in enumerate([4000, 4000, 4000, 20_000], start=1):
        courier.keep(an_event(number, padding="x" * size))
    released.set()
    assert courier.close(LONG)
    assert [1, 2, 1, 1] == [number for _, _, number in faulty.requests]


def test_between_two_tries_others_have_their_turn(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_FIRST_PAUSE", LONG)
    faulty.script += [Answer(), unavailable(401)]
    left = outbox.put(an_event(1))
    courier = courier_of(outbox)
    courier.emit(an_event(2))
    with courier._changed:
        assert courier._changed.wait_for(lambda: not courier._well, LONG)
    with outbox.turn() as has_turn:
        assert has_turn
    assert [left] == outbox.waiting()
    courier.close(LONG)


def test_work_that_draws_from_a_seed_draws_the_same(outbox: Outbox, faulty: FaultyReceiver) -> None:
    faulty.script.append(unavailable())
    random.seed(7)
    expected = random.getstate()
    courier = courier_of(outbox)
    courier.emit(an_event(1))
    assert not courier.close(LONG)
    assert expected == random.getstate()


def test_many_threads_emit_at_once(outbox: Outbox, faulty: FaultyReceiver) -> None:
    courier = courier_of(outbox)

    def emit_ten(first: int) -> None:
        for number in range(first, first + 10):
            courier.emit(an_event(number))

    threads = [threading.Thread(target=emit_ten, args=(10 * each,)) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert courier.close(LONG)
    assert 80 == len(set(faulty.digests))
    assert [] == outbox.waiting()


def test_what_cannot_be_kept_is_sent_at_once(faulty: FaultyReceiver, tmp_path: Path) -> None:
    courier = courier_of(Outbox(tmp_path / "outbox", faulty.url, limit=0))
    courier.emit(an_event(1))
    assert [an_event(1)] == faulty.stored


def test_what_can_neither_be_kept_nor_sent_is_an_error(faulty: FaultyReceiver, tmp_path: Path) -> None:
    faulty.script.append(unavailable())
    faulty.refuses = ["bad"]
    outbox = Outbox(tmp_path / "outbox", faulty.url, limit=0)
    with pytest.raises(StorageError, match="is full"):
        courier_of(outbox).emit(an_event(1))
    with pytest.raises(StorageError, match="is full"):
        courier_of(outbox).emit(an_event(2, producer="bad"))


def test_what_cannot_be_kept_is_not_waited_for_again_and_again(
    faulty: FaultyReceiver, tmp_path: Path
) -> None:
    faulty.script.append(unavailable())
    courier = courier_of(Outbox(tmp_path / "outbox", faulty.url, limit=0))
    for number in range(5):
        with pytest.raises(StorageError, match="is full"):
            courier.emit(an_event(number))
    assert 1 == len(faulty.requests)


def test_a_forked_child_brings_its_own(outbox: Outbox, faulty: FaultyReceiver) -> None:
    courier = courier_of(outbox)
    courier.emit(an_event(1))

    def work() -> None:
        courier.emit(an_event(2))
        os._exit(0 if courier.close(LONG) else 1)

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    courier.emit(an_event(3))
    assert 0 == child.exitcode
    assert courier.close(LONG)
    assert [1, 2, 3] == [int(event["run"]["runId"][-12:]) for event in faulty.stored]


def test_an_idle_courier_has_no_thread(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_IDLE_SECONDS", 0.01)
    courier = courier_of(outbox)
    courier.emit(an_event(1))
    with courier._changed:
        assert courier._changed.wait_for(lambda: courier._thread is None, LONG)
    courier.emit(an_event(2))
    assert 2 == len(faulty.stored)
