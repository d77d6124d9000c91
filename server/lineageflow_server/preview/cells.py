"""One cell of a table as a JSON value that any client can hold: no larger than a screen shows."""

import math
from typing import Any

_LONGEST_TEXT = 1000
_MOST_ITEMS = 20
_DEEPEST = 4
_SHOWN_BYTES = 32
_LARGEST_INTEGER = 2**53
"""Beyond it, JavaScript's numbers are not exact: such integers are given as text."""
CUT = "…"


def as_cell(value: Any, depth: int = 0) -> Any:
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
