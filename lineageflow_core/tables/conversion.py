"""Files of every other format as Parquet in the scratch folder.

CSV comes out as text: which types its columns have, all files of a table decide together (`inference.py`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lineageflow_core.model.table import TableFormat
from lineageflow_core.tables.delimited import CsvDialect, csv_dialect
from lineageflow_core.tables.engine import literal
from lineageflow_core.tables.files import TableFile
from lineageflow_core.tables.sheet import convert_sheet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_LINE = 8 << 20
"""Bytes of one row as text: a larger one is an error, and no memory is spent on it."""
_RECODED_CHARACTERS = 1 << 20
_COMPRESSIONS = {"": "none", "gz": "gzip", "zst": "zstd"}


def to_parquet(connection: "DuckDBPyConnection", file: TableFile, source: Path, target: Path) -> None:
    """Writes the rows of `source` to `target`. Raises UnreadableTableError, or what its reader raises."""
    match file.format:
        case TableFormat.CSV | TableFormat.TSV:
            dialect = csv_dialect(file, source)
            if dialect.encoding is not None:
                source = _recoded(source, dialect.encoding)
            _copy(connection, _csv(file, source, dialect), target)
        case TableFormat.JSON_LINES:
            _copy(connection, _json_lines(file, source), target)
        case TableFormat.ARROW:
            _convert_arrow(source, target)
        case TableFormat.EXCEL:
            convert_sheet(source, target)
        case TableFormat.PARQUET:
            target.symlink_to(source)


def _copy(connection: "DuckDBPyConnection", relation: str, target: Path) -> None:
    connection.execute(f"COPY (SELECT * FROM {relation}) TO {literal(str(target))} (FORMAT parquet)")


def _csv(file: TableFile, source: Path, dialect: CsvDialect) -> str:
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in dialect.columns)
    return (
        f"read_csv({literal(str(source))}, auto_detect=false, header=true, columns={{{columns}}}, "
        f"delim={literal(dialect.delimiter)}, quote='\"', escape='\"', comment='', allow_quoted_nulls=true, "
        f"max_line_size={LONGEST_LINE}, compression={literal(_COMPRESSIONS[file.compression])})"
    )


def _recoded(source: Path, encoding: str) -> Path:
    """Returns a copy of a text in UTF-8."""
    target = source.with_suffix(".utf8")
    with (
        source.open(encoding=encoding, errors="replace", newline="") as old,
        target.open("w", encoding="utf-8", newline="") as new,
    ):
        while part := old.read(_RECODED_CHARACTERS):
            new.write(part)
    return target


def _json_lines(file: TableFile, source: Path) -> str:
    return (
        f"read_json({literal(str(source))}, format='newline_delimited', sample_size=-1, "
        f"map_inference_threshold=-1, maximum_object_size={LONGEST_LINE}, "
        f"compression={literal(_COMPRESSIONS[file.compression])})"
    )


def _convert_arrow(source: Path, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pa.OSFile(str(source)) as file:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
        with pq.ParquetWriter(target, reader.schema) as writer:
            batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader
            for batch in batches:
                writer.write_batch(batch)
