"""Which rows of two tables differ: by key, or as bags of whole rows. Out of core, by DuckDB.

First the rows are narrowed down by a hash of their values, which needs little memory however wide they are;
only rows whose hashes differ are compared value by value. (Two versions of a row that differ and yet have one
hash of 64 bits go unseen: one in 10^19. A new salt each time makes such a pair hard to make.)

Missing values are equal to each other, and so are NaNs. Values of two types are compared as the type that
holds both where both are numbers or both are times, else as text: what only changed its type is unchanged.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.table_diff import CellCount, RowChange, RowDiff
from lineageflow_core.tables.cells import cell_sql, read_cell
from lineageflow_core.tables.engine import identifier
from lineageflow_core.tables.relation import Relation, describe
from lineageflow_core.tables.types import is_decimal, is_instant, is_number

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KINDS = (DiffKind.ADDED, DiffKind.REMOVED, DiffKind.CHANGED)
_SAME, _ADDED, _REMOVED, _CHANGED = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two relations with the columns that both have, at types that can be compared."""

    left: str
    right: str
    """A SELECT in brackets."""
    types: dict[str, str]
    """By name; the key first."""
    key: tuple[str, ...]

    @property
    def values(self) -> list[str]:
        """The columns that are no key."""
        return [name for name in self.types if name not in self.key]


def compare_rows(
    connection: "DuckDBPyConnection",
    left: Relation,
    right: Relation,
    *,
    key: Sequence[str],
    skip: int,
    limit: int,
) -> RowDiff:
    """Returns the differences, with `limit` rows behind the first `skip`. Raises InvalidInputError."""
    compared = _compared(connection, left, right, key)
    differ = _by_key if key else _by_whole_rows
    counts, changes = differ(connection, compared, skip, limit + 1)
    return RowDiff(
        key=compared.key,
        columns=tuple(compared.types),
        rows=tuple(changes[:limit]),
        next=str(skip + limit) if len(changes) > limit else None,
        **counts,
    )


def column_differs(
    connection: "DuckDBPyConnection", left: Relation, right: Relation, *, key: Sequence[str], column: str
) -> bool:
    """Tells whether a column is on one side only, has another type, or other values in some rows.

    With a key, a value belongs to its row; without one, only how often it is there counts.
    """
    if left.types.get(column) != right.types.get(column):
        return True
    if column not in left.types:
        return False
    names = [name for name in dict.fromkeys([*key, column]) if name in left.types and name in right.types]
    one, other = (
        Relation(
            sql=f"(SELECT {', '.join(map(identifier, names))} FROM {side.sql})",
            types={name: side.types[name] for name in names},
        )
        for side in (left, right)
    )
    found = compare_rows(connection, one, other, key=(), skip=0, limit=1)
    return bool(found.added or found.removed)


def _compared(
    connection: "DuckDBPyConnection", left: Relation, right: Relation, key: Sequence[str]
) -> Compared:
    shared = [name for name in left.types if name in right.types]
    for name in key:
        if name not in shared:
            raise InvalidInputError(
                f"the key column {name!r} is not in both versions; in both are: {', '.join(shared) or 'none'}"
            )
    names = list(dict.fromkeys([*key, *shared]))
    sides = []
    for relation, other in ((left, right), (right, left)):
        columns = ", ".join(_comparable(relation, other, name) for name in names)
        sides.append(f"(SELECT {columns} FROM {relation.sql})")
    if not names:
        raise InvalidInputError("the two versions have no column in common, so no rows can be compared")
    # What both are united to are the types that hold the values of both.
    types = describe(connection, f"({sides[0]} UNION ALL {sides[1]})")
    cast = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in _quoted(types).items())
    return Compared(
        left=f"(SELECT {cast} FROM {sides[0]})",
        right=f"(SELECT {cast} FROM {sides[1]})",
        types=types,
        key=tuple(dict.fromkeys(key)),
    )


def _quoted(types: dict[str, str]) -> dict[str, str]:
    return {identifier(name): kind for name, kind in types.items()}


def _comparable(relation: Relation, other: Relation, name: str) -> str:
    kind, other_kind = relation.types[name], other.types[name]
    alike = kind == other_kind or any(
        holds(kind) and holds(other_kind) for holds in (_is_any_number, is_instant)
    )
    return identifier(name) if alike else f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}"


def _is_any_number(kind: str) -> bool:
    return is_number(kind) or is_decimal(kind)


