"""The first sheet of an Excel workbook as Parquet. Its first row names the columns."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from lineageflow_core.errors import UnreadableTableError

_MOST_SHEET_CELLS = 20_000_000
"""A workbook is a zip archive: what is small may unpack to what is not."""
_SHEET_ROWS = 10_000


def convert_sheet(source: Path, target: Path) -> None:
    """Writes the rows of the sheet to `target`. Raises UnreadableTableError, or what openpyxl raises."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in _sheet_names(source)])
    columns = [_SheetColumn() for _ in schema.names]
    for row in _sheet_rows(source):
        for column, value in zip(columns, row, strict=False):
            column.look_at(value)
    schema = pa.schema([(name, column.type()) for name, column in zip(schema.names, columns, strict=True)])
    with pq.ParquetWriter(target, schema) as writer:
        for rows in _chunks(_sheet_rows(source)):
            arrays = [
                pa.array([column.convert(_at(row, index)) for row in rows], column.type())
                for index, column in enumerate(columns)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _sheet_names(source: Path) -> list[str]:
    first = next(_all_sheet_rows(source), ())
    names = [str(value) if value is not None else f"column{index}" for index, value in enumerate(first)]
    if len({name.lower() for name in names}) < len(names):
        raise UnreadableTableError("two columns of the sheet have one name; give each a name of its own")
    return names


def _sheet_rows(source: Path) -> Iterator[tuple[Any, ...]]:
    """Yields the rows below the first that hold anything."""
    rows = _all_sheet_rows(source)
    next(rows, None)
    return (row for row in rows if any(value is not None for value in row))


def _all_sheet_rows(source: Path) -> Iterator[tuple[Any, ...]]:
    import openpyxl

    cells = 0
    with (
        source.open("rb") as file,
        closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as book,
    ):
        for row in book.worksheets[0].iter_rows(values_only=True) if book.worksheets else ():
            cells += len(row)
            if cells > _MOST_SHEET_CELLS:
                raise UnreadableTableError(
                    f"the sheet has more than {_MOST_SHEET_CELLS:,} cells; save it as CSV or Parquet"
                )
            yield row


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    chunk: list[tuple[Any, ...]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _SHEET_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _at(row: tuple[Any, ...], index: int) -> Any:
    return row[index] if index < len(row) else None


class _SheetColumn:
    """A column of a sheet: its type is one that all of its cells fit in."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()

    def look_at(self, value: Any) -> None:
        if value is not None:
            self._kinds.add(type(value).__name__)

    def type(self) -> Any:
        import pyarrow as pa

        known = {
            frozenset({"bool"}): pa.bool_(),
            frozenset({"int"}): pa.int64(),
            frozenset({"float"}): pa.float64(),
            frozenset({"int", "float"}): pa.float64(),
            frozenset({"datetime"}): pa.timestamp("us"),
            frozenset({"time"}): pa.time64("us"),
        }
        return known.get(frozenset(self._kinds), pa.string())

    def convert(self, value: Any) -> Any:
        import pyarrow as pa

        if value is None:
            return None
        if self.type() == pa.string():
            return str(value)
        return float(value) if self.type() == pa.float64() else value
