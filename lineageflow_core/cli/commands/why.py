"""`why`: the ways that data went from one thing to another."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.lineage_tree import node_cell
from lineageflow_core.cli.options import NodeArgument
from lineageflow_core.cli.output import Column
from lineageflow_core.model.lineage import LineagePaths

_COLUMNS = (
    Column(name="path", right=True),
    Column(name="step", right=True),
    Column(name="evidence"),
    Column(name="node"),
)


def why(
    invocation: Invocation,
    node: NodeArgument,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="Another run, address or version.", show_default=False)
    ],
    depth: Annotated[
        int, typer.Option("--depth", min=1, metavar="N", help="Over so many runs at most.")
    ] = 20,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="So many ways at most, the shortest.")
    ] = 10,
) -> None:
    """Show how data went from one thing to another, whichever came first.

    Each way goes over exact versions and the runs that read and wrote them, the shortest first.
    """
    places, output = invocation.places, invocation.output
    found = invocation.catalog.lineage.paths(places.node(node), places.node(other), depth=depth, limit=limit)
    output.document(found)
    if output.is_terminal:
        output.tree(_lines(found, places.home))
    else:
        output.table(_COLUMNS, _rows(found))
    if not found.paths:
        output.note("no data went from the one to the other, as far as is known")
    if found.truncated:
        output.note("there are, or may be, more ways; ask for more with --limit or --depth")


def _rows(found: LineagePaths) -> Iterator[Sequence[cells.Cell]]:
    evidence = {(edge.source, edge.target): edge.evidence for edge in found.graph.edges}
    for number, path in enumerate(found.paths, start=1):
        for step, (before, node) in enumerate(zip((None, *path), path, strict=False)):
            how = evidence[before, node].value if before is not None else None
            yield cells.count(number), cells.count(step), cells.text(how), cells.text(node)


def _lines(found: LineagePaths, home: str | None) -> Iterator[tuple[str, cells.Cell]]:
    nodes = {node.id: node for node in found.graph.nodes}
    evidence = {(edge.source, edge.target): edge.evidence for edge in found.graph.edges}
    for number, path in enumerate(found.paths, start=1):
        runs = sum(node.startswith("run:") for node in path)
        yield "", cells.text(f"way {number}, over {cells.plural(runs, 'run')}", "dim")
        for before, node in zip((None, *path), path, strict=False):
            how = f"{evidence[before, node].value}" if before is not None else ""
            named = node_cell(nodes[node], home)
            shown = (*named.parts, (f"  {how}", "dim")) if how else named.parts
            yield "  ↓ " if before is not None else "    ", cells.Cell(named.plain, shown)
