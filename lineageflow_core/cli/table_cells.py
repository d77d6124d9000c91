"""Values of tables as cells of a terminal."""

import json
from collections.abc import Iterator, Sequence

from lineageflow_core.cli import cells
from lineageflow_core.model import table
from lineageflow_core.model.table_blame import TableBlame

_SHOWN = 60
"""Characters of a value that a terminal shows."""


def cell(value: table.Cell) -> cells.Cell:
    """Returns a value; a missing one is empty on a pipe."""
    if value is None:
        return cells.only_shown("null")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return cells.Cell(text, ((shown, ""),))


def number(value: float | None) -> cells.Cell:
    """Returns a number, in a terminal to five digits or so."""
    if value is None:
        return cells.text(None)
    shown = f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"
    return cells.Cell(repr(value), ((shown, ""),))


def share(part: int, whole: int) -> cells.Cell:
    """Returns a part of a whole in percent; programs get the part."""
    percent = 100 * part / whole if whole else 0.0
    return cells.Cell(str(part), ((f"{percent:.3g} %" if part else "0", "" if part else "dim"),))


def table_blame_facts(found: TableBlame) -> Iterator[tuple[str, cells.Cell]]:
    """Yields what a row or column is and was, for a card."""
    if found.values is None:
        yield "column", cells.text(found.columns[0], "name")
    else:
        before: Sequence[table.Cell | None] = found.before or [None] * len(found.columns)
        for column, value, old in zip(found.columns, found.values, before, strict=True):
            shown = cell(value)
            if found.before is not None and old != value:
                was = cell(old)
                shown = cells.Cell(shown.plain, (*was.parts, (" → ", "dim"), *shown.parts))
            yield column, shown
    if not found.is_whole:
        yield "searched", cells.text(f"only the last {found.versions:,} versions; it may be older", "warning")
