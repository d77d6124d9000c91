"""A table ready to be queried: its files as Parquet, and a SELECT over all of them.

Columns of several files are united by name, at a type that all of their values fit in. What a path's folders
say (`k=v`) are columns of text, unless the files have a column of that name themselves.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineageflow_core.errors import InvalidInputError, UnreadableTableError
from lineageflow_core.model.table import Column, TableFormat, TableSchema
from lineageflow_core.tables.conversion import to_parquet
from lineageflow_core.tables.engine import identifier, literal
from lineageflow_core.tables.files import LocalFile, table_id
from lineageflow_core.tables.inference import infer_types
from lineageflow_core.tables.types import spelled

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPED_AS_TEXT = frozenset({TableFormat.CSV, TableFormat.TSV})
_MOST_COLUMNS = 5_000
_SAMPLED_FILES = 256
_STRETCH = 128
_PLACES = frozenset({"file_index", "file_row_number"})
"""Columns that DuckDB adds where the files have none of these names."""
_FILE = "lineageflow_file"
"""A column that tells which file a row is from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Files of a table as Parquet."""

    local: LocalFile
    parquet: Path

    @property
    def is_text(self) -> bool:
        """All of its columns are text, whatever they mean."""
        return self.local.file.format in _TYPED_AS_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A SELECT over rows, and its columns by name with their types in lower case."""

    sql: str
    """In brackets."""
    types: dict[str, str]


def prepare(
    connection: "DuckDBPyConnection", files: Sequence[LocalFile], scratch: Path, *, first: int = 0
) -> list[Prepared]:
    """Makes Parquet of all files, under names numbered from `first` on. Raises UnreadableTableError."""
    prepared = []
    for number, local in enumerate(files, first):
        source = scratch / f"file{number}"
        target = source.with_suffix(".parquet")
        source.symlink_to(local.path)  # DuckDB takes names with '*' for patterns; this one has none
        with _reading(local):
            to_parquet(connection, local.file, source, target)
        prepared.append(Prepared(local=local, parquet=target))
    return prepared


def unite(
    connection: "DuckDBPyConnection",
    prepared: Sequence[Prepared],
    *,
    typed_with: Sequence[Prepared] = (),
    where: str = "true",
) -> Relation:
    """Returns the rows of the files as one relation; `where` may ask for their places (`_PLACES`), too.

    Columns of text get the type that fits their values in these files and in those of `typed_with`.
    """
    as_text = [each for each in prepared if each.is_text]
    typed = [each for each in prepared if not each.is_text]
    parts = []
    if typed:
        parts.append(_with_partitions(connection, typed, "t.*", where))
    if as_text:
        all_text = _scan([*as_text, *(each for each in typed_with if each.is_text)])
        columns = describe(connection, _scan(as_text))
        types = infer_types(connection, all_text, list(columns))
        casts = [f"CAST(t.{identifier(each)} AS {types[each]}) AS {identifier(each)}" for each in columns]
        parts.append(_with_partitions(connection, as_text, ", ".join(casts), where))
    if prepared[0].is_text:
        parts.reverse()  # columns stand as the first file has them
    sql = parts[0] if len(parts) == 1 else f"({' UNION ALL BY NAME '.join(parts)})"
    types = describe(connection, sql)
    if len(types) > _MOST_COLUMNS:
        raise InvalidInputError(
            f"the table has {len(types):,} columns; at most {_MOST_COLUMNS:,} can be read"
        )
    return Relation(sql=sql, types=types)


def empty(relation: Relation) -> Relation:
    """Returns a relation with the same columns and no rows."""
    return Relation(sql=f"(SELECT * FROM {relation.sql} WHERE false)", types=relation.types)


