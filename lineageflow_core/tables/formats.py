"""Which files are tables, by what is said of them, then by their first bytes."""

from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.table import TableFormat

SNIFFED_BYTES = 8
"""So many first bytes decide where no name does."""

_ENDINGS = {
    "arrow": TableFormat.ARROW,
    "arrows": TableFormat.ARROW,
    "csv": TableFormat.CSV,
    "feather": TableFormat.ARROW,
    "ipc": TableFormat.ARROW,
    "jsonl": TableFormat.JSON_LINES,
    "ndjson": TableFormat.JSON_LINES,
    "parquet": TableFormat.PARQUET,
    "pq": TableFormat.PARQUET,
    "tab": TableFormat.TSV,
    "tsv": TableFormat.TSV,
    "xlsm": TableFormat.EXCEL,
    "xlsx": TableFormat.EXCEL,
}
_MEDIA_TYPES = {
    "application/jsonl": TableFormat.JSON_LINES,
    "application/vnd.apache.arrow.file": TableFormat.ARROW,
    "application/vnd.apache.arrow.stream": TableFormat.ARROW,
    "application/vnd.apache.parquet": TableFormat.PARQUET,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": TableFormat.EXCEL,
    "application/x-ndjson": TableFormat.JSON_LINES,
    "text/csv": TableFormat.CSV,
    "text/tab-separated-values": TableFormat.TSV,
}
_MAGIC = {b"PAR1": TableFormat.PARQUET, b"ARROW1": TableFormat.ARROW, b"\xff\xff\xff\xff": TableFormat.ARROW}
_COMPRESSIONS = ("gz", "zst")
_COMPRESSED = (TableFormat.CSV, TableFormat.TSV, TableFormat.JSON_LINES)


def format_by_name(entry: ObjectEntry) -> TableFormat | None:
    """Returns an object's format by its media type, else its ending; None where neither names a table."""
    if entry.media_type is not None:
        return _MEDIA_TYPES.get(entry.media_type.partition(";")[0].strip().lower())
    stem, _, ending = entry.path.lower().rpartition(".")
    if ending in _COMPRESSIONS:
        inner = _ENDINGS.get(stem.rpartition(".")[2])
        return inner if inner in _COMPRESSED else None
    return _ENDINGS.get(ending) if stem else None


def compression_of(entry: ObjectEntry) -> str:
    """Returns how a text file is packed, by its ending: 'gz', 'zst', or '' for not at all."""
    ending = entry.path.lower().rpartition(".")[2]
    return ending if ending in _COMPRESSIONS else ""


def format_by_content(head: bytes) -> TableFormat | None:
    """Returns the format of a file that begins with `head`; None where the bytes do not tell."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def has_telling_name(entry: ObjectEntry) -> bool:
    """Tells whether the object's name or media type says what it is, table or not."""
    name = entry.path.rpartition("/")[2]
    return entry.media_type is not None or "." in name.lstrip(".")


def is_blank(entry: ObjectEntry, format_: TableFormat | None) -> bool:
    """Tells whether a text has no bytes, as tools write for a part without rows: it names no columns, too."""
    return entry.size == 0 and format_ in _COMPRESSED


def is_hidden(relative: str) -> bool:
    """Tells whether a path in a dataset names no data, by a convention of Spark and Hive: `_SUCCESS`."""
    return any(part.startswith(("_", ".")) and "=" not in part for part in relative.split("/"))


def partition_values(relative: str) -> tuple[tuple[str, str], ...]:
    """Returns the columns that the folders of a path in a dataset give: `(('k', 'v'),)` for `k=v/a.csv`."""
    pairs = (part.partition("=") for part in relative.split("/")[:-1])
    return tuple(sorted({name: value for name, equals, value in pairs if name and equals}.items()))
