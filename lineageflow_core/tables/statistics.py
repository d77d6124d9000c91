"""Statistics of a table's columns, by DuckDB.

Invariant: they depend on the rows alone; no order and no number of threads changes them. So means are given
to twelve digits, whose rounding hides in which order they were added up.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineageflow_core.model.table import ColumnStatistics, Coverage, TableProfile, TableSchema, ValueCount
from lineageflow_core.tables.cells import as_cell, cell_sql
from lineageflow_core.tables.engine import identifier
from lineageflow_core.tables.relation import Prepared, Relation, sampled
from lineageflow_core.tables.types import (
    is_decimal,
    is_float,
    is_instant,
    is_integer,
    is_nested,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_EXACT_ROWS = 1_000_000
"""Tables with more rows are sampled, unless all rows are asked for."""
SAMPLED_ROWS = 100_000
BINS = 20
"""Ranges of a histogram, and steps between quantiles."""
MOST_TOP = 20
"""Frequent values that are listed."""

_MOST_SORTED_ROWS = 20_000_000
"""Quantiles of more values are estimated (t-digest), as sorting them takes too much memory."""
_NEARLY_ALL = 0.9
_QUANTILES = "[" + ", ".join(str(step / BINS) for step in range(BINS + 1)) + "]"


def profile(
    connection: "DuckDBPyConnection",
    prepared: Sequence[Prepared],
    relation: Relation,
    schema: TableSchema,
    coverage: Coverage,
) -> TableProfile:
    """Returns the statistics of all columns."""
    rows = schema.rows
    is_sampled = coverage is Coverage.SAMPLE and rows > MOST_EXACT_ROWS
    if is_sampled:
        some = sampled(connection, prepared, relation, SAMPLED_ROWS / rows)
        relation, rows = _materialised(connection, some)
    basics = _basics(connection, relation)
    return TableProfile(
        table=schema,
        sampled_rows=rows if is_sampled else None,
        columns=tuple(
            _Column(connection, relation.sql, name, kind).statistics(rows, *basics[name])
            for name, kind in relation.types.items()
        ),
    )


def _materialised(connection: "DuckDBPyConnection", relation: Relation) -> tuple[Relation, int]:
    connection.execute(f"CREATE TEMP TABLE sampled AS SELECT * FROM {relation.sql}")
    row = connection.execute("SELECT count(*) FROM sampled").fetchone()
    assert row is not None
    return Relation(sql="sampled", types=relation.types), row[0]


def _basics(connection: "DuckDBPyConnection", relation: Relation) -> dict[str, tuple[int, int | None]]:
    """Returns for each column how many values it has and how many of them are different."""
    columns = [
        (identifier(name), None if is_nested(kind) else identifier(name))
        for name, kind in relation.types.items()
    ]
    if not columns:
        return {}
    counts = ", ".join(
        f"count({name}), {f'approx_count_distinct({flat})' if flat else 'NULL'}" for name, flat in columns
    )
    row = connection.execute(f"SELECT {counts} FROM {relation.sql}").fetchone()
    assert row is not None
    return dict(zip(relation.types, zip(row[::2], row[1::2], strict=True), strict=True))


class _Column:
    """One column of a relation."""

    def __init__(self, connection: "DuckDBPyConnection", relation: str, name: str, kind: str) -> None:
        self._connection = connection
        self._relation = relation
        self._name = name
        self._kind = kind
        self._column = identifier(name)

    def statistics(self, rows: int, present: int, distinct: int | None) -> ColumnStatistics:
        counted = ColumnStatistics(name=self._name, type=self._kind, nulls=rows - present, distinct=distinct)
        if distinct is None or not present:
            return counted
        distinct = min(distinct, present)
        least, greatest = self._extremes()
        return replace(
            counted,
            distinct=distinct,
            minimum=least,
            maximum=greatest,
            top=self._top() if distinct <= MOST_TOP or distinct < _NEARLY_ALL * present else (),
            **self._numbers(present),
        )

    def _extremes(self) -> tuple[Any, Any]:
        wanted = f"NOT isnan({self._column})" if is_float(self._kind) else "true"
        values = [f"{function}({self._column}) FILTER ({wanted})" for function in ("min", "max")]
        shown = ", ".join(cell_sql(value, self._kind) for value in values)
        least, greatest = self._one(f"SELECT {shown} FROM {self._relation}")
        return as_cell(least), as_cell(greatest)

    def _numbers(self, present: int) -> dict[str, Any]:
        """Returns what only numbers and instants have."""
        number = self._as_number()
        if number is None:
            return {}
        values = f"(SELECT {number} AS v FROM {self._relation} WHERE {self._column} IS NOT NULL)"
        finite = f"(SELECT v FROM {values} WHERE isfinite(v))"
        # Divided before they are added up, so that no sum is too large for a double.
        quantile = "quantile_cont" if present <= _MOST_SORTED_ROWS else "approx_quantile"
        count, least, greatest, quantiles = self._one(
            f"SELECT count(*), min(v), max(v), {quantile}(v, {_QUANTILES}) FROM {finite}"
        )
        if not count:
            return {}
        scale = max(abs(least), abs(greatest)) or 1.0
        mean, deviation = self._one(f"SELECT avg(v / {scale!r}), stddev_pop(v / {scale!r}) FROM {finite}")
        is_instant_type = is_instant(self._kind)
        return {
            "mean": None if is_instant_type else _rounded(mean * scale),
            "deviation": None if is_instant_type else _rounded(deviation * scale, digits=9),
            "quantiles": tuple(_rounded(quantile) or 0.0 for quantile in quantiles),
            "histogram": self._histogram(finite, least, greatest),
        }

    def _histogram(self, values: str, least: float, greatest: float) -> tuple[int, ...]:
        width = greatest / BINS - least / BINS
        place = f"least({BINS - 1}, CAST(floor((v - {least!r}) / {width!r}) AS INTEGER))" if width else "0"
        found = dict(
            self._connection.execute(f"SELECT {place} AS bin, count(*) FROM {values} GROUP BY bin").fetchall()
        )
        return tuple(found.get(index, 0) for index in range(BINS))

    def _top(self) -> tuple[ValueCount, ...]:
        shown = cell_sql(self._column, self._kind)
        rows = self._connection.execute(
            f"SELECT {shown}, n FROM (SELECT {self._column}, count(*) AS n FROM {self._relation} "
            f"WHERE {self._column} IS NOT NULL GROUP BY {self._column} "
            f"ORDER BY n DESC, {self._column} LIMIT {MOST_TOP}) ORDER BY n DESC, {self._column}"
        ).fetchall()
        return tuple(ValueCount(value=as_cell(value), count=count) for value, count in rows)

    def _as_number(self) -> str | None:
        """Returns SQL for the values as doubles; None where they are no numbers or instants."""
        if is_integer(self._kind) or is_float(self._kind) or is_decimal(self._kind):
            return f"CAST({self._column} AS DOUBLE)"
        if is_instant(self._kind):
            return f"CASE WHEN isfinite({self._column}) THEN epoch({self._column}) END"
        return None

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self._connection.execute(query).fetchone()
        assert row is not None
        return row


def _rounded(value: float, *, digits: int = 12) -> float | None:
    """Returns a value without the last digits, which depend on the order in which threads add up."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