def _by_key(
    connection: "DuckDBPyConnection", compared: Compared, skip: int, limit: int
) -> tuple[dict[str, Any], list[RowChange]]:
    keys = [identifier(name) for name in compared.key]
    hashed = f"SELECT {', '.join(keys)}, {_hash(compared.values)} AS hashed FROM"
    same_key = " AND ".join(f"l.{name} IS NOT DISTINCT FROM r.{name}" for name in keys)
    whose = ", ".join(f"CASE WHEN kind <> {_SAME} THEN {name} END AS {name}" for name in keys)
    either = ", ".join(
        f"CASE WHEN l.hashed IS NULL THEN r.{name} ELSE l.{name} END AS {name}" for name in keys
    )
    connection.execute(
        f"""CREATE TEMP TABLE differing AS
        SELECT kind, {whose}, count(*) AS pairs
        FROM (
            SELECT {either}, CASE WHEN l.hashed IS NULL THEN {_ADDED} WHEN r.hashed IS NULL THEN {_REMOVED}
                WHEN l.hashed <> r.hashed THEN {_CHANGED} ELSE {_SAME} END AS kind
            FROM ({hashed} {compared.left}) AS l FULL JOIN ({hashed} {compared.right}) AS r ON {same_key}
        )
        GROUP BY ALL"""
    )
    counts = dict(connection.execute("SELECT kind, sum(pairs) FROM differing GROUP BY kind").fetchall())
    added, removed, changed, same = (int(counts.get(kind, 0)) for kind in (_ADDED, _REMOVED, _CHANGED, _SAME))
    _check_keys_are_unique(connection, compared, removed + changed + same, added + changed + same)
    _collect(connection, compared, keys)
    found = {"added": added, "removed": removed, "changed": changed, "unchanged": same}
    cells = _changed_cells(connection, compared, same_key) if changed else ()
    return found | {"cells": cells}, _changed_rows(connection, compared, keys, skip, limit)


def _collect(connection: "DuckDBPyConnection", compared: Compared, keys: Sequence[str]) -> None:
    """Makes the tables `lefts` and `rights` of the whole rows that differ."""
    nulls = " OR ".join(f"{name} IS NULL" for name in keys)
    row = connection.execute(f"SELECT bool_or({nulls}) FROM differing WHERE kind <> {_SAME}").fetchone()
    # DuckDB lets a plain equality skip what cannot match while it reads a file, and no other comparison.
    equals = "IS NOT DISTINCT FROM" if row is not None and row[0] else "="
    same_key = " AND ".join(f"s.{name} {equals} d.{name}" for name in keys)
    for side, relation in (("lefts", compared.left), ("rights", compared.right)):
        connection.execute(
            f"CREATE TEMP TABLE {side} AS SELECT s.* FROM {relation} AS s SEMI JOIN "
            f"(SELECT * FROM differing WHERE kind <> {_SAME}) AS d ON {same_key}"
        )


def _hash(columns: Sequence[str]) -> str:
    return f"hash({', '.join([str(secrets.randbits(62)), *map(identifier, columns)])})"


def _check_keys_are_unique(
    connection: "DuckDBPyConnection", compared: Compared, left_rows: int, right_rows: int
) -> None:
    """Raises InvalidInputError unless every row was in exactly one pair.

    A key with `a` rows on the left and `b` on the right makes `a * b` pairs. Both sides have as many rows as
    there are pairs only if all `a` and `b` are one; and what is on one side only has as many pairs as rows.
    """
    keys = ", ".join(identifier(name) for name in compared.key)
    row = connection.execute(f"SELECT bool_or(pairs > 1) FROM differing WHERE kind <> {_SAME}").fetchone()
    is_unique = row is not None and not row[0]
    for relation, paired in ((compared.left, left_rows), (compared.right, right_rows)):
        counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        is_unique = is_unique and counted is not None and counted[0] == paired
    if is_unique:
        return
    for side, relation in (("left", compared.left), ("right", compared.right)):
        twice = connection.execute(
            f"SELECT {keys}, count(*) AS n FROM {relation} GROUP BY {keys} HAVING n > 1 ORDER BY ALL LIMIT 1"
        ).fetchone()
        if twice is not None:
            example = ", ".join(f"{name}={value}" for name, value in zip(compared.key, twice, strict=False))
            raise InvalidInputError(
                f"{', '.join(compared.key)} does not identify a row: on the {side}, {twice[-1]:,} rows have "
                f"{example[:200]}; name more key columns, or compare whole rows, without a key"
            )


