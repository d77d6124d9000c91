"""The lineage of columns as a table: a row for each that comes from another, and for what is not known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lineageflow_core.cli import cells
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.versions import version_cell
from lineageflow_core.model.column_lineage import ColumnGraph, ColumnNode
from lineageflow_core.model.lineage import Direction

COLUMNS = (
    Column(name="direction"),
    Column(name="depth", right=True),
    Column(name="column"),
    Column(name="comes from"),
    Column(name="how"),
    Column(name="run"),
)
_ALL = "(all columns)"
_NOT_KNOWN = {
    Direction.UPSTREAM: "not said by the run that made it",
    Direction.DOWNSTREAM: "read by a run that does not say for which columns",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsBothWays:
    """What columns come from and what they feed; None where that was not asked for."""

    upstream: ColumnGraph | None
    downstream: ColumnGraph | None


def column_rows(graphs: Mapping[Direction, ColumnGraph], home: str | None) -> Iterator[Sequence[cells.Cell]]:
    """Yields the rows of what was traced, nearest first."""
    for direction, graph in graphs.items():
        nodes = {node.id: node for node in graph.columns}
        far = {link: max(nodes[link.source].depth, nodes[link.target].depth) for link in graph.links}
        for link in sorted(graph.links, key=lambda link: (far[link], link)):
            said = [link.kind, link.subtype, "masked" if link.masking else ""]
            yield (
                cells.text(direction.value),
                cells.count(far[link]),
                _column_cell(nodes[link.target], home),
                _column_cell(nodes[link.source], home),
                cells.text(" ".join(word.lower() for word in said if word) or None, "dim"),
                cells.short_id(link.run, "run"),
            )
        for node in graph.columns:
            if not node.is_known:
                shown = (cells.only_shown(_NOT_KNOWN[direction]), _column_cell(node, home))
                column, source = shown if direction is Direction.DOWNSTREAM else reversed(shown)
                yield (
                    cells.text(direction.value),
                    cells.count(node.depth),
                    column,
                    source,
                    cells.text("not known"),
                    cells.text(None),
                )


def _column_cell(node: ColumnNode, home: str | None) -> cells.Cell:
    named = version_cell(node.version, home)
    return cells.Cell(node.id, ((node.column or _ALL, "name"), ("  ", ""), *named.parts))
