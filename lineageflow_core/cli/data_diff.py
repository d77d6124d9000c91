"""How two versions of data differ, as people read it: columns, rows, drift; and the lines of texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lineageflow_core.cli import cells
from lineageflow_core.cli.output import Column, Output
from lineageflow_core.cli.table_cells import cell, number, share
from lineageflow_core.model import table
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.quarantine import QuarantineNotice
from lineageflow_core.model.table_diff import (
    ColumnDrift,
    RowChange,
    RowDiff,
    SchemaDiff,
    StatisticsDiff,
    TextDiff,
)

_SCHEMA_COLUMNS = (Column(name=""), Column(name="column"), Column(name="left"), Column(name="right"))
_ROW_COLUMNS = (
    Column(name=""),
    Column(name="row", shrinks=True),
    Column(name="column"),
    Column(name="left", shrinks=True),
    Column(name="right", shrinks=True),
)
_DRIFT_COLUMNS = (
    Column(name="column"),
    Column(name="nulls", right=True),
    Column(name="now", right=True),
    Column(name="mean", right=True),
    Column(name="now", right=True),
    Column(name="PSI", right=True),
)
_LITTLE = 0.1
_MUCH = 0.25
"""Of the population stability index."""
_STYLES = {"+": "added", "-": "removed", "@": "id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiff:
    """All that was asked about one dataset; None is what was not asked, or does not apply."""

    path: str
    schema: SchemaDiff | None = None
    rows: RowDiff | None = None
    statistics: StatisticsDiff | None = None
    texts: tuple[TextDiff, ...] = ()
    differs: str | None = None
    """That it differs in something else than that, in words."""
    problem: str | None = None
    """Why it cannot be compared."""

    @property
    def notices(self) -> Iterator[QuarantineNotice]:
        """What of it is quarantined."""
        for each in (self.rows, *self.texts):
            yield from each.notices if each is not None else ()

    @property
    def is_different(self) -> bool:
        """There is a difference in what was asked about, or nobody can tell."""
        rows = self.rows
        return bool(
            self.problem
            or self.texts
            or (self.schema and self.schema.columns)
            or (rows and (rows.added or rows.removed or rows.changed))
        )


def show(output: Output, diff: DataDiff) -> None:
    """Writes what differs. On a pipe every line begins with what it is about, and the path."""
    path = cells.text(diff.path, "name")
    if output.is_terminal:
        output.line(path)
    if diff.problem:
        output.line(cells.text("problem"), path, cells.text(diff.problem, "warning"))
    if diff.differs:
        output.line(cells.text("differs"), path, cells.text(diff.differs))
        return
    if diff.schema:
        _write(output, path, "schema", _SCHEMA_COLUMNS, list(_schema_rows(diff.schema)))
    if diff.rows:
        _show_rows(output, path, diff.rows)
    if diff.statistics:
        drifts = [_drift(drift, diff.statistics) for drift in diff.statistics.columns]
        _write(output, path, "drift", _DRIFT_COLUMNS, drifts)
        if diff.statistics.is_sampled:
            output.note("the drift is that of samples; --exact looks at all rows")
    for text in diff.texts:
        _show_text(output, text)


def _show_rows(output: Output, path: cells.Cell, rows: RowDiff) -> None:
    if output.is_terminal:
        output.line(*_row_counts(rows))
    else:
        output.line(cells.text("rows"), path, *map(cells.count, _counts(rows)))
    _write(output, path, "changes", _ROW_COLUMNS, list(_change_rows(rows)))
    if rows.next is not None:
        output.note(f"only the first {len(rows.rows)} rows that differ; --rows N shows more")


def _show_text(output: Output, text: TextDiff) -> None:
    for line in text.unified.splitlines():
        output.line(cells.text(line, _STYLES.get(line[:1], "")))
    if text.is_cut:
        output.note(f"not all is shown of {text.added:,} lines added and {text.removed:,} removed")


def _write(
    output: Output,
    path: cells.Cell,
    section: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[cells.Cell]],
) -> None:
    if not rows:
        return
    if output.is_terminal:
        output.table(columns, rows, section=section)
    else:
        output.table((Column(name="path"), *columns), ((path, *row) for row in rows), section=section)


def _schema_rows(schema: SchemaDiff) -> Iterator[Sequence[cells.Cell]]:
    for column in schema.columns:
        yield (
            cells.diff_kind(column.kind),
            cells.text(column.name, "name"),
            _type(column.left),
            _type(column.right),
        )


def _type(column: table.Column | None) -> cells.Cell:
    if column is None:
        return cells.text(None)
    return cells.text(column.type + ("" if column.nullable else " not null"))


def _counts(rows: RowDiff) -> tuple[int, int, int, int]:
    return rows.added, rows.removed, rows.changed, rows.unchanged


def _row_counts(rows: RowDiff) -> Iterator[cells.Cell]:
    whole = rows.removed + rows.changed + rows.unchanged
    kinds = (DiffKind.ADDED, DiffKind.REMOVED, DiffKind.CHANGED)
    for kind, count in zip(kinds, _counts(rows), strict=False):
        percent = f" ({100 * count / whole:.2g} %)" if count and whole else ""
        sign = cells.diff_kind(kind).parts
        yield cells.Cell("", (*sign, (f" {count:,} {kind.value}{percent} ", "" if count else "dim")))
    yield cells.only_shown(f"unchanged {rows.unchanged:,}")


def _change_rows(diff: RowDiff) -> Iterator[Sequence[cells.Cell]]:
    for row in diff.rows:
        start = (cells.diff_kind(row.kind), cells.text(_row_name(row, diff)))
        if row.left is None or row.right is None:
            yield (*start, cells.text(None), cells.text(None), cells.text(None))
            continue
        for column, left, right in zip(diff.columns, row.left, row.right, strict=True):
            if column in row.changed:
                yield (*start, cells.text(column, "name"), cell(left), cell(right))


def _row_name(row: RowChange, diff: RowDiff) -> str:
    """Returns a changed row's key, or all of a row that is on one side only."""
    values = row.right if row.right is not None else row.left
    assert values is not None
    shown = len(diff.key) if row.kind is DiffKind.CHANGED else len(diff.columns)
    pairs = list(zip(diff.columns, values, strict=True))[:shown]
    text = " ".join(f"{column}={cell(value).plain}" for column, value in pairs)
    return f"{row.count:,} x {text}" if row.count > 1 else text


def _drift(drift: ColumnDrift, diff: StatisticsDiff) -> tuple[cells.Cell, ...]:
    style = "failed" if drift.effect > _MUCH else "warning" if drift.effect > _LITTLE else "dim"
    return (
        cells.text(drift.name, "name"),
        share(drift.left.nulls, diff.left_rows),
        share(drift.right.nulls, diff.right_rows),
        number(drift.left.mean),
        number(drift.right.mean),
        cells.Cell(f"{drift.effect:.4f}", ((f"{drift.effect:.2f}", style),)),
    )
