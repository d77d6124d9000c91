"""The files of a table, as the worker is given them, and the table's identity."""

from collections.abc import Sequence

import msgspec
from blake3 import blake3

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.table import TableFormat, TableId

_READING = 1
"""Counts up when the same bytes are read as other rows than before, so that what was kept is forgotten."""


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file with rows."""

    object_id: ObjectId
    name: str
    """Its path, for people."""
    format: TableFormat
    compression: str = ""
    """'gz' or 'zst', for text."""
    size: int
    """Bytes."""
    partition: tuple[tuple[str, str], ...] = ()
    """Columns that its path gives, by name, with their value."""

    @property
    def identity(self) -> tuple[object, ...]:
        """All that its rows depend on: files with equal identities have equal rows."""
        return (self.object_id, self.format.value, self.compression, self.partition)


class LocalFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file with rows, and where its bytes are on this machine."""

    file: TableFile
    path: str
    """Absolute; its bytes are whole, and verified."""


def table_id(files: Sequence[TableFile]) -> TableId:
    """Returns the digest of all that the rows of these files together depend on, in whatever order."""
    identities = sorted(msgspec.json.encode(file.identity) for file in files)
    return TableId(blake3(msgspec.json.encode((_READING, identities))).hexdigest())
