"""`blame`: which commit, run and code made data."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.browse import AddressArgument
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption, LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.table_cells import table_blame_facts
from lineageflow_core.cli.versions import version_cell, version_cells
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.lineage import Blame
from lineageflow_core.model.page import every
from lineageflow_core.model.table_blame import TableBlame

_SHOWN_INPUTS = 20
"""Versions that a card in a terminal has room for."""
_COLUMNS = (
    Column(name="partition"),
    Column(name="version"),
    Column(name="commit"),
    Column(name="author"),
    Column(name="job"),
    Column(name="run"),
    Column(name="code"),
)


def blame(
    invocation: Invocation,
    address: AddressArgument,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="COLUMN=VALUE",
            help="The row of a table with this value. May be repeated.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", metavar="NAME", help="This column of a table.", show_default=False),
    ] = None,
    partitions: Annotated[
        bool, typer.Option("--partitions", help="One line for each partition of the dataset.")
    ] = False,
    limit: LimitOption = 30,
    allow_quarantined: AllowQuarantinedOption = False,
) -> None:
    """Show which commit, run and code made data.

    With --key or --column, which one made a row, a column, or one value. With --partitions, which one made
    each partition.
    """
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    if partitions:
        if key or column is not None:
            raise InvalidInputError("--partitions tells of whole partitions: leave --key and --column out")
        _partitions(invocation, place.repository, place.ref, place.path, limit)
        return
    of_table: TableBlame | None = None
    if key:
        row = dict(map(_column_and_value, key))
        of_table = invocation.catalog.tables.blame_row(
            place.repository,
            place.ref,
            place.path,
            row,
            column=column,
            allow_quarantined=allow_quarantined,
        )
        invocation.warn(of_table.notices)
    elif column is not None:
        of_table = invocation.catalog.tables.blame_column(place.repository, place.ref, place.path, column)
    found = (
        of_table.blame
        if of_table
        else invocation.catalog.lineage.blame(place.repository, place.ref, place.path)
    )
    invocation.output.document(of_table or found)
    commit = invocation.catalog.refs.resolve(place.repository, found.commit)
    most = _SHOWN_INPUTS if invocation.output.is_terminal else None
    facts = _facts(found, commit, invocation.places.home, most)
    invocation.output.card(chain(facts, table_blame_facts(of_table)) if of_table else facts)


def _partitions(invocation: Invocation, repository: str, ref: str, dataset: str, limit: int) -> None:
    lineage = invocation.catalog.lineage
    found = every(
        lambda after, limit: lineage.blame_partitions(repository, ref, dataset, after=after, limit=limit)
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def _row(found: Blame) -> Sequence[cells.Cell]:
    run = found.run
    return (
        cells.text(found.version.partition, "name"),
        cells.short_id(found.version.version),
        cells.short_id(found.commit),
        cells.text(found.author),
        cells.text(run.job.name if run else None),
        cells.short_id(run.id if run else None, "run"),
        cells.code(run.code if run else None),
    )


def _column_and_value(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not column or not equals:
        raise InvalidInputError(f"--key is COLUMN=VALUE, as in id=42, not {text!r}")
    return column, value


def _facts(
    found: Blame, commit: Commit, home: str | None, most: int | None
) -> Iterator[tuple[str, cells.Cell]]:
    dataset, partition, version = version_cells(found.version, home)
    yield "dataset", dataset
    yield "partition", partition
    yield "version", version
    yield "commit", cells.short_id(found.commit)
    yield "message", cells.text(commit.message.partition("\n")[0])
    yield "author", cells.text(found.author)
    yield "date", cells.instant(commit.created_at)
    if found.origin != found.commit:  # it was merged, picked or restored
        yield "made in", cells.short_id(found.origin)
        yield "made by", cells.text(found.made_by)
    if found.run is None:
        yield "run", cells.only_shown("none that is known: put by a person, or by what tells nothing")
        return
    yield "run", cells.text(found.run.id, "run")
    yield "state", cells.run_state(found.run.state)
    yield "job", cells.text(found.run.job.name, "name")
    if found.pipeline != found.run.id:
        yield "pipeline", cells.text(found.pipeline, "run")
    yield "code", cells.code(found.run.code)
    if found.run.code is not None:
        yield "from", cells.text(found.run.code.repository_url)
        yield "file", cells.text(found.run.code.path)
    for version_read in islice(found.inputs, most):
        yield "made from", version_cell(version_read, home)
    if most is not None and len(found.inputs) > most:
        yield "", cells.only_shown(f"and {len(found.inputs) - most} more; `lineageflow runs show` lists all")
