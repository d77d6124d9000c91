"""What the stores ask of a database, whichever it is, and how they ask for many rows."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

CHUNK = 500
"""Values in one `IN`: beyond, a statement gets slower to prepare, not faster to run."""


class Database(Protocol):
    """Transactions on one database. Any thread may use it."""

    def read(self) -> AbstractContextManager[Connection]:
        """Opens a transaction that sees one state of the database."""
        ...

    def ask(self) -> AbstractContextManager[Connection]:
        """Opens a connection for one question: each statement sees the state at its own beginning.

        It saves the round trips of a transaction. For several questions about what cannot change meanwhile,
        it does as well.
        """
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Opens a transaction that is durable on a normal exit and never was on an exception."""
        ...

    def migrate(self) -> AbstractContextManager[Connection]:
        """Opens a transaction as `write` does, for changing tables: it is the only one of its kind."""
        ...

    def close(self) -> None:
        """Gives up connections."""
        ...


class Turns(Protocol):
    """Queues, in which those wait who would otherwise disturb each other."""

    def turn(self, name: str) -> AbstractContextManager[None]:
        """Waits for the caller's turn and holds it. Raises StateError if this thread holds it already."""
        ...


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cuts `values` into pieces that fit into one `IN`: of `size` at most, which is at most 30,000."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
