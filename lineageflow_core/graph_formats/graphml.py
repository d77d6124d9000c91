"""GraphML (http://graphml.graphdrawing.org/specification.html), as yEd, Gephi and NetworkX read it."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from lineageflow_core.graph_formats.attributes import NODE_ATTRIBUTES, edge_attributes, node_attributes
from lineageflow_core.graph_formats.text import on_one_line
from lineageflow_core.model.lineage import LineageGraph

_SPACE = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
"""What a parser would make other space of."""
_NUMBERS = {"depth"}


def graphml(graph: LineageGraph) -> str:
    """Returns a graph as GraphML: all that is known of nodes and edges is data with a key of its own."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: LineageGraph) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name in NODE_ATTRIBUTES:
        kind = "int" if name in _NUMBERS else "string"
        yield f'  <key id="node_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>'
    yield '  <key id="edge_evidence" for="edge" attr.name="evidence" attr.type="string"/>'
    yield '  <graph id="lineage" edgedefault="directed">'
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        data = "".join(_data(f"node_{key}", value) for key, value in node_attributes(node).items())
        yield f'    <node id="{names[node.id]}">{data}</node>'
    for number, edge in enumerate(graph.edges):
        data = _data("edge_evidence", edge_attributes(edge)["evidence"])
        ends = f'source="{names[edge.source]}" target="{names[edge.target]}"'
        yield f'    <edge id="e{number}" {ends}>{data}</edge>'
    yield "  </graph>"
    yield "</graphml>"


def _data(key: str, value: str) -> str:
    # XML has no way to tell most control characters, not even escaped.
    told = "".join(each if each in _SPACE else on_one_line(each) for each in value)
    return f'<data key="{key}">{escape(told, _SPACE)}</data>'
