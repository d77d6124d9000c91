"""Writing a table of pandas, polars, Arrow or DuckDB into a file.

Equal tables of one library give equal bytes under one version of it, however they are cut into batches: what
did not change is no new version. What is lazy, or comes piece by piece, is written in little memory. The
libraries are imported when they are needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lineageflow_core.errors import InvalidInputError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    Frame: TypeAlias = pd.DataFrame | pl.DataFrame | pa.Table | pa.RecordBatch
    """Rows that are in memory."""
    Table: TypeAlias = Frame | pl.LazyFrame | pa.RecordBatchReader | duckdb.DuckDBPyRelation | Iterator[Frame]
    """What can be written as a table."""

ENDINGS = (".parquet", ".csv", ".arrow", ".feather")
"""The formats that tables are written in."""

_GROUP_ROWS = 1 << 20
"""Rows of a row group, as Arrow has it where nobody says otherwise."""
_TABLES = {
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("polars", "LazyFrame"),
    ("pyarrow", "RecordBatch"),
    ("pyarrow", "RecordBatchReader"),
    ("pyarrow", "Table"),
    ("duckdb", "DuckDBPyRelation"),
    ("_duckdb", "DuckDBPyRelation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """What a table turned out to be when it was written."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    """Name and Arrow type of each column, in order."""


def is_table(data: object) -> bool:
    """Tells whether `data` is a table of one of the four libraries, importing none."""
    return _kind(data) in _TABLES


def write_table(data: "Table", file: Path) -> TableShape:
    """Writes a table into a local file whose ending, one of ENDINGS, says the format.

    What is lazy is computed now; as Parquet, polars and DuckDB write what is theirs by themselves. Raises
    InvalidInputError for what is no table, or cannot be written; what a lazy computation raises is raised.
    """
    import pyarrow as pa

    if file.suffix == ".parquet" and _kind(data)[0] in {"polars", "duckdb", "_duckdb"} and is_table(data):
        return _write_by_its_library(data, file)
    try:
        table = _as_arrow(data)
    except (pa.ArrowException, ValueError) as error:  # of pandas' columns: two with one name, mixed types
        raise _unfit(data, error) from error
    try:
        return _write_arrow(table, file)
    except pa.ArrowException as error:
        raise _unfit(data, error) from error


def _kind(data: object) -> tuple[str, str]:
    """Returns the library of a value, and what it calls the value's class."""
    return type(data).__module__.partition(".")[0], type(data).__name__


def _unfit(data: "Table", error: Exception) -> InvalidInputError:
    reason = "; ".join(str(each) for each in error.args).rstrip(".")
    return InvalidInputError(
        f"{'.'.join(_kind(data))} cannot be written as a table: {reason}. Give each column a name of its own "
        "and one type, or write bytes"
    )


def _write_by_its_library(data: Any, file: Path) -> TableShape:
    import pyarrow.parquet as pq

    match type(data).__name__:
        case "LazyFrame":
            data.sink_parquet(file, compression="zstd", row_group_size=_GROUP_ROWS)
        case "DataFrame":
            _write_polars(data, file)
        case _:
            data.write_parquet(str(file), compression="zstd")
    with pq.ParquetFile(file) as written:
        return _shape(written.schema_arrow, written.metadata.num_rows)


def _write_polars(data: "pl.DataFrame", file: Path) -> None:
    import polars as pl

    try:
        data.write_parquet(file, compression="zstd", row_group_size=_GROUP_ROWS)
    except pl.exceptions.PolarsError as error:  # a column of Python's objects
        raise _unfit(data, error) from error


def _write_arrow(table: "pa.Table | pa.RecordBatchReader", file: Path) -> TableShape:
    import pyarrow.csv as csv
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    reader = _reader(table)
    schema = _plain(reader.schema)
    reader = reader.cast(schema)
    rows = 0
    if file.suffix == ".csv":
        with csv.CSVWriter(file, schema) as writer:
            for group in _groups(reader):
                writer.write_table(group)
                rows += group.num_rows
    elif file.suffix == ".parquet":
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for group in _groups(reader):
                writer.write_table(group, row_group_size=_GROUP_ROWS)
                rows += group.num_rows
    else:
        whole = reader.read_all().combine_chunks()
        feather.write_feather(whole, str(file))
        rows = whole.num_rows
    return _shape(schema, rows)


def _shape(schema: "pa.Schema", rows: int) -> TableShape:
    return TableShape(rows=rows, columns=tuple((field.name, str(field.type)) for field in _plain(schema)))


def _as_arrow(data: Any) -> "pa.Table | pa.RecordBatchReader":
    """Returns a table of any of the four libraries as Arrow's, in batches where that is possible."""
    import pyarrow as pa

    if isinstance(data, (pa.Table, pa.RecordBatchReader)):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    match _kind(data):
        case ("pandas", "DataFrame"):
            return pa.Table.from_pandas(data)
        case ("polars", "LazyFrame"):
            data = data.collect()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    if isinstance(data, Iterator):
        return _one_after_another(data)
    raise InvalidInputError(
        f"{type(data).__module__}.{type(data).__name__} cannot be written; give a table of pandas, polars, "
        "Arrow or DuckDB, an iterator of such tables, bytes, text, a Path, or a dictionary of bytes, texts "
        "and Paths by file name"
    )


def _one_after_another(frames: "Iterator[Frame]") -> "pa.RecordBatchReader":
    """Returns tables that come one by one as one stream, with the columns of the first."""
    import pyarrow as pa

    first = next(frames, None)
    if first is None:
        raise InvalidInputError("no table came, so there are no columns; give at least one, if need be empty")
    schema = _plain(_reader(_as_arrow(first)).schema)

    def batches() -> "Iterator[pa.RecordBatch]":
        for frame in chain([first], frames):
            yield from _reader(_as_arrow(frame)).cast(schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _reader(table: "pa.Table | pa.RecordBatchReader") -> "pa.RecordBatchReader":
    import pyarrow as pa

    return table.to_reader() if isinstance(table, pa.Table) else table


def _plain(schema: "pa.Schema") -> "pa.Schema":
    """Returns a schema without the types that differ from others only in memory, as polars has them."""
    import pyarrow as pa

    plain = {pa.string_view(): pa.string(), pa.large_string(): pa.string(), pa.binary_view(): pa.binary()}
    fields = [field.with_type(plain.get(field.type, field.type)) for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def _groups(reader: "pa.RecordBatchReader") -> "Iterator[pa.Table]":
    """Yields the rows in tables of one size: how they came in batches does not show in the file."""
    import pyarrow as pa

    kept: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        kept.append(batch)
        rows += batch.num_rows
        while rows >= _GROUP_ROWS:
            table = pa.Table.from_batches(kept, reader.schema)
            yield table.slice(0, _GROUP_ROWS).combine_chunks()
            kept = table.slice(_GROUP_ROWS).to_batches()
            rows -= _GROUP_ROWS
    yield pa.Table.from_batches(kept, reader.schema).combine_chunks()
