"""The files of a reading as one Arrow dataset: which are tables, how they are written, and all their columns.

What a file is, is decided as in `tables`. Columns of several files are united by name. Arrow reads what is
asked for and no more; Excel's workbooks it does not read.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.dataset as ds

from lineageflow_core.arrow_files import filesystem_of
from lineageflow_core.errors import InvalidInputError, LineageFlowError, UnreadableTableError
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.table import TableFormat
from lineageflow_core.run import Reading
from lineageflow_core.tables.delimited import HEAD_BYTES, delimiter_of, encoding_of_head
from lineageflow_core.tables.formats import compression_of, format_by_name, is_blank

_ARROW_FORMATS = {
    TableFormat.PARQUET: "parquet",
    TableFormat.ARROW: "ipc",
    TableFormat.JSON_LINES: "json",
}
_TEXTS = (TableFormat.CSV, TableFormat.TSV)
_CODECS = {"gz": "gzip", "zst": "zstd"}
_LOOKS = 16
"""So many files are looked into at once."""


def arrow_dataset(reading: Reading) -> ds.Dataset:
    """Returns the tables among what was read as one Arrow dataset, of which no rows are loaded yet.

    Partitions named as in Hive (`day=2026-05-01`) are columns. Raises InvalidInputError where the files are
    no tables of one kind, UnreadableTableError where one is none.
    """
    named = [entry for entry in reading.objects if not _is_marker(entry.path)]
    entries = [entry for entry in named if not is_blank(entry, _format_of(entry))]
    formats = {_format_of(entry) for entry in entries}
    (format_,) = formats if len(formats) == 1 else (None,)
    if format_ is None or format_ is TableFormat.EXCEL:
        raise InvalidInputError(
            f"{reading.snapshots[0].dataset!r} cannot be read as a table: {_names(entries)}. Tables are "
            "Parquet, CSV, TSV, JSON lines, Arrow and Feather files, all of one kind. `open` and `download` "
            "give the files as they are"
        )
    with told_if_unreadable(reading):
        return _united(reading, entries, format_)


@contextmanager
def told_if_unreadable(reading: Reading) -> Iterator[None]:
    """Says of files that Arrow cannot read in the block what it says of them."""
    try:
        yield
    except LineageFlowError:
        raise
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise UnreadableTableError(
            f"{reading.snapshots[0].dataset!r} cannot be read as a table: {reason}. `open` and `download` "
            "give the files as they are"
        ) from error


def _united(reading: Reading, entries: Sequence[ObjectEntry], format_: TableFormat) -> ds.Dataset:
    arrow_format = (
        _text_format(reading, entries[0], format_) if format_ in _TEXTS else _ARROW_FORMATS[format_]
    )
    paths = [entry.path for entry in entries]
    files = filesystem_of(reading)
    first = ds.dataset(paths, format=arrow_format, filesystem=files, partitioning="hive")
    if len(paths) == 1:
        return first
    with ThreadPoolExecutor(_LOOKS) as pool:
        schemas = list(pool.map(lambda fragment: fragment.physical_schema, first.get_fragments()))
    schema = _unite([first.schema, *schemas], is_text=format_ in _TEXTS)
    if schema.equals(first.schema):
        return first
    return ds.dataset(paths, schema=schema, format=arrow_format, filesystem=files, partitioning="hive")


def _unite(schemas: Sequence[pa.Schema], *, is_text: bool) -> pa.Schema:
    """Returns the columns of all schemas, each with a type that holds the values of all.

    Where no type does, that is text in a text file; else the first one, and reading tells what does not fit.
    """
    united = schemas[0]
    for other in schemas[1:]:
        if other.equals(united):
            continue
        for field in other:
            index = united.get_field_index(field.name)
            if index < 0:
                united = united.append(field)
            else:
                united = united.set(index, _wider(united.field(index), field, is_text=is_text))
    return united


def _wider(one: pa.Field, other: pa.Field, *, is_text: bool) -> pa.Field:
    try:
        (field,) = pa.unify_schemas([pa.schema([one]), pa.schema([other])], promote_options="permissive")
    except pa.ArrowException:
        return one.with_type(pa.string()) if is_text else one
    return field


def _text_format(reading: Reading, entry: ObjectEntry, format_: TableFormat) -> ds.FileFormat:
    compression = _CODECS.get(compression_of(entry))
    with reading.open(entry) as stream, pa.input_stream(stream, compression=compression) as text:
        head = text.read(HEAD_BYTES)
    encoding = encoding_of_head(head)
    first_line = head.decode(encoding, errors="replace").partition("\n")[0]
    return ds.CsvFileFormat(
        parse_options=csv.ParseOptions(delimiter=delimiter_of(first_line, format_), newlines_in_values=True),
        read_options=csv.ReadOptions(encoding="utf8" if encoding == "utf-8" else encoding),
    )


def _format_of(entry: ObjectEntry) -> TableFormat | None:
    ending = PurePosixPath(entry.path).suffix.lower()
    return TableFormat.JSON_LINES if ending == ".json" else format_by_name(entry)


def _names(entries: Sequence[ObjectEntry]) -> str:
    if not entries:
        return "it has no files with rows"
    endings = sorted({PurePosixPath(entry.path).suffix.lower() for entry in entries})
    return f"its files end in {', '.join(ending or 'nothing' for ending in endings)}"


def _is_marker(path: str) -> bool:
    """Tells whether a file is one that tools leave beside tables, such as `_SUCCESS`."""
    return PurePosixPath(path).name.startswith(("_", "."))
