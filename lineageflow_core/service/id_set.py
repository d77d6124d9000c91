"""Sets of digests that may be larger than memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress

IN_MEMORY = 2_000_000
"""Digests: with what Python takes for each, about 200 MB."""


class IdSet:
    """A set of digests of 32 bytes. What does not fit into memory is in a temporary file. For one thread."""

    def __init__(self, *, in_memory: int = IN_MEMORY) -> None:
        self._most = in_memory
        self._ids: set[bytes] = set()
        self._file: sqlite3.Connection | None = None
        self._in_file = 0

    def __contains__(self, each: object) -> bool:
        return each in self._ids or self._is_in_file(each)

    def __len__(self) -> int:
        return len(self._ids) + self._in_file

    def __iter__(self) -> Iterator[bytes]:
        yield from self._ids
        if self._file is not None:
            for (each,) in self._file.execute("SELECT id FROM ids"):
                yield each

    def add(self, each: bytes) -> bool:
        """Adds a digest; tells whether it was missing."""
        if each in self:
            return False
        self._ids.add(each)
        if len(self._ids) >= self._most:
            self._spill()
        return True

    def update(self, ids: Iterable[bytes]) -> None:
        """Adds digests."""
        if self._file is None and len(self._ids) < self._most // 2:
            self._ids.update(ids)
            if len(self._ids) >= self._most:
                self._spill()
        else:
            for each in ids:
                self.add(each)

    def close(self) -> None:
        """Gives the file up."""
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()

    def _is_in_file(self, each: object) -> bool:
        if self._file is None:
            return False
        return self._file.execute("SELECT 1 FROM ids WHERE id = ?", (each,)).fetchone() is not None

    def _spill(self) -> None:
        if self._file is None:
            # An empty name is a temporary file, which is gone when it is closed.
            # https://www.sqlite.org/inmemorydb.html
            self._file = sqlite3.connect("", isolation_level=None)
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("CREATE TABLE ids (id BLOB PRIMARY KEY) WITHOUT ROWID")
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO ids VALUES (?)", ((each,) for each in sorted(self._ids)))
        self._file.execute("COMMIT")
        self._in_file += len(self._ids)
        self._ids.clear()
