"""Connecting to PostgreSQL, and what has to be known about it.

- Reading sees one snapshot (`REPEATABLE READ READ ONLY`), which nothing can make fail.
- Writing is `READ COMMITTED`, which nothing can make fail either, where transactions take their locks in one
  order: first the names that they change (`dialect.hold`), then rows, sorted, table by table. The names stand
  for rows that are not there yet, too.
- libpq reads the address, so that everything it knows works here: several hosts, TLS, a password in the
  environment, in a file or in a service's. The address is kept in no value that could be shown.
- A connection does not survive a fork: a child lets go of those that it inherited and opens its own. If it
  only left them alone, they would outlive the parent, and with them its turns.
- A connection that rests in the pool may be closed from the other end, so it is tried before it is used.
"""

import math
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from weakref import WeakSet, finalize

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_server.sql.dialect import hold, translate_error
from lineageflow_server.sql.tables import PARTIAL_INDEXES

for _index in PARTIAL_INDEXES:
    _index.dialect_kwargs["postgresql_where"] = _index.dialect_kwargs["sqlite_where"]

POOL_SIZE = 10
"""Connections of one process for transactions, and as many for turns: more would not make a server faster."""

_POOL_SECONDS = 60
"""How long to wait for a connection of the pool."""

_RESTS_SECONDS = 30
"""After so long, a connection may be gone without a word: only a round trip tells."""

_SESSION = """
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SET idle_in_transaction_session_timeout = '5min'
"""
"""A machine that is gone is noticed within a minute, and its locks are free (without effect on a socket); a
process that stands still holds nothing for long."""


class PostgresqlDatabase:
    """A `Database` that any number of processes and machines share."""

    def __init__(self, address: str, *, pool_size: int = POOL_SIZE) -> None:
        self._connections = _Connections(address)
        self._engine = _engine(self._connections.open, size=pool_size, patience=_POOL_SECONDS)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._asking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = self._engine.execution_options(isolation_level="READ COMMITTED")
        queueing = _engine(self._connections.open, size=pool_size, patience=0)
        self.turns = PostgresqlTurns(queueing)
        _databases.add(self)
        # A lake that nobody uses any more says goodbye to the server, even if nobody closed it.
        finalize(self, _dispose, self._engine, queueing)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _begun(self._reading) as connection:
            yield connection

    @contextmanager
    def ask(self) -> Iterator[Connection]:
        with _begun(self._asking) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with _begun(self._writing) as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        with _begun(self._writing) as connection:
            hold(connection, ["migrate"])
            # Who waits to change a table makes all wait who come to use it.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '15s'")
            yield connection

    def close(self) -> None:
        self._engine.dispose()
        self.turns.close()

    def after_fork_in_child(self) -> None:
        self._connections.let_go()
        self._engine.dispose(close=False)
        self.turns.after_fork_in_child()


class PostgresqlTurns:
    """Turns on the lake's database: threads queue in their process, and the first of them in the database.

    So a process takes one connection for each ref that its threads write, however many they are, and a ref's
    processes are served one after the other. The place in the queue is an advisory lock of a transaction: it
    goes with its connection, and a pool between us and the database does no harm. Turns are for order, not
    for truth: where one cannot be had, because there is no connection left, its thread goes on without.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadTurns()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Waits for the caller's turn and holds it. Raises StateError if this thread holds it already."""
        with self._threads.turn(name):
            place = self._queue(name)
            try:
                yield
            finally:
                if place is not None:
                    _leave(place)

    def waiting(self, name: str) -> int:
        """Returns how many threads of this process wait for a turn that another one of them holds."""
        return self._threads.waiting(name)

    def close(self) -> None:
        """Gives up connections."""
        self._engine.dispose()

    def after_fork_in_child(self) -> None:
        """Forgets the parent's threads and connections."""
        self._threads = ThreadTurns()
        self._engine.dispose(close=False)

    def _queue(self, name: str) -> Connection | None:
        with suppress(StorageError, PoolTimeoutError):
            connection = self._engine.connect()
            try:
                hold(connection, [f"turn/{name}"])
            except BaseException:
                _leave(connection)
                raise
            return connection
        return None


class _Connections:
    """Opens connections, and knows all that are open."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open: WeakSet[psycopg.Connection] = WeakSet()
        self._inherited: list[psycopg.Connection] = []

    def open(self) -> psycopg.Connection:
        """Opens a connection."""
        connection = psycopg.connect(self._address, autocommit=True)
        with _changing:
            self._open.add(connection)
        connection.execute(_SESSION)
        connection.autocommit = False
        return connection

    def let_go(self) -> None:
        """Makes the inherited connections lead nowhere; those of the parent stay as they are."""
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for connection in self._open:
            if not connection.closed:
                os.dup2(nowhere, connection.fileno(), inheritable=False)
                self._inherited.append(connection)  # nobody is told that it was forgotten
        os.close(nowhere)
        self._open = WeakSet()


def check_address(address: str) -> None:
    """Raises InvalidInputError if libpq does not understand an address."""
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        # What libpq says may show the password.
        raise InvalidInputError(
            "the address of the database cannot be understood; write it as "
            "'postgresql://user@host:5432/database?parameter=value', with special characters in "
            "percent-encoding, and leave the password to PGPASSWORD, PGPASSFILE or a service file"
        ) from None


def _engine(opening: Callable[[], psycopg.Connection], *, size: int, patience: float) -> Engine:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=opening,
        pool_size=size,
        max_overflow=0,
        pool_timeout=patience,
        pool_use_lifo=True,
        use_native_hstore=False,  # which we do not use, and whether there is one takes a question to find out
        execution_options={"preserve_rowcount": True},  # an insert that finds its row there tells so
    )
    event.listen(engine, "handle_error", translate_error, retval=True)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _try)
    return engine


def _note_rest(_connection: object, entry: ConnectionPoolEntry) -> None:
    entry.info["rests_since"] = time.monotonic()


def _try(connection: psycopg.Connection | None, entry: ConnectionPoolEntry, _fairy: object) -> None:
    """Tries a connection before it is used; the pool replaces one that was closed meanwhile."""
    assert connection is not None
    if _has_news(connection):  # unasked, a server only says goodbye
        raise DisconnectionError
    if time.monotonic() - entry.info.get("rests_since", math.inf) < _RESTS_SECONDS:
        return
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except psycopg.OperationalError as error:
        raise DisconnectionError from error


def _has_news(connection: psycopg.Connection) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    try:
        connection = engine.connect()
    except PoolTimeoutError as error:
        raise StorageError(
            f"all of this process' connections to the lake's database were busy for {_POOL_SECONDS} seconds: "
            "try again, or allow more with the parameter 'pool_size' of its address"
        ) from error
    with connection, connection.begin():
        yield connection


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _leave(place: Connection) -> None:
    """Ends the transaction whose lock is a turn, wherever the connection may be."""
    with suppress(StorageError):
        place.rollback()
    place.close()


_databases: WeakSet[PostgresqlDatabase] = WeakSet()
_changing = threading.Lock()
"""Held while a connection is noted, so that a fork happens when the notes are true."""


def _after_fork_in_child() -> None:
    _changing.release()
    for database in _databases:
        database.after_fork_in_child()


os.register_at_fork(
    before=_changing.acquire, after_in_parent=_changing.release, after_in_child=_after_fork_in_child
)
