"""`impact`: what was derived from data, and whose it is."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import EvidenceOption, LimitOption, NodeArgument, UntilOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.versions import version_cells
from lineageflow_core.graph_formats import impact_csv
from lineageflow_core.model.lineage import Impact
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import parse_instant

_COLUMNS = (
    Column(name="degree", right=True),
    Column(name="state"),
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="version"),
    Column(name="type"),
    Column(name="owner"),
    Column(name="made by"),
    Column(name="run"),
    Column(name="current on"),
)


def impact(
    invocation: Invocation,
    node: NodeArgument,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=0, metavar="N", help="At most so many runs away.", show_default=False),
    ] = None,
    evidence: EvidenceOption = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only these, as model.", show_default=False),
    ] = None,
    until: UntilOption = None,
    limit: LimitOption = 0,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, with a line of headings.")] = False,
) -> None:
    """List what was derived from a run or version, and whose it is.

    Tainted is what cannot be trusted if that is bad: no clean run ever made the same content.
    """
    start, home = invocation.places.node(node), invocation.places.home
    lineage, instant = invocation.catalog.lineage, parse_instant(until) if until else None
    found = every(
        lambda after, limit: lineage.impact(
            start,
            depth=depth,
            evidence=evidence,
            dataset_types=types,
            until=instant,
            after=after,
            limit=limit,
        )
    )
    if csv and not invocation.output.json:
        for line in impact_csv(islice(found, most_of(limit))):
            invocation.output.text(line)
        return
    tainted = current = declared = 0

    def row(item: Impact) -> Sequence[cells.Cell]:
        nonlocal tainted, current, declared
        tainted += item.tainted
        declared += item.declared_by is not None
        current += bool(item.current)
        return _row(item, home)

    number = invocation.output.listing(found, _COLUMNS, row, most=most_of(limit))
    if not invocation.output.json:
        invocation.output.note(
            f"{cells.plural(number - declared, 'version')} derived, {tainted} tainted, "
            f"{current} current on a branch" + (f"; {declared} more declared" if declared else "")
        )


def _row(item: Impact, home: str | None) -> Sequence[cells.Cell]:
    return (
        cells.count(item.degree),
        _state(item),
        *version_cells(item.version, home),
        cells.text(item.dataset_type.lower() if item.dataset_type else None, "dim"),
        cells.joined(cells.text(owner) for owner in item.owners),
        cells.text(item.job.name if item.job else None),
        cells.short_id(item.produced_by.id if item.produced_by else None, "run"),
        cells.joined(cells.text(branch, "ref") for branch in item.current),
    )


def _state(item: Impact) -> cells.Cell:
    if item.declared_by is not None:
        return cells.text("declared", "dim")
    return cells.marked("⊘", "tainted", "tainted") if item.tainted else cells.marked("✓", "ok", "clean")
