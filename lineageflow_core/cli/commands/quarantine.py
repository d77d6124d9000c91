"""`quarantine`: versions that readers are warned of, or kept from."""

from collections.abc import Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, LimitOption, NodeArgument, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.model.page import every
from lineageflow_core.model.quarantine import Quarantine

_COLUMNS = (
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="version"),
    Column(name="when"),
    Column(name="who"),
    Column(name="why", shrinks=True),
)
_DERIVED_COLUMNS = (
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="version"),
    Column(name="on"),
)


def list_quarantines(
    invocation: Invocation,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Only at or below this path.", show_default=False)
    ] = "",
    limit: LimitOption = 30,
) -> None:
    """List versions that are quarantined."""
    repository = invocation.places.repository
    found = every(
        lambda after, limit: invocation.catalog.quarantine.list_quarantines(
            repository, path=path, after=after, limit=limit
        )
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def add_quarantine(
    invocation: Invocation,
    node: NodeArgument,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="What is wrong with it.", show_default=False)
    ],
    author: AuthorOption = None,
) -> None:
    """Quarantine the version at an address, or all that a run wrote."""
    repository, target = _target(invocation, node)
    found = invocation.catalog.quarantine.quarantine(
        repository, target, reason=reason, author=invocation.author(author)
    )
    invocation.output.listing(iter(found), _COLUMNS, _row)


def lift_quarantine(invocation: Invocation, node: NodeArgument, author: AuthorOption = None) -> None:
    """Lift the quarantine of a version, or of all that a run wrote."""
    repository, target = _target(invocation, node)
    found = invocation.catalog.quarantine.lift_quarantine(
        repository, target, author=invocation.author(author)
    )
    invocation.output.listing(iter(found), _COLUMNS, _row)


def show_quarantine(invocation: Invocation, node: NodeArgument) -> None:
    """Show why a version is quarantined, and what was derived from it."""
    repository, target = _target(invocation, node)
    report = invocation.catalog.quarantine.get_quarantine(repository, target)
    held = report.quarantine
    output = invocation.output
    output.card(
        [
            ("dataset", cells.text(held.dataset, "name")),
            ("partition", cells.text(held.partition)),
            ("version", cells.short_id(held.snapshot, "bad")),
            ("why", cells.text(held.reason)),
            ("who", cells.text(held.author)),
            ("when", cells.when(held.at)),
            ("plan", cells.text(held.plan, "id")),
        ]
    )
    rows = (
        (
            cells.text(each.version.name, "name"),
            cells.text(each.version.partition),
            cells.short_id(each.version.version, "bad"),
            cells.text(", ".join(each.current), "ref"),
        )
        for each in report.derived
    )
    output.table(_DERIVED_COLUMNS, rows, section="derived")
    output.document(report)


def _target(invocation: Invocation, node: str) -> tuple[str, str]:
    target = invocation.places.node(node)
    return invocation.places.repository_of(target), target


def _row(held: Quarantine) -> Sequence[cells.Cell]:
    return (
        cells.text(held.dataset, "name"),
        cells.text(held.partition),
        cells.short_id(held.snapshot, "bad"),
        cells.when(held.at),
        cells.text(held.author),
        cells.text(held.reason),
    )
