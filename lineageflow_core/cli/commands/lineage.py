"""`lineage`: where data came from, and where it went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.column_view import COLUMNS, ColumnsBothWays, column_rows
from lineageflow_core.cli.graph_files import write_graph
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.lineage_tree import grow, lines, node_cell
from lineageflow_core.cli.options import EvidenceOption, GraphFileOption, NodeArgument, UntilOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.graph_formats import GraphFormat, events_in, merged, render
from lineageflow_core.model.lineage import Direction, LineageGraph, LineageNode
from lineageflow_core.model.refs import parse_instant

_DEPTH = 3
"""Runs to go in each direction where nobody says."""
_HEADINGS = {Direction.UPSTREAM: "made from", Direction.DOWNSTREAM: "went into"}
_NODE_COLUMNS = (
    Column(name="direction"),
    Column(name="depth", right=True),
    Column(name="kind"),
    Column(name="node"),
    Column(name="is"),
)


class LineageFormat(StrEnum):
    """How `lineage` draws, and what it writes for other programs."""

    TREE = "tree"
    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"
    CSV = "csv"
    JSON = "json"
    CYPHER = "cypher"
    NEO4J = "neo4j"
    OPENLINEAGE = "openlineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageBothWays:
    """What fed a node and what it fed; None where that was not asked for."""

    upstream: LineageGraph | None
    downstream: LineageGraph | None


def lineage(
    invocation: Invocation,
    node: NodeArgument,
    up: Annotated[
        int | None,
        typer.Option(
            "--up", "-u", min=0, metavar="N", help="So many runs back, and only that way.", show_default=False
        ),
    ] = None,
    down: Annotated[
        int | None,
        typer.Option(
            "--down", "-d", min=0, metavar="N", help="So many runs on, and only that way.", show_default=False
        ),
    ] = None,
    format: Annotated[  # noqa: A002 (Typer names the option after it)
        LineageFormat | None,
        typer.Option(
            "--format", help="How to draw it; else a tree, or one node a line on a pipe.", show_default=False
        ),
    ] = None,
    out: GraphFileOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many nodes at most, each way.")
    ] = 300,
    evidence: EvidenceOption = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="Only what lies between it and these, as model.",
            show_default=False,
        ),
    ] = None,
    until: UntilOption = None,
    columns: Annotated[bool, typer.Option("--columns", help="Of each column, instead of the data.")] = False,
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", metavar="NAME", help="Of this column.", show_default=False),
    ] = None,
) -> None:
    """Draw what data was made from, and went into.

    By default three runs back and three on, at exact versions.
    """
    start = invocation.places.node(node)
    catalog = invocation.catalog
    if up is None and down is None:
        up = down = _DEPTH
    wanted = {Direction.UPSTREAM: up, Direction.DOWNSTREAM: down}
    if columns or column is not None:
        if evidence or types or until or format is not None:
            raise InvalidInputError("columns are shown as a table, and of all runs: leave the filters out")
        _columns(invocation, start, column, wanted, limit)
        return
    graphs = {
        direction: catalog.lineage.trace(
            start,
            direction=direction,
            depth=depth,
            limit=limit,
            evidence=evidence,
            dataset_types=types,
            until=parse_instant(until) if until else None,
        )
        for direction, depth in wanted.items()
        if depth is not None
    }
    output, home = invocation.output, invocation.places.home
    if format is not None and format is not LineageFormat.TREE:
        graph, events = merged(graphs.values()), events_in(catalog.events)
        write_graph(output, render(graph, GraphFormat(format.value), events=events), out)
        _note_cut_off(invocation, graphs, limit)
        return
    if out is not None:
        raise InvalidInputError("--output is for what other programs read: say what with --format")
    output.document(
        LineageBothWays(upstream=graphs.get(Direction.UPSTREAM), downstream=graphs.get(Direction.DOWNSTREAM))
    )
    if format is LineageFormat.TREE or output.is_terminal:
        output.tree(_tree(start, graphs, home))
    else:
        output.table(_NODE_COLUMNS, _node_rows(graphs))
    _note_cut_off(invocation, graphs, limit)


def _columns(
    invocation: Invocation,
    start: str,
    column: str | None,
    wanted: dict[Direction, int | None],
    limit: int,
) -> None:
    graphs = {
        direction: invocation.catalog.lineage.trace_columns(
            start, direction=direction, column=column, depth=depth, limit=limit
        )
        for direction, depth in wanted.items()
        if depth is not None
    }
    output = invocation.output
    output.document(
        ColumnsBothWays(upstream=graphs.get(Direction.UPSTREAM), downstream=graphs.get(Direction.DOWNSTREAM))
    )
    output.table(COLUMNS, column_rows(graphs, invocation.places.home))
    if any(graph.truncated for graph in graphs.values()):
        output.note(f"there are more than {limit} columns; ask for more with --limit")


def _note_cut_off(invocation: Invocation, graphs: dict[Direction, LineageGraph], limit: int) -> None:
    if any(graph.truncated for graph in graphs.values()):
        invocation.output.note(
            f"there are more than {limit} nodes; ask for more with --limit, or start nearer"
        )


def _tree(
    start: str, graphs: dict[Direction, LineageGraph], home: str | None
) -> Iterator[tuple[str, cells.Cell]]:
    any_graph = next(iter(graphs.values()))
    is_one = len(any_graph.start) == 1
    root = next((node for node in any_graph.nodes if is_one and node.id == any_graph.start[0]), None)
    yield "", node_cell(root, home) if root else cells.text(start, "name")
    for direction, graph in graphs.items():
        limbs = grow(graph, direction)
        below = limbs[0].limbs if is_one and limbs else limbs
        yield "", cells.text(_HEADINGS[direction] + ("" if below else ": nothing that is known"), "dim")
        yield from lines(below, home)


def _node_rows(graphs: dict[Direction, LineageGraph]) -> Iterator[Sequence[cells.Cell]]:
    for direction, graph in graphs.items():
        for node in graph.nodes:
            yield (
                cells.text(direction.value),
                cells.count(node.depth),
                cells.text(node.kind.value),
                cells.text(node.id),
                _what_it_is(node),
            )


def _what_it_is(node: LineageNode) -> cells.Cell:
    return cells.text(node.run.job.name if node.run else node.dataset_type)