def sampled(
    connection: "DuckDBPyConnection", prepared: Sequence[Prepared], relation: Relation, share: float
) -> Relation:
    """Returns about this share of the rows, always the same: short stretches all over the files."""
    if not relation.types.keys().isdisjoint(_PLACES):
        return relation
    step = -(-len(prepared) // _SAMPLED_FILES)
    one_of = max(round(1 / (share * step)), 1)
    where = (
        f"file_index % {step} = 0 AND "
        f"hash(file_row_number // {_STRETCH}, file_index // {step}) % {one_of} = 0"
    )
    return unite(connection, prepared, where=where)


def table_schema(
    connection: "DuckDBPyConnection", prepared: Sequence[Prepared], relation: Relation
) -> TableSchema:
    """Returns the shape of a whole table. Rows are counted by the files' footers."""
    required = _required_columns(connection, prepared)
    row = connection.execute(f"SELECT count(*) FROM {relation.sql}").fetchone()
    assert row is not None
    files = [each.local.file for each in prepared]
    return TableSchema(
        id=table_id(files),
        formats=tuple(sorted({file.format for file in files})),
        files=len(files),
        size=sum(file.size for file in files),
        rows=row[0],
        columns=tuple(
            Column(name=column, type=kind, nullable=column not in required)
            for column, kind in relation.types.items()
        ),
    )


def _with_partitions(
    connection: "DuckDBPyConnection", prepared: Sequence[Prepared], columns: str, where: str
) -> str:
    """Returns a SELECT of `columns` of the files `t`, and of what their paths say, in brackets."""
    names = sorted({column for each in prepared for column, _ in each.local.file.partition})
    if names:
        own = {column.lower() for column in describe(connection, _scan(prepared))}
        names = [column for column in names if column.lower() not in own]
    if not names:
        return f"(SELECT {columns} FROM {_scan(prepared, where)} AS t)"
    values = ", ".join(
        f"({literal(str(each.parquet))}, {', '.join(_partition_value(each, column) for column in names)})"
        for each in prepared
    )
    aliases = [f"value{index}" for index in range(len(names))]
    given = ", ".join(f"p.{alias} AS {identifier(name)}" for alias, name in zip(aliases, names, strict=True))
    own_columns = f"t.* EXCLUDE ({_FILE})" if columns == "t.*" else columns
    return (
        f"(SELECT {own_columns}, {given} FROM {_scan(prepared, where, f', filename={literal(_FILE)}')} AS t "
        f"JOIN (VALUES {values}) AS p({_FILE}, {', '.join(aliases)}) ON t.{_FILE} = p.{_FILE})"
    )


def _scan(prepared: Sequence[Prepared], where: str = "true", options: str = "") -> str:
    """Returns a SELECT of all that the files hold, in brackets."""
    paths = ", ".join(literal(str(each.parquet)) for each in prepared)
    return (
        f"(SELECT * FROM read_parquet([{paths}], union_by_name=true, hive_partitioning=false{options}) "
        f"WHERE {where})"
    )


def _partition_value(prepared: Prepared, column: str) -> str:
    value = dict(prepared.local.file.partition).get(column)
    return "CAST(NULL AS VARCHAR)" if value is None else literal(value)


def _required_columns(connection: "DuckDBPyConnection", prepared: Sequence[Prepared]) -> set[str]:
    """Returns the columns of which every file says that no value is missing."""
    paths = ", ".join(literal(str(each.parquet)) for each in prepared)
    rows = connection.execute(
        f"SELECT file_name, name, repetition_type, coalesce(num_children, 0) FROM parquet_schema([{paths}])"
    ).fetchall()
    files: dict[str, set[str]] = {}
    open_nodes: list[int] = []  # how many children each node above still has to come
    for file, column, repetition, children in rows:
        if file not in files:
            files[file] = set()
            open_nodes = [children]
            continue
        while open_nodes[-1] == 0:
            open_nodes.pop()
        if len(open_nodes) == 1 and repetition == "REQUIRED":
            files[file].add(column)
        open_nodes[-1] -= 1
        open_nodes.append(children)
    return set.intersection(*files.values())


def describe(connection: "DuckDBPyConnection", sql: str) -> dict[str, str]:
    """Returns the columns of a SELECT with their types."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    return {name: spelled(kind) for name, kind, *_ in found}


@contextmanager
def _reading(local: LocalFile) -> Iterator[None]:
    """Says which file it was that could not be read."""
    try:
        yield
    except Exception as error:  # whatever a reader stumbles over in a file that is not trusted
        reason = str(error).partition("Possible fixes:")[0].strip()  # options that nobody can set here
        raise UnreadableTableError(
            f"{local.file.name!r} cannot be read as {local.file.format.value}: {reason}"
        ) from error
