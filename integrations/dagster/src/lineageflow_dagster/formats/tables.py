"""Tables of pandas, polars, Arrow and DuckDB as a file, in memory or piece by piece."""

from pathlib import Path
from typing import BinaryIO

from lineageflow_core.table_writing import is_table, write_table
from lineageflow_dagster.formats.format import Described, FileFormat
from lineageflow_dagster.formats.trust import Trust


class TableFormat(FileFormat):
    """Parquet, CSV (RFC 4180, with a header), or the Arrow IPC file format (Feather version 2)."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        if not is_rows(value):
            raise self.unfit(value, "tables of pandas, polars, Arrow or DuckDB, or an iterator of them")
        shape = write_table(value, file)
        return Described(dataset_type="TABLE", rows=shape.rows, columns=shape.columns)

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        raise NotImplementedError("tables are read together, from all of their files")


def is_rows(value: object) -> bool:
    """Tells whether a value is a table, or an iterator, which is taken to be one of tables."""
    return is_table(value) or hasattr(value, "__next__")
