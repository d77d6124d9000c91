"""What the worker can be asked, and what it answers: MessagePack, each message after its length.

The worker is not trusted, as it reads files that are not: whatever it says is checked against these types.
"""

from typing import IO, Generic, TypeVar

import msgspec

from lineageflow_core.model.table import Cell, Coverage
from lineageflow_core.tables.files import LocalFile

A = TypeVar("A")

_LARGEST = 256 << 20
_LENGTH_BYTES = 4


class DescribeTable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks for the shape of a table: a `TableSchema`."""

    files: list[LocalFile]

    @property
    def all_files(self) -> list[LocalFile]:
        return self.files


class ReadHead(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks for the first rows of a table: a `TableHead`."""

    files: list[LocalFile]
    limit: int

    @property
    def all_files(self) -> list[LocalFile]:
        return self.files


class ProfileTable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks for the statistics of a table: a `TableProfile`."""

    files: list[LocalFile]
    coverage: Coverage

    @property
    def all_files(self) -> list[LocalFile]:
        return self.files


class CompareRows(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks which rows of two tables differ: a `RowDiff`."""

    left: list[LocalFile]
    right: list[LocalFile]
    key: list[str]
    skip: int
    limit: int

    @property
    def all_files(self) -> list[LocalFile]:
        return [*self.left, *self.right]


class FindRow(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks for the row with a key: a `FoundRow`."""

    files: list[LocalFile]
    key: dict[str, str]
    """Values by column, as people write them."""
    column: str | None
    """The only column to look at, beside the key; None: all."""

    @property
    def all_files(self) -> list[LocalFile]:
        return self.files


class FoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """The row that was looked for."""

    columns: list[str] = []
    cells: list[Cell] | None = None
    """None: there is no such row."""
    digest: str | None = None
    """Of its values whole: cells may be cut."""
    file: int | None = None
    """The place of the file that has it."""


class CompareColumn(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Asks whether a column differs, in its type, in being there, or in the values of some rows: a `bool`."""

    left: list[LocalFile]
    right: list[LocalFile]
    key: list[str]
    column: str

    @property
    def all_files(self) -> list[LocalFile]:
        return [*self.left, *self.right]


Job = DescribeTable | ReadHead | ProfileTable | CompareRows | FindRow | CompareColumn


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """To the worker: answer this."""

    scratch: str
    """An empty folder, for as long as it takes."""
    job: Job


class Reply(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """From the worker: the answer, or why there is none."""

    answer: A | None = None
    problem: str | None = None
    is_asked_wrongly: bool = False
    """The files are as they should be, but not what was asked of them."""


def send(pipe: IO[bytes], message: bytes) -> None:
    """Writes one message."""
    pipe.write(len(message).to_bytes(_LENGTH_BYTES) + message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Returns the next message; None where the other side is gone. Raises ValueError for one too large."""
    head = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(head)
    if length > _LARGEST:
        raise ValueError(f"a message of {length} bytes is too large")
    message = pipe.read(length)
    return message if len(head) == _LENGTH_BYTES and len(message) == length else None
