"""Reading a version as what its reader asks for, whatever it was written as."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.frames import query, read_arrow
from lineageflow_core.run import Reading
from lineageflow_dagster.formats.choosing import FORMATS
from lineageflow_dagster.formats.local_copies import local_copy
from lineageflow_dagster.formats.trust import Trust

_PICKLED = ("pickle", "joblib", "skops")
_NULL = b"null\n"
"""None, as it is written."""


def read_value(reading: Reading, python_type: object, *, trust: Trust, copies: Path) -> object:
    """Returns what was read as `python_type`; where that says nothing, as what was written.

    `copies` is the folder that keeps what is read as a local Path. Several files, or partitions, are one
    value if they are tables or the reader asks for a Path; else InvalidInputError.
    """
    wanted = _without_none(python_type)
    if wanted is not python_type and _is_null(reading):
        return None
    as_table = _TABLES.get((getattr(wanted, "__module__", "").partition(".")[0], _name(wanted)))
    if as_table is not None and _ending(reading) not in _PICKLED:
        return as_table(reading)
    if wanted is Path:
        return local_copy(reading, copies)
    if _name(wanted) == "UPath":
        return _place(reading)
    if wanted in {str, bytes} and _ending(reading) not in _PICKLED:
        return _content(reading, trust, "txt" if wanted is str else "bin")
    return _as_written(reading, trust, copies)


def is_object(reading: Reading) -> bool:
    """Tells whether an object was written, which may be a dictionary itself: as JSON, or pickled."""
    return _ending(reading) in {"json", *_PICKLED}


def _as_pandas(reading: Reading) -> object:
    return _as_arrow(reading).to_pandas()


def _as_arrow(reading: Reading) -> Any:
    return read_arrow(reading, columns=None, where=None)


def _as_polars(reading: Reading) -> object:
    import polars as pl

    return pl.from_arrow(_as_arrow(reading))


def _as_lazy_polars(reading: Reading) -> object:
    """What is done with it decides which columns and row groups are read."""
    import polars as pl

    return pl.scan_pyarrow_dataset(_as_arrow_dataset(reading))


def _as_arrow_dataset(reading: Reading) -> Any:
    from lineageflow_core.arrow_tables import arrow_dataset

    return arrow_dataset(reading)


def _as_batches(reading: Reading) -> object:
    return _as_arrow_dataset(reading).scanner().to_reader()


def _as_relation(reading: Reading) -> object:
    return query(reading, None)


_TABLES: Mapping[tuple[str, str], Callable[[Reading], object]] = {
    ("pandas", "DataFrame"): _as_pandas,
    ("polars", "DataFrame"): _as_polars,
    ("polars", "LazyFrame"): _as_lazy_polars,
    ("pyarrow", "Table"): _as_arrow,
    ("pyarrow", "Dataset"): _as_arrow_dataset,
    ("pyarrow", "RecordBatchReader"): _as_batches,
    ("collections", Iterator.__name__): _as_batches,
    ("collections", Iterable.__name__): _as_batches,
    ("duckdb", "DuckDBPyRelation"): _as_relation,
    ("_duckdb", "DuckDBPyRelation"): _as_relation,
}
"""By the module that the asked type is from, and its name."""
_WRITERS: Mapping[str, Callable[[Reading], object]] = {"Polars": _as_polars, "DuckDB": _as_relation}
"""By the name that a writer of Parquet leaves in the file."""


def _as_written(reading: Reading, trust: Trust, copies: Path) -> object:
    ending = _ending(reading)
    if ending == "parquet":
        return _parquet_as_written(reading)
    if ending in {"arrow", "feather", "csv", "tsv", "jsonl", "ndjson"}:
        return _as_arrow(reading)
    if ending in FORMATS:
        return _content(reading, trust, ending)
    return local_copy(reading, copies)


def _parquet_as_written(reading: Reading) -> object:
    import pyarrow.parquet as pq

    with reading.open(reading.objects[0]) as file:
        first = pq.ParquetFile(file)
        writer = str(first.metadata.created_by).partition(" ")[0]
        is_pandas = b"pandas" in (first.schema_arrow.metadata or {})
    as_written = _as_pandas if is_pandas else _WRITERS.get(writer, _as_arrow)
    return as_written(reading)


def _content(reading: Reading, trust: Trust, format_: str) -> object:
    """Reads the only file in a format."""
    if len(reading.objects) != 1:
        raise _no_single_value(reading)
    with reading.open(reading.objects[0]) as file:
        return FORMATS[format_].read(file, trust=trust)


def _no_single_value(reading: Reading) -> InvalidInputError:
    parts, files = len(reading.snapshots), len(reading.objects)
    if parts > 1:
        what, advice = f"{parts} partitions", "dict[str, ...] to get them by partition key"
    else:
        what, advice = f"{files} files", "Path to get the folder that has them"
    return InvalidInputError(
        f"the {what} of {reading.snapshots[0].dataset!r} cannot be read as one value of this kind; annotate "
        f"the input as {advice}"
    )


def _place(reading: Reading) -> object:
    import fsspec
    from upath import UPath

    fsspec.get_filesystem_class("lf")  # else UPath warns that it does not know how its paths are spelled
    dataset, only = reading.snapshots[0].dataset, reading.snapshots[0]
    path = f"{dataset}/{only.partition}" if len(reading.snapshots) == 1 and only.partition else dataset
    return UPath(f"lf://{reading.repository}/@{reading.commit}/{path}", lake=reading.catalog.address)


def _ending(reading: Reading) -> str:
    """Returns the ending that all files have, in small letters; '' where they differ."""
    endings = {PurePosixPath(entry.path).suffix.lower() for entry in reading.objects}
    return endings.pop().removeprefix(".") if len(endings) == 1 else ""


def _is_null(reading: Reading) -> bool:
    if _ending(reading) != "json" or len(reading.objects) != 1 or reading.objects[0].size != len(_NULL):
        return False
    with reading.open(reading.objects[0]) as file:
        return file.read() == _NULL


def _without_none(python_type: object) -> object:
    """Returns the X of `X | None`."""
    if get_origin(python_type) in {Union, UnionType}:
        others = [each for each in get_args(python_type) if each is not NoneType]
        if len(others) == 1:
            return others[0]
    return python_type


def _name(python_type: object) -> str:
    return getattr(python_type, "__name__", "")
