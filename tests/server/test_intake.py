"""The queue of events: stored together, acknowledged once durable, and refused where too much waits."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from lineageflow_server.intake import MOST_EVENTS, Intake, Receipts

from lineageflow_core.connect import connect
from lineageflow_core.errors import BusyError, StorageError
from lineageflow_core.model.lineage import IntakeReport
from lineageflow_core.openlineage.received import ReceivedEvent, receive
from tests.core.openlineage.scenarios import event

PATIENCE = 30


class Held:
    """The lineage of a lake whose storage is held until it is let go."""

    def __init__(self) -> None:
        self.lineage: Any = connect("memory:").lineage
        self.transactions: list[int] = []
        self.go = threading.Event()
        self.began = threading.Event()
        self.fails: Exception | None = None

    def ingest(self, events: Sequence[ReceivedEvent]) -> IntakeReport:
        self.began.set()
        assert self.go.wait(PATIENCE)
        self.transactions.append(len(events))
        if self.fails is not None:
            raise self.fails
        report: IntakeReport = self.lineage.ingest(events)
        return report


@pytest.fixture
def held() -> Held:
    return Held()


def intake_of(
    held: Any, *, max_waiting: int = 1 << 20, patience: float = PATIENCE, company: float = 0.0
) -> Intake:
    return Intake(held, max_waiting=max_waiting, patience=patience, company=company)


def received(*numbers: int) -> list[ReceivedEvent]:
    return [receive({**event("RUNNING"), "number": each}, at=datetime.now(UTC)) for each in numbers]


def submit(intake: Intake, *numbers: int, size: int = 0) -> "Future[Receipts]":
    with intake.room() as room:
        room.take(size // 2)
        room.take(size - size // 2)
        return intake.submit(received(*numbers), room)


def test_what_comes_while_a_transaction_is_written_is_stored_in_one(held: Held) -> None:
    intake = intake_of(held)
    first = submit(intake, 0)
    assert held.began.wait(PATIENCE)
    later = [submit(intake, number) for number in range(1, 41)]
    held.go.set()
    for told in (first, *later):
        [receipt] = told.result(PATIENCE)
        assert receipt.is_new
    assert [1, 40] == held.transactions


def test_requests_that_were_there_together_are_stored_together_again(held: Held) -> None:
    intake = intake_of(held, company=PATIENCE)
    first = submit(intake, 0)
    assert held.began.wait(PATIENCE)
    second = submit(intake, 1)
    held.go.set()
    first.result(PATIENCE)
    third = submit(intake, 2)  # the second one waits for it
    assert [1, 1] == [len(each.result(PATIENCE)) for each in (second, third)]
    assert [1, 2] == held.transactions


def test_who_is_alone_waits_for_nobody(held: Held) -> None:
    intake = intake_of(held, company=2 * PATIENCE)
    held.go.set()
    for number in range(3):
        assert 1 == len(submit(intake, number).result(PATIENCE))
    assert [1, 1, 1] == held.transactions


def test_a_request_of_many_events_is_stored_in_several_and_told_at_the_end(held: Held) -> None:
    intake = intake_of(held)
    held.go.set()
    receipts = submit(intake, *range(2 * MOST_EVENTS + 1)).result(PATIENCE)
    assert [MOST_EVENTS, MOST_EVENTS, 1] == held.transactions
    assert [each.stored.digest.hex() for each in received(*range(2 * MOST_EVENTS + 1))] == [
        receipt.id for receipt in receipts
    ]


def test_each_request_gets_the_receipts_of_its_own_events(held: Held) -> None:
    intake = intake_of(held)
    submitted = [submit(intake, 1), submit(intake, 2, 1), submit(intake), submit(intake, 3)]
    held.go.set()
    told = [[receipt.is_new for receipt in each.result(PATIENCE)] for each in submitted]
    assert [[True], [True, False], [], [True]] == told


def test_more_than_may_wait_is_refused_until_some_is_stored(held: Held) -> None:
    intake = intake_of(held, max_waiting=100)
    told = [submit(intake, number, size=20) for number in range(5)]
    with pytest.raises(BusyError, match="send the same again"):
        submit(intake, 5, size=1)
    held.go.set()
    assert [1] * 5 == [len(each.result(PATIENCE)) for each in told]
    assert 1 == len(submit(intake, 5, size=1).result(PATIENCE))


def test_one_request_may_bring_more_than_may_wait_and_leaves_room_for_others(held: Held) -> None:
    intake = intake_of(held, max_waiting=100)
    told = [submit(intake, 1, size=1000), *(submit(intake, 2 + number, size=25) for number in range(3))]
    with pytest.raises(BusyError):
        submit(intake, 9, size=1)
    held.go.set()
    assert [1] * 4 == [len(each.result(PATIENCE)) for each in told]


def test_who_is_refused_gives_back_what_it_had_taken(held: Held) -> None:
    intake = intake_of(held, max_waiting=40)
    with ExitStack() as others:
        for _ in range(3):
            others.enter_context(intake.room()).take(10)
        others.enter_context(intake.room()).take(5)
        with pytest.raises(BusyError):
            submit(intake, 1, size=10)
        with intake.room() as room:
            room.take(5)


def test_what_nobody_waits_for_any_more_is_forgotten_and_its_room_free(held: Held) -> None:
    intake = intake_of(held, max_waiting=100)
    first = submit(intake, 1)
    assert held.began.wait(PATIENCE)
    for _ in range(9):
        forgotten = submit(intake, 2, size=20)
        assert forgotten.cancel()
    last = [submit(intake, 3, size=20), submit(intake, 4, size=20)]
    held.go.set()
    assert [1, 1, 1] == [len(each.result(PATIENCE)) for each in (first, *last)]
    assert [1, 2] == held.transactions


def test_nobody_queues_behind_a_store_that_does_not_move(held: Held) -> None:
    intake = intake_of(held, patience=0.0)
    first = submit(intake, 1)
    assert held.began.wait(PATIENCE)
    with pytest.raises(BusyError, match="slow, or held"):
        submit(intake, 2)
    held.go.set()
    assert 1 == len(first.result(PATIENCE))


def test_all_of_a_transaction_that_failed_are_told_and_the_next_is_stored(held: Held) -> None:
    intake = intake_of(held)
    held.fails = StorageError("no space")
    told = [submit(intake, *range(MOST_EVENTS + 1)), submit(intake, 2)]
    held.go.set()
    for each in told:
        with pytest.raises(StorageError, match="no space"):
            each.result(PATIENCE)
    held.fails = None
    assert 1 == len(submit(intake, 3).result(PATIENCE))
