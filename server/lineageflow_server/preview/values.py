"""What a preview shows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lineageflow_core.model.quarantine import QuarantineNotice


class PreviewKind(StrEnum):
    """Which of a preview's parts is set."""

    TABLE = "table"
    TEXT = "text"
    BINARY = "binary"
    """Neither: only its size is known."""
    UNAVAILABLE = "unavailable"
    """It looks like a table but cannot be shown; `problem` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    """As the file's format calls it, or as it was guessed."""
    nulls: int | None = None
    """How many values are missing in the whole; None where that is not known without reading all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePreview:
    """The first rows of a table."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    """JSON values, one a column; long ones are cut."""
    row_count: int | None
    """Rows in the whole; None where that is not known without reading all of it."""
    truncated: bool
    """There are more rows or columns than are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPreview:
    """The start of a text."""

    text: str
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The start of a dataset, partition, folder or object."""

    path: str
    kind: PreviewKind
    objects: int
    """How many objects are at or below the path; at most those that a preview looks at."""
    size: int
    """Their bytes."""
    media_type: str | None = None
    """Of the object shown, where it is known."""
    table: TablePreview | None = None
    text: TextPreview | None = None
    problem: str | None = None
    """Why it cannot be shown."""
    notices: tuple[QuarantineNotice, ...] = ()
    """What of it is quarantined."""
