"""Tables of pandas, polars, Arrow and DuckDB as files of a dataset, and back, through Arrow.

What a file holds is told by its ending, so any other tool can read it. Equal tables give equal bytes under
one version of Arrow: what did not change is no new version. The four libraries are imported when they are
needed.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.local_files import files_below
from lineageflow_core.run import Reading
from lineageflow_core.uploads import Source

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.dataset as ds

    Table: TypeAlias = (
        pd.DataFrame | pl.DataFrame | pl.LazyFrame | pa.Table | pa.RecordBatchReader | duckdb.DuckDBPyRelation
    )
    """What can be written as a table."""
    Data: TypeAlias = Table | bytes | str | Path | Mapping[str, Source | str]
    """What can be written: a table, bytes, text, a local file or folder, or files by relative path."""

DEFAULT_FILE = "data.parquet"
"""What the file of a table is called in a dataset whose path has no ending of its own."""
VIEW = "data"
"""What SQL calls the dataset that it is about."""

_GROUP_ROWS = 1 << 20
"""Rows of a row group, as Arrow has it where nobody says otherwise."""
_WRITTEN = (".parquet", ".csv", ".arrow", ".feather")


@contextmanager
def files_of(data: "Data", path: str) -> Iterator[Mapping[str, Source]]:
    """Gives the files that `data` becomes at `path`, by relative path ('': the path itself is the file).

    Files that had to be written are there until the block ends. Raises InvalidInputError for what is no data.
    """
    if isinstance(data, bytes):
        yield {"": data}
    elif isinstance(data, str):
        yield {"": data.encode()}
    elif isinstance(data, Mapping):
        yield {name: each.encode() if isinstance(each, str) else each for name, each in data.items()}
    elif isinstance(data, Path):
        yield _local_files(data)
    else:
        ending = PurePosixPath(path).suffix
        name = "" if ending in _WRITTEN else DEFAULT_FILE
        with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
            file = Path(folder, name or f"table{ending}")
            _write(data, file)
            yield {name: file}


def read_arrow(reading: Reading, *, columns: Sequence[str] | None, where: str | None) -> "pa.Table":
    """Returns the columns and rows that are asked for; only those are read where the format allows it.

    `where` is a condition in DuckDB's SQL. Raises InvalidInputError for a column that is not there.
    """
    from lineageflow_core.arrow_tables import arrow_dataset, told_if_unreadable

    dataset = arrow_dataset(reading, columns=columns if where is None else None)
    there = dataset.schema.names
    for column in columns or ():
        if column not in there:
            raise InvalidInputError(f"there is no column {column!r}; there are {', '.join(there)}")
    if where is None:
        with told_if_unreadable(reading):
            return dataset.to_table(columns=list(columns) if columns is not None else None)
    with _sql_refused(where):
        relation = _relation(dataset).filter(where)
    if columns is not None:
        relation = relation.project(", ".join(_quoted(column) for column in columns))
    return relation.to_arrow_table()


def head(reading: Reading, rows: int) -> "pa.Table":
    """Returns the first rows, reading little more than those."""
    from lineageflow_core.arrow_tables import arrow_head

    return arrow_head(reading, rows)


def query(reading: Reading, sql: str | None) -> "duckdb.DuckDBPyRelation":
    """Returns the answer to a query about the dataset, which SQL calls `data`; None: all of it."""
    from lineageflow_core.arrow_tables import arrow_dataset

    relation = _relation(arrow_dataset(reading))
    with _sql_refused(sql):
        answer = relation.query(VIEW, sql) if sql is not None else relation
    if answer is None:
        raise InvalidInputError(f"{sql[:200] if sql else sql!r} answers nothing; write a SELECT from {VIEW}")
    return answer


def _relation(dataset: "ds.Dataset") -> "duckdb.DuckDBPyRelation":
    import duckdb

    return duckdb.connect().from_arrow(dataset)


@contextmanager
def _sql_refused(sql: str | None) -> Iterator[None]:
    """Says of SQL that cannot be understood in the block what is wrong with it."""
    import duckdb

    try:
        yield
    except duckdb.ProgrammingError as error:
        reason = str(error).partition("\n")[0]
        raise InvalidInputError(f"{sql!r} cannot be answered: {reason}") from error


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _local_files(path: Path) -> dict[str, Source]:
    if path.is_file():
        return {"": path}
    if not path.is_dir():
        raise InvalidInputError(f"there is no file or folder {str(path)!r}; nothing was written")
    return {relative: Path(item.path) for relative, item in files_below(str(path))}


def _write(data: "Table", file: Path) -> None:
    """Writes a table into a file. Raises InvalidInputError for what Arrow cannot take or write."""
    import pyarrow as pa

    try:
        table = _as_arrow(data)
    except (pa.ArrowException, ValueError) as error:  # of pandas' columns: two with one name, mixed types
        raise _unfit(data, error) from error
    try:
        _write_table(table, file)
    except pa.ArrowException as error:
        raise _unfit(data, error) from error


def _unfit(data: "Table", error: Exception) -> InvalidInputError:
    reason = "; ".join(str(each) for each in error.args).rstrip(".")
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    return InvalidInputError(
        f"{kind} cannot be written as a table: {reason}. Give each column a name of its own and one type, "
        "or write bytes"
    )


def _as_arrow(data: Any) -> "pa.Table | pa.RecordBatchReader":
    """Returns a table of any of the four libraries as Arrow's, in batches where that is possible."""
    import pyarrow as pa

    if isinstance(data, (pa.Table, pa.RecordBatchReader)):
        return data
    module, name = type(data).__module__.partition(".")[0], type(data).__name__
    if (module, name) == ("pandas", "DataFrame"):
        return pa.Table.from_pandas(data)
    if (module, name) == ("polars", "LazyFrame"):
        data = data.collect()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    raise InvalidInputError(
        f"{type(data).__module__}.{name} cannot be written; give a table of pandas, polars, Arrow or DuckDB, "
        "bytes, text, a Path, or a dictionary of bytes, texts and Paths by file name"
    )


def _write_table(table: "pa.Table | pa.RecordBatchReader", path: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    reader = table.to_reader() if isinstance(table, pa.Table) else table
    reader = reader.cast(_plain(reader.schema))
    groups = _groups(reader)
    if path.suffix == ".csv":
        with csv.CSVWriter(path, reader.schema) as writer:
            for group in groups:
                writer.write_table(group)
    elif path.suffix == ".parquet":
        with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for group in groups:
                writer.write_table(group, row_group_size=_GROUP_ROWS)
    else:
        feather.write_feather(reader.read_all().combine_chunks(), str(path))


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
