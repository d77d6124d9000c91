"""The files of a reading as one Arrow dataset: which are tables, how they are written, and all their columns.

What a file is, and which types the columns of a text have, is decided as in `tables`. Columns of several
files are united by name. Arrow reads what is asked for and no more; Excel's workbooks it does not read.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
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
from lineageflow_core.tables.inference import infer_types

_ARROW_FORMATS = {
    TableFormat.PARQUET: "parquet",
    TableFormat.ARROW: "ipc",
    TableFormat.JSON_LINES: "json",
}
_TEXTS = (TableFormat.CSV, TableFormat.TSV)


def _any_case(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*zip(word, word.upper(), strict=True))]


_TYPES = {
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
}
"""Arrow's, by what inference calls them."""
_AS_INFERRED = csv.ConvertOptions(
    null_values=[""],
    strings_can_be_null=True,
    true_values=_any_case("true"),
    false_values=_any_case("false"),
)
"""What inference takes for a missing value, and for truth, reading does."""
_CODECS = {"gz": "gzip", "zst": "zstd"}
_LOOKS = 16
"""So many files are looked into at once."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Files that are tables of one format."""

    reading: Reading
    entries: Sequence[ObjectEntry]
    format: TableFormat


@dataclass(frozen=True, slots=True)
class _United:
    """Files as one dataset."""

    dataset: ds.Dataset
    own: Sequence[str]
    """The columns that are in the files."""
    folders: Sequence[str]
    """The columns that are in their paths."""


def arrow_dataset(reading: Reading, *, columns: Sequence[str] | None = None) -> ds.Dataset:
    """Returns the tables among what was read as one Arrow dataset, of which no rows are loaded yet.

    Partitions named as in Hive (`day=2026-05-01`) are columns. Which types the columns of a text have takes
    one look at all of their values; those that are not in `columns` stay text. Raises InvalidInputError
    where the files are no tables of one kind, UnreadableTableError where one is none.
    """
    files = _files(reading)
    with told_if_unreadable(reading):
        united = _united(files)
        dataset = united.dataset
        if files.format not in _TEXTS:
            return dataset
        asked = [name for name in united.own if columns is None or name in columns]
        return _opened(files, dataset.format, _typed(dataset, asked), united.folders)


def arrow_head(reading: Reading, rows: int) -> pa.Table:
    """Returns the first rows. The columns of a text have the types of the values in them. Raises as above."""
    files = _files(reading)
    with told_if_unreadable(reading):
        united = _united(files)
        found = united.dataset.head(rows)
        return found.cast(_typed(found, united.own)) if files.format in _TEXTS else found


def _files(reading: Reading) -> _Files:
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
    return _Files(reading, entries, format_)


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


def _united(files: _Files) -> _United:
    """Returns the files with the columns of all. Those of texts are text, and so is what folders say."""
    arrow_format = _arrow_format(files)
    first = _opened(files, arrow_format)
    with ThreadPoolExecutor(_LOOKS) as pool:
        own = _unite(list(pool.map(lambda fragment: fragment.physical_schema, first.get_fragments())))
    folders = [name for name in first.schema.names if name not in own.names]
    if files.format in _TEXTS:
        own = pa.schema([(name, pa.string()) for name in own.names])
    schema = pa.schema([*own, *((name, pa.string()) for name in folders)], metadata=own.metadata)
    if schema.equals(first.schema):
        return _United(first, own.names, folders)
    return _United(_opened(files, arrow_format, schema, folders), own.names, folders)


def _opened(
    files: _Files,
    arrow_format: ds.FileFormat | str,
    schema: pa.Schema | None = None,
    folders: Sequence[str] | None = None,
) -> ds.Dataset:
    """Returns the files with the columns of `schema`, of which `folders` are in their paths; None: look."""
    known = pa.schema([(name, pa.string()) for name in folders or ()])
    return ds.dataset(
        [entry.path for entry in files.entries],
        schema=schema,
        format=arrow_format,
        filesystem=filesystem_of(files.reading),
        partitioning="hive" if folders is None else ds.partitioning(known, flavor="hive"),
    )


def _unite(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Returns the columns of all schemas, each with a type that holds the values of all.

    Where no type does, that is the first one, and reading tells what does not fit.
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
                united = united.set(index, _wider(united.field(index), field))
    return united


def _wider(one: pa.Field, other: pa.Field) -> pa.Field:
    try:
        (field,) = pa.unify_schemas([pa.schema([one]), pa.schema([other])], promote_options="permissive")
    except pa.ArrowException:
        return one
    return field


def _typed(texts: ds.Dataset | pa.Table, columns: Sequence[str]) -> pa.Schema:
    """Returns the schema of texts with the types that the values of these columns have."""
    import duckdb

    schema = texts.schema
    # By number: two columns whose names differ in case only are one to DuckDB.
    numbered = {f"c{index}": name for index, name in enumerate(schema.names)}
    chosen = [number for number, name in numbered.items() if name in columns]
    with duckdb.connect() as connection:
        connection.register("texts", texts)
        relation = f"(SELECT * FROM texts AS t({', '.join(numbered)}))"
        try:
            kinds = infer_types(connection, relation, chosen)
        except duckdb.Error as error:
            raise pa.ArrowInvalid(str(error).rpartition("Invalid: ")[2]) from error
    for number, kind in kinds.items():
        index = int(number[1:])
        schema = schema.set(index, schema.field(index).with_type(_TYPES[kind]))
    return schema


def _arrow_format(files: _Files) -> ds.FileFormat | str:
    if files.format in _TEXTS:
        return _text_format(files.reading, files.entries[0], files.format)
    return _ARROW_FORMATS[files.format]


def _text_format(reading: Reading, entry: ObjectEntry, format_: TableFormat) -> ds.FileFormat:
    compression = _CODECS.get(compression_of(entry))
    with reading.open(entry) as stream, pa.input_stream(stream, compression=compression) as text:
        head = text.read(HEAD_BYTES)
    encoding = encoding_of_head(head)
    first_line = head.decode(encoding, errors="replace").partition("\n")[0]
    return ds.CsvFileFormat(
        parse_options=csv.ParseOptions(delimiter=delimiter_of(first_line, format_), newlines_in_values=True),
        read_options=csv.ReadOptions(encoding="utf8" if encoding == "utf-8" else encoding),
        convert_options=_AS_INFERRED,
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
