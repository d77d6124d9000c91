"""`lineage diff`: what datasets are made of at one ref and not at another."""

from collections.abc import Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.versions import dataset_cell, version_cell
from lineageflow_core.model.lineage import SourceChange, SourceChangeKind, Version

_COLUMNS = (
    Column(name="change"),
    Column(name="dataset"),
    Column(name="made of"),
    Column(name="before"),
    Column(name="now"),
)
_MARKS = {
    SourceChangeKind.ADDED: ("+", "ok"),
    SourceChangeKind.REMOVED: ("-", "tainted"),
    SourceChangeKind.REBOUND: ("~", "dim"),
}


def diff(
    invocation: Invocation,
    left: Annotated[str, typer.Argument(metavar="A", help="The ref to compare.", show_default=False)],
    right: Annotated[str, typer.Argument(metavar="B", help="The ref to compare with.", show_default=False)],
) -> None:
    """List what datasets are made of at B and were not at A.

    Added or removed sources, and sources that are read at another version than before.
    """
    places = invocation.places
    found = invocation.catalog.lineage.diff_lineage(places.repository, left, right)
    home = places.home
    invocation.output.listing(found, _COLUMNS, lambda change: _row(change, home))


def _row(change: SourceChange, home: str | None) -> Sequence[cells.Cell]:
    icon, style = _MARKS[change.kind]
    return (
        cells.marked(icon, style, change.kind.value),
        dataset_cell(Version(namespace=change.dataset.namespace, name=change.dataset.name), home),
        dataset_cell(Version(namespace=change.source.namespace, name=change.source.name), home),
        cells.joined(version_cell(each, home) for each in change.before),
        cells.joined(version_cell(each, home) for each in change.after),
    )
