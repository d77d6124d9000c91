"""How two versions of a table differ: columns, rows, statistics; and texts, line by line."""

from dataclasses import dataclass

from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.quarantine import QuarantineNotice
from lineageflow_core.model.table import Cell, Column, ColumnStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDiff:
    """One column that differs: in its type, or in that it is there."""

    name: str
    kind: DiffKind
    left: Column | None
    right: Column | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDiff:
    """How the shapes of two versions differ."""

    left_rows: int
    right_rows: int
    columns: tuple[ColumnDiff, ...]
    """Those that differ, as the right version orders them, then those that are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One row that differs, or several that are equal to each other."""

    kind: DiffKind
    """Without a key, no row is known to be another one changed: all are added or removed."""
    left: tuple[Cell, ...] | None
    """Its values on the left, in the order of `RowDiff.columns`."""
    right: tuple[Cell, ...] | None
    changed: tuple[str, ...] = ()
    """The columns whose values differ."""
    count: int = 1
    """So many more of this row are on one side than on the other; with a key always one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCount:
    """In how many of the changed rows a column's value differs."""

    column: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDiff:
    """How the rows of two versions differ, in the columns that both have. Every number is exact."""

    key: tuple[str, ...]
    """The columns that identify a row; without any, a row is what all of its values are."""
    columns: tuple[str, ...]
    """What is compared: the key first."""
    added: int
    removed: int
    changed: int
    unchanged: int
    cells: tuple[CellCount, ...]
    """The columns that differ in changed rows, the most affected first."""
    rows: tuple[RowChange, ...]
    """A page of those that differ, by key or else by their values."""
    next: str | None = None
    """Pass as `after` for the following page; None on the last one."""
    notices: tuple[QuarantineNotice, ...] = ()
    """What of either version is quarantined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """How the values of one column moved."""

    name: str
    effect: float
    """Population stability index, with missing values as a group of their own: below 0.1 is little, above
    0.25 is much. 0 where nothing is known to have moved."""
    left: ColumnStatistics
    right: ColumnStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsDiff:
    """How the statistics of two versions differ."""

    left_rows: int
    right_rows: int
    is_sampled: bool
    """Of one version or both, only a sample was looked at."""
    columns: tuple[ColumnDrift, ...]
    """Columns of both whose statistics differ, the largest effect first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDiff:
    """How a text differs, line by line."""

    path: str
    added: int
    """Lines."""
    removed: int
    """Lines."""
    unified: str
    """The lines that differ with three around them, as `diff -u` writes them."""
    is_cut: bool
    """There is more than is shown."""
    notices: tuple[QuarantineNotice, ...] = ()
    """What of either version is quarantined."""
