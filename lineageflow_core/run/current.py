"""The run that code belongs to, for those who open files by URL and are handed no session.

A run is current in the block that `running` opens: in its thread, in the asyncio tasks that start there,
and in threads that are given a copy of the context. An inner block's run is current instead of the outer
one's, until the block ends. Libraries read with threads of their own (Arrow, DuckDB, Dask), which know no
context. For those the run is the only one that this process is in; where there are several, they are
refused rather than guessed. In a process that is in no run, an orchestrator that executes code without
opening a block for it can be asked instead (`find_runs_with`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lineageflow_core.errors import StateError
from lineageflow_core.run.session import RunSession

_current: ContextVar[RunSession | None] = ContextVar("lineageflow_run")
_innermost: list[RunSession] = []
"""The sessions of the blocks that this process is in, without those that an inner block hides."""
_lock = threading.Lock()
_finder: Callable[[], RunSession | None] | None = None


@contextmanager
def running(session: RunSession) -> Iterator[RunSession]:
    """Makes a session's run the current one in the block. How the run ends is told by whoever owns it."""
    with _within(session):
        yield session


@contextmanager
def outside_runs() -> Iterator[None]:
    """Makes no run the current one in the block: what is read and written there belongs to none."""
    with _within(None):
        yield


@contextmanager
def run_transaction(session: RunSession) -> Iterator[RunSession]:
    """Makes the run current, and publishes it at the end of the block, or discards it if the block raises."""
    session.start()
    try:
        with running(session):
            yield session
    except BaseException as error:
        session.discard(f"{type(error).__name__}: {error}")
        raise
    session.publish()


def find_runs_with(finder: Callable[[], RunSession | None]) -> None:
    """Has `finder` asked, from now on in this process, for the run of code that no block is around."""
    global _finder  # noqa: PLW0603  # one process has one orchestrator
    _finder = finder


def current_run() -> RunSession | None:
    """Returns the session of the run that the calling code belongs to, or None.

    Raises StateError in a thread without context while the process is in several runs.
    """
    return find_run(_finder)


def find_run(finder: Callable[[], RunSession | None] | None) -> RunSession | None:
    """Returns what `current_run` does, but asks another finder where no block is around the calling code."""
    try:
        return _current.get()
    except LookupError:
        found = list({id(session): session for session in _innermost}.values())
    if len(found) > 1:
        runs = ", ".join(session.run.id for session in found)
        raise StateError(
            f"this thread is in no run, and the process is in several ({runs}); run it in a copy of the "
            "context (contextvars.copy_context), or each run in a process of its own"
        )
    if found:
        return found[0]
    return finder() if finder is not None else None


@contextmanager
def _within(session: RunSession | None) -> Iterator[None]:
    outer = _current.get(None)
    with _lock:
        _swap(outer, session)
    token = _current.set(session)
    try:
        yield
    finally:
        _current.reset(token)
        with _lock:
            _swap(session, outer)


def _swap(before: RunSession | None, after: RunSession | None) -> None:
    if before in _innermost:
        _innermost.remove(before)
    if after is not None:
        _innermost.append(after)
