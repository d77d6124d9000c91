"""How a delimited text is written: what is between its columns, and how its characters are encoded."""

import codecs
import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from lineageflow_core.model.table import TableFormat
from lineageflow_core.tables.files import TableFile

_DELIMITERS = (",", "\t", ";", "|")
HEAD_BYTES = 1 << 20
"""So many first bytes hold the first line, which may be long."""
_CHUNK_BYTES = 4 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """What a reader has to know."""

    delimiter: str
    columns: tuple[str, ...]
    encoding: str | None
    """None: UTF-8, which needs no recoding."""


def csv_dialect(file: TableFile, source: Path) -> CsvDialect:
    """Returns how a file is written: its first line names the columns, and shows what stands between them."""
    with _opened(file, source) as stream:
        head = stream.read(HEAD_BYTES)
        encoding = _encoding(head, stream) if not file.compression else None
    text = head.decode(encoding or "utf-8", errors="replace").removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = delimiter_of(first, file.format)
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return CsvDialect(delimiter=delimiter, columns=_distinct(names), encoding=encoding)


def delimiter_of(first_line: str, format_: TableFormat) -> str:
    """Returns what stands between the columns that the first line names."""
    return "\t" if format_ is TableFormat.TSV else max(_DELIMITERS, key=first_line.count)


def encoding_of_head(head: bytes) -> str:
    """Returns the encoding that the first bytes of a text show: 'utf-8', 'utf-16' or 'cp1252'."""
    if head.startswith(_UTF_16):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Returns names of columns, of which those that are empty or used before get another one."""
    used: set[str] = set()
    found = []
    for index, name in enumerate(names):
        fresh = name or f"column{index}"
        while fresh.lower() in used:
            fresh += "_"
        used.add(fresh.lower())
        found.append(fresh)
    return tuple(found)


def _opened(file: TableFile, source: Path) -> BinaryIO:
    if file.compression == "gz":
        return cast(BinaryIO, gzip.open(source))
    if file.compression == "zst":
        return cast(BinaryIO, zstandard.open(source))
    return source.open("rb")


def _encoding(head: bytes, rest: BinaryIO) -> str | None:
    if head.startswith(_UTF_16):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        chunk = head
        while chunk:
            decoder.decode(chunk)
            chunk = rest.read(_CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"  # what spreadsheets write
    return None
