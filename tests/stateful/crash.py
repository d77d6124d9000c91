"""Killing a writer at a chosen step.

A step is a call that may change what is on disk: of the operating system, of SQLite, or a statement that
PostgreSQL is to run. The writer is forked, counts its steps with a profiler, and kills itself with SIGKILL
right before step number N. So every state that a power cut between two calls could leave is visited, one
after the other.
"""

import gc
import os
import select
import signal
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FrameType
from typing import Any

from sqlalchemy import Connection, Engine, event

_SYSTEM_CALLS = frozenset(
    {"chmod", "fchmod", "fsync", "link", "mkdir", "open", "rename", "replace", "rmdir", "unlink", "write"}
)
_SQLITE_CALLS = frozenset({"commit", "execute", "executemany"})
_PATIENCE = 60.0
"""Seconds until a child is killed that waits for a thread of the parent's, which it does not have."""


def kill_at(step: int, work: Callable[[], None]) -> bool:
    """Runs `work` in a child that dies before its `step`-th step; tells whether it died.

    False means that the work had no more than that many steps and ended by itself.
    """
    child = os.fork()
    if child == 0:
        _work_until(step, work)
    if not _ends(child):
        os.kill(child, signal.SIGKILL)  # there is as good a place to die as any
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the writer failed by itself: see its traceback above"
    return False


def _ends(child: int) -> bool:
    """Waits for a process to end; tells whether it does in time."""
    handle = os.pidfd_open(child)
    try:
        return bool(select.select([handle], [], [], _PATIENCE)[0])
    finally:
        os.close(handle)


def _work_until(step: int, work: Callable[[], None]) -> None:
    """Never returns."""
    gc.freeze()  # what tests before this one left in the parent is not to be finalised here
    steps = 0

    def count(_frame: FrameType, event: str, called: Any) -> None:
        nonlocal steps
        if event == "c_call" and _changes_disk(called):
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    def count_statement(connection: Connection, *_: object) -> None:
        nonlocal steps
        if connection.dialect.name == "postgresql":
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, count_statement)
    try:
        sys.setprofile(count)
        work()
        sys.setprofile(None)
    except BaseException:  # noqa: BLE001 - the child must end here, whatever it was
        sys.setprofile(None)
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _changes_disk(called: Any) -> bool:
    if not isinstance(called, BuiltinFunctionType):
        return False
    if called.__module__ == "posix":
        return called.__name__ in _SYSTEM_CALLS
    return type(called.__self__).__module__ == "sqlite3" and called.__name__ in _SQLITE_CALLS
