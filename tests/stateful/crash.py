"""Killing a writer at a chosen step.

A step is a call that may change what is on disk: of the operating system, or of SQLite or PostgreSQL. Of a
transaction, that is its commit: what its statements did before goes with their process, whichever was the
last. The writer is forked, counts its steps with a profiler, and kills itself with SIGKILL right before step
number N. So every state that a power cut between two calls could leave is visited, one after the other.
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
_SQLITE_CALLS = frozenset({"backup", "commit", "execute", "executemany", "executescript"})
_CHANGE_NOTHING = ("BEGIN", "SELECT", "SHOW")
_CHANGED = "changed since its last commit"
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

    def take() -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and _changes_disk(frame, called):
            take()

    def count_statement(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(_CHANGE_NOTHING):
            connection.info[_CHANGED] = True
            if _commits_itself(connection):
                take()

    def count_commit(connection: Connection) -> None:
        if connection.info.pop(_CHANGED, False):
            take()

    event.listen(Engine, "before_cursor_execute", count_statement)
    event.listen(Engine, "commit", count_commit)
    try:
        sys.setprofile(count)
        work()
        sys.setprofile(None)
    except BaseException:  # noqa: BLE001 - the child must end here, whatever it was
        sys.setprofile(None)
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _changes_disk(frame: FrameType, called: Any) -> bool:
    if not isinstance(called, BuiltinFunctionType):
        return False
    if called.__module__ == "posix":
        return called.__name__ in _SYSTEM_CALLS
    is_counted = frame.f_globals["__name__"].startswith("sqlalchemy.")  # by its statements
    is_of_sqlite = type(called.__self__).__module__ == "sqlite3"
    return is_of_sqlite and not is_counted and called.__name__ in _SQLITE_CALLS


def _commits_itself(connection: Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.autocommit) if connection.dialect.name == "postgresql" else not driver.in_transaction
