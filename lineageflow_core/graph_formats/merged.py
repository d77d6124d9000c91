"""Several walks as one graph."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from lineageflow_core.model.lineage import LineageEdge, LineageGraph, LineageNode


def merged(graphs: Iterable[LineageGraph]) -> LineageGraph:
    """Returns graphs as one: each node and edge once, in the order in which they come up first.

    What a node has beyond it is counted anew: what one walk leaves out, another may show.
    """
    start: dict[str, None] = {}
    nodes: dict[str, LineageNode] = {}
    """As if none of their edges was shown."""
    edges: dict[LineageEdge, None] = {}
    truncated = False
    for graph in graphs:
        start |= dict.fromkeys(graph.start)
        for node in _with_more(graph.nodes, graph.edges, 1):
            nodes.setdefault(node.id, node)
        edges |= dict.fromkeys(graph.edges)
        truncated = truncated or graph.truncated
    return LineageGraph(
        start=tuple(start),
        nodes=tuple(_with_more(nodes.values(), edges, -1)),
        edges=tuple(edges),
        truncated=truncated,
    )


def _with_more(
    nodes: Iterable[LineageNode], edges: Iterable[LineageEdge], each: int
) -> Iterable[LineageNode]:
    """Yields nodes that have these edges, so often each, beyond them as well."""
    edges = list(edges)
    leading_here, leading_on = Counter(edge.target for edge in edges), Counter(edge.source for edge in edges)
    for node in nodes:
        yield replace(
            node,
            more_upstream=max(0, node.more_upstream + each * leading_here[node.id]),
            more_downstream=max(0, node.more_downstream + each * leading_on[node.id]),
        )
