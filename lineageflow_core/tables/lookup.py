"""Reading some rows: the first ones, or the one with a key."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.table import Cell
from lineageflow_core.tables.cells import cell_sql, read_cell
from lineageflow_core.tables.engine import identifier, literal
from lineageflow_core.tables.jobs import FoundRow
from lineageflow_core.tables.relation import Prepared, Relation, unite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLACE = "lineageflow_place"


def first_rows(
    connection: "DuckDBPyConnection", relation: Relation, limit: int
) -> tuple[tuple[Cell, ...], ...]:
    """Returns the first rows as cells."""
    shown = ", ".join(cell_sql(identifier(name), kind) for name, kind in relation.types.items())
    rows = connection.execute(f"SELECT {shown} FROM {relation.sql} LIMIT {limit}").fetchall()
    kinds = relation.types.values()
    return tuple(
        tuple(read_cell(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows
    )


def find_row(
    connection: "DuckDBPyConnection", prepared: Sequence[Prepared], key: Mapping[str, str], column: str | None
) -> FoundRow:
    """Returns the row whose columns have these values. Raises InvalidInputError if there are several."""
    relation = unite(connection, [_placed(each, place) for place, each in enumerate(prepared)])
    types = {name: kind for name, kind in relation.types.items() if name != _PLACE}
    if not types.keys() >= key.keys() or (column is not None and column not in types):
        return FoundRow(columns=list(types))
    names = list(types) if column is None else list(dict.fromkeys([*key, column]))
    shown = ", ".join(cell_sql(identifier(name), types[name]) for name in names)
    values = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in names)
    asked = " AND ".join(
        f"{identifier(name)} = TRY_CAST({literal(value)} AS {types[name]})" for name, value in key.items()
    )
    digest = f"md5(CAST([{values}] AS VARCHAR))"
    rows = connection.execute(
        f"SELECT {_PLACE}, {digest}, {shown} FROM {relation.sql} WHERE {asked} LIMIT 2"
    ).fetchall()
    if len(rows) > 1:
        said = ", ".join(f"{name}={value}" for name, value in key.items())
        raise InvalidInputError(f"several rows have {said[:200]}; name more columns, so that one is meant")
    for place, found, *cells in rows:
        read = [read_cell(cell, types[name]) for name, cell in zip(names, cells, strict=True)]
        return FoundRow(columns=names, cells=read, digest=found, file=int(place))
    return FoundRow(columns=names)


def _placed(prepared: Prepared, place: int) -> Prepared:
    """Returns a file with a column that tells its place among all."""
    local = prepared.local
    file = msgspec.structs.replace(local.file, partition=(*local.file.partition, (_PLACE, str(place))))
    return replace(prepared, local=msgspec.structs.replace(local, file=file))
