"""Opening a SQLite database, and what has to be known about it.

- Write-ahead log, flushed at each commit (https://www.sqlite.org/wal.html): what returned is durable, and
  readers wait for nobody.
- Python's driver begins transactions at moments of its own choice. Here it is told not to, and each begins
  explicitly; one that will write says so at once (`BEGIN IMMEDIATE`), because one that finds out later can
  fail however long it is ready to wait.
- Writers queue (`FileTurns`). Left alone, they would poll, and be served by chance.
- The last connection that is closed puts the log into the database and removes it. A process that ends closes
  its own, so that the lake's rows are one file while nobody uses it.
- A connection does not survive a fork, and while one is open, even a new one in the child is unsafe
  (https://www.sqlite.org/howtocorrupt.html, section 2.6). So a fork waits until no thread is in a
  transaction, and closes all connections first; parent and child open new ones.
"""

import atexit
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from lineageflow_core.errors import IntegrityError, StateError
from lineageflow_core.store.turns import FileTurns
from lineageflow_server.sql.dialect import translate_error

_BUSY_SECONDS = 30
"""How long to wait for a writer that takes no turns, such as the `sqlite3` tool."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",  # KiB, for each connection
    "PRAGMA temp_store = MEMORY",
)


class SqliteDatabase:
    """A `Database` in one file, which threads and processes share."""

    def __init__(self, path: Path, turns: FileTurns) -> None:
        self._turns = turns
        self._engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=0,  # no limit: as many connections as threads use at once
            connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        event.listen(self._engine, "handle_error", translate_error, retval=True)
        self._writing = self._engine.execution_options(writes=True)
        self._uses = _Uses()
        _databases.add(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._uses.one(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def ask(self) -> Iterator[Connection]:
        with self.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._turns.turn("write"), self._uses.one(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        # Some changes of a table make it anew, and must not be taken for the end of its rows:
        # https://www.sqlite.org/lang_altertable.html, section 7. The switch works outside of
        # transactions only.
        with self._turns.turn("write"), self._uses.one(), self._writing.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.begin():
                    yield connection
                    _check_references(connection)
            finally:
                driver.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        self._engine.dispose()

    def before_fork(self) -> None:
        self._uses.pause()
        self.close()

    def after_fork_in_parent(self) -> None:
        self._uses.resume()

    def after_fork_in_child(self) -> None:
        self._uses = self._uses.inherited()


class _Uses:
    """Counts the transactions that are open, so that a fork can wait for them, and they for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._open = 0
        self._own = threading.local()
        self._broken = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Counts one transaction."""
        if self._broken:
            raise StateError("this process was forked in the midst of a transaction: fork before or after it")
        with self._changed:
            if not self._of_this_thread():
                self._changed.wait_for(lambda: not self._paused)
            self._count(1)
        try:
            yield
        finally:
            with self._changed:
                self._count(-1)
                self._changed.notify_all()

    def pause(self) -> None:
        """Waits until other threads have no transaction open, and lets none begin."""
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: self._open == self._of_this_thread())

    def resume(self) -> None:
        """Lets transactions begin again."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def inherited(self) -> "_Uses":
        """Returns what counts in a child of the process that is paused."""
        uses = _Uses()
        uses._broken = self._of_this_thread() > 0  # its connection could not be closed
        return uses

    def _of_this_thread(self) -> int:
        count: int = self._own.__dict__.get("count", 0)
        return count

    def _count(self, change: int) -> None:
        self._open += change
        self._own.count = self._of_this_thread() + change


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    # SQLite's own knows the letters of ASCII only.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise IntegrityError(
            f"rows of the table {broken[0][0]} refer to what is not there, so the tables stay as they are: "
            "restore the lake's database from a backup"
        )


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_databases: WeakSet[SqliteDatabase] = WeakSet()


def _close_all() -> None:
    for database in list(_databases):
        database.close()


def _before_fork() -> None:
    for database in _databases:
        database.before_fork()


def _after_fork_in_parent() -> None:
    for database in _databases:
        database.after_fork_in_parent()


def _after_fork_in_child() -> None:
    for database in _databases:
        database.after_fork_in_child()


atexit.register(_close_all)
os.register_at_fork(
    before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
)
