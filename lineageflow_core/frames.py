"""What people have (tables of four libraries, bytes, text, folders) as files of a dataset, and tables back.

What a file holds is told by its ending, so any other tool can read it. The libraries are imported when they
are needed.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.local_files import files_below
from lineageflow_core.run import Reading
from lineageflow_core.table_writing import ENDINGS, write_table
from lineageflow_core.uploads import Source

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as ds

    from lineageflow_core.table_writing import Table

    Data: TypeAlias = Table | bytes | str | Path | Mapping[str, Source | str]
    """What can be written: a table, bytes, text, a local file or folder, or files by relative path."""

DEFAULT_FILE = "data.parquet"
"""What the file of a table is called in a dataset whose path has no ending of its own."""
VIEW = "data"
"""What SQL calls the dataset that it is about."""


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
        name = "" if ending in ENDINGS else DEFAULT_FILE
        with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
            file = Path(folder, name or f"table{ending}")
            write_table(data, file)
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
