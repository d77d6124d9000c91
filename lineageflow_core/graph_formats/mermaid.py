"""Mermaid's language for flowcharts (https://mermaid.js.org/syntax/flowchart.html)."""

from collections.abc import Iterator

from lineageflow_core.graph_formats.text import label
from lineageflow_core.model.lineage import Evidence, LineageGraph, LineageNode, NodeKind

_ESCAPES = str.maketrans({character: f"#{ord(character)};" for character in "#\"&<>`[](){}|\\*_~$:/;'"})
"""Ends of labels, and what would be Markdown, mathematics, links or HTML in one."""


def mermaid(graph: LineageGraph) -> str:
    """Returns a graph for Mermaid: runs are rounded, models hexagons, what is not sure is dotted."""
    return "\n".join(["flowchart LR", *_lines(graph), ""])


def _lines(graph: LineageGraph) -> Iterator[str]:
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        start, end = _shape(node)
        yield f'  {names[node.id]}{start}"{label(node).translate(_ESCAPES)}"{end}'
    for edge in graph.edges:
        arrow = "-.->" if edge.evidence in {Evidence.UNKNOWN, Evidence.DECLARED} else "-->"
        yield f"  {names[edge.source]} {arrow} {names[edge.target]}"


def _shape(node: LineageNode) -> tuple[str, str]:
    if node.kind is not NodeKind.VERSION:
        return "([", "])"
    return ("{{", "}}") if node.dataset_type == "MODEL" else ("[", "]")
