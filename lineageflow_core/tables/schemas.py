"""How the shapes of two versions differ."""

from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.table import Column, TableSchema
from lineageflow_core.model.table_diff import ColumnDiff, SchemaDiff


def compare_schemas(left: TableSchema | None, right: TableSchema | None) -> SchemaDiff:
    """Returns the columns that differ; None is a version without the table."""
    one = {column.name: column for column in left.columns} if left else {}
    other = {column.name: column for column in right.columns} if right else {}
    pairs = {name: (one.get(name), other.get(name)) for name in [*other, *one]}
    return SchemaDiff(
        left_rows=left.rows if left else 0,
        right_rows=right.rows if right else 0,
        columns=tuple(
            ColumnDiff(name=name, kind=_kind(before, after), left=before, right=after)
            for name, (before, after) in pairs.items()
            if before != after
        ),
    )


def _kind(left: Column | None, right: Column | None) -> DiffKind:
    if left is None:
        return DiffKind.ADDED
    return DiffKind.CHANGED if right is not None else DiffKind.REMOVED
