"""`preview`, `schema` and `stats`: what data says as a table."""

from collections.abc import Iterator
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.browse import AddressArgument
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.table_cells import cell, number, share
from lineageflow_core.model.table import ColumnStatistics, Coverage, TableSchema

_SCHEMA_COLUMNS = (Column(name="column"), Column(name="type"), Column(name="null"))
_STATISTICS_COLUMNS = (
    Column(name="column"),
    Column(name="type"),
    Column(name="nulls", right=True),
    Column(name="distinct", right=True),
    Column(name="min", right=True, shrinks=True),
    Column(name="median", right=True),
    Column(name="max", right=True, shrinks=True),
    Column(name="mean", right=True),
    Column(name="most frequent", shrinks=True),
)


def preview(
    invocation: Invocation,
    address: AddressArgument,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1000, metavar="N", help="So many rows.")
    ] = 20,
    allow_quarantined: AllowQuarantinedOption = False,
) -> None:
    """Show the first rows of a table."""
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    head = invocation.catalog.tables.head(
        place.repository, place.ref, place.path, limit=limit, allow_quarantined=allow_quarantined
    )
    invocation.warn(head.notices)
    invocation.output.document(head)
    columns = [Column(name=column.name, shrinks=True) for column in head.table.columns]
    invocation.output.table(columns, (tuple(map(cell, row)) for row in head.rows))
    if head.table.rows > len(head.rows):
        invocation.output.note(f"the first {len(head.rows)} of {cells.plural(head.table.rows, 'row')}")


def schema(invocation: Invocation, address: AddressArgument) -> None:
    """Show the columns and the number of rows of a table."""
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    found = invocation.catalog.tables.schema(place.repository, place.ref, place.path)
    invocation.output.document(found)
    rows = (
        (
            cells.text(column.name, "name"),
            cells.text(column.type),
            cells.text("" if column.nullable else "not null", "dim"),
        )
        for column in found.columns
    )
    invocation.output.table(_SCHEMA_COLUMNS, rows)
    invocation.output.note(_size(found))


def stats(
    invocation: Invocation,
    address: AddressArgument,
    exact: Annotated[bool, typer.Option("--exact", help="Of all rows, however many there are.")] = False,
) -> None:
    """Show the statistics of each column of a table."""
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    coverage = Coverage.FULL if exact else Coverage.SAMPLE
    found = invocation.catalog.tables.profile(place.repository, place.ref, place.path, coverage=coverage)
    invocation.output.document(found)
    rows = (tuple(_statistics(column, found.counted_rows)) for column in found.columns)
    invocation.output.table(_STATISTICS_COLUMNS, rows)
    sampled = found.sampled_rows
    of = f", of which {sampled:,} were looked at; --exact looks at all" if sampled is not None else ""
    invocation.output.note(_size(found.table) + of)


def _statistics(column: ColumnStatistics, rows: int) -> Iterator[cells.Cell]:
    yield cells.text(column.name, "name")
    yield cells.text(column.type, "dim")
    yield share(column.nulls, rows)
    yield cells.count(column.distinct)
    yield cell(column.minimum)
    yield number(column.quantiles[len(column.quantiles) // 2] if column.mean is not None else None)
    yield cell(column.maximum)
    yield number(column.mean)
    yield cells.joined(cell(value.value) for value in column.top[:3])


def _size(table: TableSchema) -> str:
    formats = ", ".join(each.value for each in table.formats)
    return f"{cells.plural(table.rows, 'row')} in {cells.plural(table.files, 'file')} ({formats})"
