"""Tables: what the files of a dataset say when they are read as rows and columns.

A table is every file with rows at or below a path. Several files are one table, its columns united by name.
A folder `k=v` between a dataset and its file is a column `k` of that file's rows, as Spark, DuckDB and
pandas have it.

A *cell* is a JSON value that any client can hold: times, decimals and what JSON's numbers cannot tell are
text, and what is longer than a screen shows is cut.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType, TypeAlias

from lineageflow_core.model.quarantine import QuarantineNotice

TableId = NewType("TableId", str)
"""Digest of all that a table's rows depend on: its files' contents, formats and partition columns."""

Cell: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""None, bool, int, float, str, or lists and objects of those."""


class TableFormat(StrEnum):
    """How the rows of a file are written."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    ARROW = "arrow"
    """Arrow's IPC file or stream format; Feather version 2 is the former."""
    EXCEL = "xlsx"
    """The first sheet of a workbook."""


class Coverage(StrEnum):
    """Which rows statistics are of."""

    SAMPLE = "sample"
    """All of them, or where there are very many a fixed sample."""
    FULL = "full"
    """All of them, however many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    """As DuckDB calls it, most in lower case: `bigint`, `varchar`, `decimal(10,2)`, `STRUCT(a BIGINT)`."""
    nullable: bool = True
    """False where the files themselves say that no value is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """The shape of a table."""

    id: TableId
    formats: tuple[TableFormat, ...]
    files: int
    size: int
    """Bytes of its files."""
    rows: int
    """How many there are, counted."""
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHead:
    """The first rows of a table."""

    table: TableSchema
    rows: tuple[tuple[Cell, ...], ...]
    """A cell for each column."""
    notices: tuple[QuarantineNotice, ...] = ()
    """What of it is quarantined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCount:
    """A value, and how many rows have it."""

    value: Cell
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatistics:
    """What the values of one column are like."""

    name: str
    type: str
    nulls: int
    """Missing values. A NaN is a number like others here, but in no mean, quantile or histogram."""
    distinct: int | None = None
    """Different values, estimated by HyperLogLog, within some 2 percent; None for nested types."""
    minimum: Cell = None
    maximum: Cell = None
    mean: float | None = None
    deviation: float | None = None
    """Standard deviation of the population."""
    quantiles: tuple[float, ...] = ()
    """At 0, 5, 10 ... 100 percent, of numbers; times count as seconds since 1970. Empty for other types."""
    histogram: tuple[int, ...] = ()
    """How many values lie in each of twenty ranges of equal width from the least to the greatest."""
    top: tuple[ValueCount, ...] = ()
    """The most frequent values, the most frequent first; empty where nearly all values differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """A table's shape and statistics."""

    table: TableSchema
    sampled_rows: int | None
    """The statistics are of so many rows; None: of all."""
    columns: tuple[ColumnStatistics, ...]

    @property
    def counted_rows(self) -> int:
        """How many rows the statistics are of."""
        return self.table.rows if self.sampled_rows is None else self.sampled_rows
