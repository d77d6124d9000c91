import errno
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from lineageflow_core.store.turns import FileTurns


def hold_and_fork(path: Path, ready: Connection, leave: Connection) -> None:
    """Takes a turn, then forks a child that outlives its parent."""
    with FileTurns(path).turn("name"):
        child = os.fork()
        if child == 0:
            leave.recv_bytes()
            os._exit(0)
        ready.send(child)
        leave.poll(None)


@pytest.mark.crash
def test_a_child_does_not_keep_its_dead_parents_turn(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, theirs = context.Pipe()
    stay, leave = context.Pipe()
    process = context.Process(target=hold_and_fork, args=(tmp_path / "turns", theirs, leave))
    process.start()
    grandchild = ready.recv()
    process.kill()
    process.join()
    with FileTurns(tmp_path / "turns").turn("name"):
        os.kill(grandchild, 0)  # it lives
    stay.send_bytes(b"leave")


def test_any_number_of_turns_share_one_file(tmp_path: Path) -> None:
    turns = FileTurns(tmp_path / "turns")
    for number in range(100):
        with turns.turn(f"branch {number}"):
            pass
    assert [tmp_path / "turns"] == list(tmp_path.iterdir())


def test_turns_leave_no_file_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with FileTurns(tmp_path / "turns").turn("name"):
        pass
    assert len(before) == len(os.listdir("/proc/self/fd"))


def test_a_turn_that_somebody_has_is_not_free_and_nobody_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "turns"
    with FileTurns(path).turn("name"), FileTurns(path).turn_if_free("name") as free:
        assert not free
    with FileTurns(path).turn_if_free("name") as first, FileTurns(path).turn_if_free("name") as second:
        assert (True, False) == (first, second)
    with FileTurns(path).turn_if_free("name") as free, FileTurns(path).turn_if_free("other") as other:
        assert (True, True) == (free, other)


def test_where_there_are_no_locks_every_turn_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.fcntl", no_locks)
    turns = FileTurns(tmp_path / "turns")
    with turns.turn_if_free("name") as first, turns.turn_if_free("name") as second:
        assert (True, True) == (first, second)
