"""Several walks as one graph."""

from collections.abc import Iterable

from lineageflow_core.model.lineage import LineageEdge, LineageGraph, LineageNode


def merged(graphs: Iterable[LineageGraph]) -> LineageGraph:
    """Returns graphs as one: each node and edge once, in the order in which they come up first."""
    start: dict[str, None] = {}
    nodes: dict[str, LineageNode] = {}
    edges: dict[LineageEdge, None] = {}
    truncated = False
    for graph in graphs:
        start |= dict.fromkeys(graph.start)
        for node in graph.nodes:
            nodes.setdefault(node.id, node)
        edges |= dict.fromkeys(graph.edges)
        truncated = truncated or graph.truncated
    return LineageGraph(
        start=tuple(start), nodes=tuple(nodes.values()), edges=tuple(edges), truncated=truncated
    )
