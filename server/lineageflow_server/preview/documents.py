"""The first rows of JSON: one object a line, or one array of objects."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lineageflow_core.tables.cells import as_cell
from lineageflow_server.preview.values import Column, TablePreview

_MOST_COLUMNS = 200
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def read_json_lines(head: bytes, *, whole: bool, limit: int) -> TablePreview:
    """Returns the first `limit` objects, one a line. Raises msgspec.DecodeError, TypeError."""
    lines = [line for line in head.splitlines() if line.strip()]
    if not whole:
        lines = lines[:-1]
    records = [_record(msgspec.json.decode(line)) for line in lines[:limit]]
    return _table(records, count=len(lines) if whole else None)


def read_json(content: bytes, *, limit: int) -> TablePreview | None:
    """Returns the first `limit` objects of a whole JSON array; None if it is something else."""
    document = msgspec.json.decode(content)
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document) or not document:
        return None
    return _table(document[:limit], count=len(document))


def _record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a line is not a JSON object")
    return value


def _table(records: Sequence[dict[str, Any]], *, count: int | None) -> TablePreview:
    names = list(dict.fromkeys(name for record in records for name in record))
    shown = names[:_MOST_COLUMNS]
    return TablePreview(
        columns=tuple(
            Column(name=name, type=_type([record.get(name) for record in records])) for name in shown
        ),
        rows=tuple(tuple(as_cell(record.get(name)) for name in shown) for record in records),
        row_count=count,
        truncated=count is None or count > len(records) or len(names) > len(shown),
    )


def _type(values: Sequence[Any]) -> str:
    kinds = {_TYPES[type(value)] for value in values if value is not None}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "any" if kinds else "null"
