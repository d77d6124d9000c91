"""Values of tables as cells: JSON that any client can hold, no larger than a screen shows.

`cell_sql` lets DuckDB bring a value into a form that Python can hold, however large or far off it is, and
`as_cell` makes it JSON.
"""

import json
import math
from typing import Any

from lineageflow_core.model.table import Cell
from lineageflow_core.tables.types import is_nested, is_number, is_text

CUT = "…"
"""Ends what was cut."""

_LONGEST_TEXT = 1000
_LONGEST_NESTED = 20_000
_MOST_ITEMS = 20
_DEEPEST = 4
_SHOWN_BYTES = 32
_LARGEST_INTEGER = 2**53
"""Beyond it, JavaScript's numbers are not exact: such integers are given as text."""


def cell_sql(expression: str, kind: str) -> str:
    """Returns SQL for the value of an expression of the type `kind`, for `as_cell`."""
    if is_number(kind) or kind == "boolean":
        return expression
    if is_text(kind):
        return f"left({expression}, {_LONGEST_TEXT + 1})"
    if kind == "blob":
        return f"unhex(left(hex({expression}), {2 * (_SHOWN_BYTES + 1)}))"
    if is_nested(kind):
        return f"{{'nested': left(CAST(to_json({expression}) AS VARCHAR), {_LONGEST_NESTED + 1})}}"
    return f"left(CAST({expression} AS VARCHAR), {_LONGEST_TEXT + 1})"


def read_cell(value: Any, kind: str) -> Cell:
    """Returns what `cell_sql` gave for a value of the type `kind`."""
    if is_nested(kind) and value is not None:
        document = value["nested"]
        if document is None:
            return None
        try:
            return as_cell(json.loads(document))
        except ValueError:  # it was cut
            return as_cell(document)
    return as_cell(value)


def as_cell(value: Any, depth: int = 0) -> Cell:
    """Returns a value as JSON, with what is long cut off."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= _LARGEST_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + CUT
        case bytes():
            return "0x" + value[:_SHOWN_BYTES].hex() + (CUT if len(value) > _SHOWN_BYTES else "")
        case list() | tuple() if depth < _DEEPEST:
            items = [as_cell(item, depth + 1) for item in value[:_MOST_ITEMS]]
            return [*items, CUT] if len(value) > _MOST_ITEMS else items
        case dict() if depth < _DEEPEST:
            first = list(value.items())[:_MOST_ITEMS]
            cut = {CUT: len(value) - _MOST_ITEMS} if len(value) > _MOST_ITEMS else {}
            return {str(key)[:_LONGEST_TEXT]: as_cell(item, depth + 1) for key, item in first} | cut
        case list() | tuple() | dict():
            return CUT
        case _:
            return str(value)[:_LONGEST_TEXT]
