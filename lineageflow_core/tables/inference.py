"""The types of columns that come as text: the narrowest type that all values of a column have.

A whole number is one only as it is written without signs or zeros that it does not need: `00123` is a code.
Invariant: the types depend on the values alone, not on their order or on how files are cut.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineageflow_core.tables.engine import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TEXT = "VARCHAR"
_NUMBER = r"[-+]?(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?|(?i:nan|[-+]?inf)"
_DATE = r"\d{4}-\d\d-\d\d"
_TIMESTAMP = rf"{_DATE}[ T]\d\d:\d\d(?::\d\d(?:\.\d{{1,6}})?)?"
_LOOKED_AT_FIRST = 5_000
_TYPES = ["BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]
"""The narrowest first."""


def _fits(column: str) -> dict[str, str]:
    """Returns SQL for each of `_TYPES` that tells whether a text is written as the type is."""
    return {
        "BIGINT": f"coalesce(CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) = {column}, false)",
        "DOUBLE": _is_cast_and_matches(column, "DOUBLE", _NUMBER),
        "BOOLEAN": f"lower({column}) IN ('true', 'false')",
        "DATE": _is_cast_and_matches(column, "DATE", _DATE),
        "TIMESTAMP": _is_cast_and_matches(column, "TIMESTAMP", _TIMESTAMP),
    }


def _is_cast_and_matches(column: str, kind: str, pattern: str) -> str:
    return f"TRY_CAST({column} AS {kind}) IS NOT NULL AND regexp_full_match({column}, {literal(pattern)})"


def infer_types(connection: "DuckDBPyConnection", relation: str, columns: Sequence[str]) -> dict[str, str]:
    """Returns the type of each column of text in `relation`, a SELECT in brackets, as DuckDB calls it."""
    # A first look leaves few types to be tried on all rows: what does not fit some values does not fit all.
    first = f"(SELECT * FROM {relation} LIMIT {_LOOKED_AT_FIRST})"
    possible = _fitting(connection, first, dict.fromkeys(columns, _TYPES), if_empty=True)
    fitting = _fitting(connection, relation, possible, if_empty=False)
    return {column: next(iter(fitting[column]), _TEXT) for column in columns}


def _fitting(
    connection: "DuckDBPyConnection", relation: str, types: dict[str, list[str]], *, if_empty: bool
) -> dict[str, list[str]]:
    """Returns which of its types fit all values of a column. `if_empty`: whether they fit no values."""
    tests = [
        f"coalesce(bool_and({test}) FILTER ({column} IS NOT NULL), {if_empty})"
        for column, kinds in ((identifier(name), kinds) for name, kinds in types.items())
        for kind, test in _fits(column).items()
        if kind in kinds
    ]
    if not tests:
        return types
    row = connection.execute(f"SELECT {', '.join(tests)} FROM {relation}").fetchone()
    assert row is not None
    fits = iter(row)
    return {column: [kind for kind in kinds if next(fits)] for column, kinds in types.items()}
