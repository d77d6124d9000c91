"""Graphviz's language, DOT (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterator

from lineageflow_core.graph_formats.text import label
from lineageflow_core.model.lineage import Evidence, LineageGraph, LineageNode, NodeKind


def dot(graph: LineageGraph) -> str:
    """Returns a graph in DOT: runs are rounded, models are hexagons, what is not sure is dashed."""
    return "\n".join(["digraph lineage {", "  rankdir=LR;", *_lines(graph), "}", ""])


def _lines(graph: LineageGraph) -> Iterator[str]:
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        yield f"  {names[node.id]} [{_style(node)} label={_quoted(label(node))}];"
    for edge in graph.edges:
        style = " [style=dashed]" if edge.evidence in {Evidence.UNKNOWN, Evidence.DECLARED} else ""
        yield f"  {names[edge.source]} -> {names[edge.target]}{style};"


def _style(node: LineageNode) -> str:
    if node.kind is not NodeKind.VERSION:
        return 'shape=box style="rounded"'
    return "shape=hexagon" if node.dataset_type == "MODEL" else "shape=box"


def _quoted(text: str) -> str:
    # A backslash is doubled: in labels, `\N`, `\l` and others stand for something.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
