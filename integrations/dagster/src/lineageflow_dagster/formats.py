"""How a Python value becomes a file of a dataset, and back.

A format is named by its file's ending, so that what a dataset was written as can be read off its objects,
by us and by any other tool. Formats touch local files only; where those go is the IO manager's business.
Equal tables give equal bytes, under one version of Arrow: an unchanged result is an unchanged snapshot.
"""

import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lineageflow_core.errors import InvalidInputError

if TYPE_CHECKING:
    import pyarrow as pa

AUTOMATIC = "auto"
"""Parquet for tables, text for strings, plain bytes for bytes, else pickle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What can be told of a value without its bytes."""

    dataset_type: str
    """As OpenLineage's datasetType facet: TABLE, FILE, MODEL."""
    rows: int | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Name and Arrow type of each column; none where it is no table."""


class Format(ABC):
    """Writes one kind of value to one file."""

    @abstractmethod
    def describe(self, value: object) -> Described:
        """Returns facts about a value that this format can write."""

    @abstractmethod
    def write(self, value: object, path: Path) -> None:
        """Writes the value to a new file. Raises InvalidInputError if it is not of this format's kind."""

    @abstractmethod
    def read(self, file: BinaryIO, python_type: object) -> object:
        """Reads a value as `python_type`; `typing.Any` leaves the choice to the format."""

    def join(self, values: Mapping[str, object]) -> object:
        """Returns the values of many partitions as one. Raises InvalidInputError where there is no such."""
        raise InvalidInputError(
            f"{len(values)} partitions cannot be read as one value of this kind; annotate the input as "
            "dict[str, ...] to get them by partition key"
        )


class TableFormat(Format):
    """pandas data frames and Arrow tables, through Arrow."""

    def describe(self, value: object) -> Described:
        table = as_arrow(value)
        return Described(
            dataset_type="TABLE",
            rows=table.num_rows,
            columns=tuple((field.name, str(field.type)) for field in table.schema),
        )

    def write(self, value: object, path: Path) -> None:
        self.write_table(as_arrow(value), path)

    def read(self, file: BinaryIO, python_type: object) -> object:
        return from_arrow(self.read_table(file), python_type)

    def join(self, values: Mapping[str, object]) -> object:
        import pyarrow as pa

        tables = list(values.values())
        if all(isinstance(table, pa.Table) for table in tables):
            return pa.concat_tables(tables, promote_options="default")
        import pandas as pd

        return pd.concat(tables, ignore_index=True)  # type: ignore[arg-type]  # frames: read as such above

    @abstractmethod
    def write_table(self, table: "pa.Table", path: Path) -> None: ...

    @abstractmethod
    def read_table(self, file: BinaryIO) -> "pa.Table": ...


class ParquetFormat(TableFormat):
    """Apache Parquet, https://parquet.apache.org/docs/file-format/."""

    def write_table(self, table: "pa.Table", path: Path) -> None:
        import pyarrow.parquet as pq

        pq.write_table(table, path, compression="zstd")

    def read_table(self, file: BinaryIO) -> "pa.Table":
        import pyarrow.parquet as pq

        return pq.read_table(file)


class ArrowFormat(TableFormat):
    """The Arrow IPC file format, also known as Feather version 2."""

    def write_table(self, table: "pa.Table", path: Path) -> None:
        import pyarrow.feather as feather

        feather.write_feather(table, str(path))

    def read_table(self, file: BinaryIO) -> "pa.Table":
        import pyarrow.feather as feather

        return feather.read_table(file)


class CsvFormat(TableFormat):
    """Comma-separated values (RFC 4180) with a header. Types are guessed again when it is read."""

    def write_table(self, table: "pa.Table", path: Path) -> None:
        import pyarrow.csv as csv

        csv.write_csv(table, path)

    def read_table(self, file: BinaryIO) -> "pa.Table":
        import pyarrow.csv as csv

        return csv.read_csv(file)


class TextFormat(Format):
    """Strings in UTF-8: a report, a page, a query."""

    def describe(self, value: object) -> Described:
        return Described(dataset_type="FILE")

    def write(self, value: object, path: Path) -> None:
        if not isinstance(value, str):
            raise InvalidInputError(f"the format is text, but the value is {_kind(value)}; return a str")
        path.write_text(value, encoding="utf-8", newline="")

    def read(self, file: BinaryIO, python_type: object) -> object:
        return file.read().decode("utf-8")


class BytesFormat(Format):
    """Bytes as they are."""

    def describe(self, value: object) -> Described:
        return Described(dataset_type="FILE")

    def write(self, value: object, path: Path) -> None:
        if not isinstance(value, bytes):
            raise InvalidInputError(f"the format is bytes, but the value is {_kind(value)}; return bytes")
        path.write_bytes(value)

    def read(self, file: BinaryIO, python_type: object) -> object:
        return file.read()


class PickleFormat(Format):
    """Any picklable object. Reading runs code that the writer chose: use it in lakes you trust."""

    def describe(self, value: object) -> Described:
        is_model = callable(getattr(value, "predict", None))
        return Described(dataset_type="MODEL" if is_model else "FILE")

    def write(self, value: object, path: Path) -> None:
        with path.open("wb") as file:
            pickle.dump(value, file, protocol=5)

    def read(self, file: BinaryIO, python_type: object) -> object:
        return pickle.load(file)


FORMATS: Mapping[str, Format] = {
    "parquet": ParquetFormat(),
    "arrow": ArrowFormat(),
    "csv": CsvFormat(),
    "txt": TextFormat(),
    "md": TextFormat(),
    "html": TextFormat(),
    "json": TextFormat(),
    "bin": BytesFormat(),
    "pickle": PickleFormat(),
}
"""Every format by the ending of its files."""


def choose_format(name: str, value: object) -> str:
    """Returns the ending to write `value` with, where `name` was asked for. Raises InvalidInputError."""
    if name != AUTOMATIC:
        find_format(name)
        return name
    if is_table(value):
        return "parquet"
    if isinstance(value, str):
        return "txt"
    return "bin" if isinstance(value, bytes) else "pickle"


def find_format(ending: str) -> Format:
    """Returns the format of files with this ending. Raises InvalidInputError, naming those there are."""
    try:
        return FORMATS[ending]
    except KeyError:
        raise InvalidInputError(
            f"there is no format {ending!r}; choose one of {', '.join([AUTOMATIC, *FORMATS])}"
        ) from None


def is_table(value: object) -> bool:
    """Tells whether a value is a pandas data frame or an Arrow table, importing neither."""
    return type(value).__name__ in {"DataFrame", "Table"} and type(value).__module__.split(".")[0] in {
        "pandas",
        "pyarrow",
    }


def as_arrow(value: object) -> "pa.Table":
    """Returns a pandas data frame or an Arrow table as an Arrow table. Raises InvalidInputError."""
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if not is_table(value):
        raise InvalidInputError(
            f"the format is a table, but the value is {_kind(value)}; return a pandas DataFrame or an Arrow "
            "Table"
        )
    return pa.Table.from_pandas(value)


def from_arrow(table: "pa.Table", python_type: object) -> object:
    """Returns a table as `python_type`; where that says nothing, as what was written."""
    import pyarrow as pa

    if python_type is pa.Table:
        return table
    wants_pandas = getattr(python_type, "__module__", "").split(".")[0] == "pandas"
    if wants_pandas or b"pandas" in (table.schema.metadata or {}):
        return table.to_pandas()
    return table


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