def _changed_cells(
    connection: "DuckDBPyConnection", compared: Compared, same_key: str
) -> tuple[CellCount, ...]:
    values = compared.values
    tests = ", ".join(
        f"count(*) FILTER (l.{name} IS DISTINCT FROM r.{name})" for name in map(identifier, values)
    )
    row = connection.execute(f"SELECT {tests} FROM lefts AS l JOIN rights AS r ON {same_key}").fetchone()
    assert row is not None
    found = [CellCount(column=name, rows=count) for name, count in zip(values, row, strict=True) if count]
    return tuple(sorted(found, key=lambda cell: -cell.rows))


def _changed_rows(
    connection: "DuckDBPyConnection", compared: Compared, keys: Sequence[str], skip: int, limit: int
) -> list[RowChange]:
    cells = [f"{side}.{identifier(name)}" for side in "lr" for name in compared.types]
    shown = [cell_sql(cell, kind) for cell, kind in zip(cells, [*compared.types.values()] * 2, strict=True)]
    differs = [f"l.{name} IS DISTINCT FROM r.{name}" for name in map(identifier, compared.values)]
    order = ", ".join([*(f"d.{name}" for name in keys), "d.kind"])
    page = f"FROM differing AS d WHERE kind <> {_SAME} ORDER BY {order} LIMIT {limit} OFFSET {skip}"
    rows = connection.execute(
        f"""SELECT d.kind, {", ".join(shown)}{"".join(f", {test}" for test in differs)}
        FROM ({page}) AS d
        LEFT JOIN lefts AS l ON {" AND ".join(f"d.{name} IS NOT DISTINCT FROM l.{name}" for name in keys)}
        LEFT JOIN rights AS r ON {" AND ".join(f"d.{name} IS NOT DISTINCT FROM r.{name}" for name in keys)}
        ORDER BY {order}"""
    ).fetchall()
    width = len(compared.types)
    return [
        RowChange(
            kind=_KINDS[row[0] - 1],
            left=None if row[0] == _ADDED else _cells(row[1 : 1 + width], compared),
            right=None if row[0] == _REMOVED else _cells(row[1 + width : 1 + 2 * width], compared),
            changed=tuple(
                name for name, differs in zip(compared.values, row[1 + 2 * width :], strict=True) if differs
            )
            if row[0] == _CHANGED
            else (),
        )
        for row in rows
    ]


def _cells(values: Sequence[Any], compared: Compared) -> tuple[Any, ...]:
    return tuple(read_cell(value, kind) for value, kind in zip(values, compared.types.values(), strict=True))


def _by_whole_rows(
    connection: "DuckDBPyConnection", compared: Compared, skip: int, limit: int
) -> tuple[dict[str, Any], list[RowChange]]:
    hashed = _hash(list(compared.types))
    sides = ((-1, compared.left), (1, compared.right))
    both = " UNION ALL ".join(
        f"SELECT {hashed} AS hashed, {sign} AS sign FROM {side}" for sign, side in sides
    )
    connection.execute(
        f"CREATE TEMP TABLE hashes AS SELECT hashed FROM ({both}) GROUP BY hashed HAVING sum(sign) <> 0"
    )
    columns = ", ".join(map(identifier, compared.types))
    rows = " UNION ALL ".join(
        f"SELECT {columns}, {sign} AS lineageflow_sign FROM {side} WHERE {hashed} IN (FROM hashes)"
        for sign, side in sides
    )
    connection.execute(
        f"CREATE TEMP TABLE differing AS SELECT {columns}, sum(lineageflow_sign) AS lineageflow_sign "
        f"FROM ({rows}) GROUP BY {columns} HAVING sum(lineageflow_sign) <> 0"
    )
    counted = connection.execute(
        "SELECT coalesce(sum(lineageflow_sign) FILTER (lineageflow_sign > 0), 0), "
        "coalesce(-sum(lineageflow_sign) FILTER (lineageflow_sign < 0), 0), "
        f"(SELECT count(*) FROM {compared.left}) FROM differing"
    ).fetchone()
    assert counted is not None
    added, removed, left_rows = map(int, counted)
    shown = ", ".join(cell_sql(identifier(name), kind) for name, kind in compared.types.items())
    found = connection.execute(
        f"SELECT lineageflow_sign, {shown} FROM differing ORDER BY {columns}, lineageflow_sign "
        f"LIMIT {limit} OFFSET {skip}"
    ).fetchall()
    changes = [
        RowChange(
            kind=DiffKind.ADDED if sign > 0 else DiffKind.REMOVED,
            left=None if sign > 0 else _cells(values, compared),
            right=_cells(values, compared) if sign > 0 else None,
            count=abs(int(sign)),
        )
        for sign, *values in found
    ]
    counts = {"added": added, "removed": removed, "changed": 0, "unchanged": left_rows - removed, "cells": ()}
    return counts, changes
