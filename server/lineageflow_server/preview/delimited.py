"""The first rows of CSV and TSV files."""

import csv
import io
import re
from collections.abc import Sequence

from lineageflow_core.tables.cells import as_cell
from lineageflow_server.preview.text import decode_text
from lineageflow_server.preview.values import Column, TablePreview

_DELIMITERS = (",", "\t", ";", "|")
_MOST_COLUMNS = 200
# No leading zero: '00123' is a code, not a number.
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?")


def read_delimited(head: bytes, *, whole: bool, limit: int) -> TablePreview:
    """Returns the first `limit` rows; the first line names the columns. Raises ValueError, csv.Error.

    `whole`: nothing follows `head`; otherwise its last line, which may be cut, is left out.
    """
    text = _decode(head, whole=whole)
    if "\0" in text:
        raise ValueError("it holds bytes that are no text")
    if not whole:
        text = text[: text.rfind("\n") + 1]
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    records = [record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record]
    names, rows = (records[0], records[1:]) if records else ([], [])
    shown = names[:_MOST_COLUMNS]
    columns = [_Values(index, rows) for index in range(len(shown))]
    return TablePreview(
        columns=tuple(
            Column(name=name, type=column.type, nulls=column.nulls if whole else None)
            for name, column in zip(shown, columns, strict=True)
        ),
        rows=tuple(tuple(column.cell(row) for column in columns) for row in rows[:limit]),
        row_count=len(rows) if whole else None,
        truncated=not whole or len(rows) > limit or len(names) > len(shown),
    )


class _Values:
    """One column: its type is the narrowest that all of its values have."""

    def __init__(self, index: int, rows: Sequence[Sequence[str]]) -> None:
        self._index = index
        texts = [self._text(row) for row in rows]
        present = [text for text in texts if text]
        self.nulls = len(texts) - len(present)
        self.type = "string"
        if present and all(map(_NUMBER.fullmatch, present)):
            self.type = "integer" if all(map(_INTEGER.fullmatch, present)) else "number"

    def cell(self, row: Sequence[str]) -> object:
        """Returns this column's value in a row as JSON; None where it is empty."""
        text = self._text(row)
        if not text:
            return None
        if self.type == "integer":
            return int(text)
        return as_cell(float(text) if self.type == "number" else text)

    def _text(self, row: Sequence[str]) -> str:
        return row[self._index] if self._index < len(row) else ""


def _decode(head: bytes, *, whole: bool) -> str:
    try:
        return decode_text(head, whole=whole)
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")  # what spreadsheets write
