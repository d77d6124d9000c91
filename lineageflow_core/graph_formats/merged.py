"""Several walks as one graph."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lineageflow_core.catalog import Lineage
from lineageflow_core.model.lineage import LineageEdge, LineageGraph, LineageNode, LineagePart
from lineageflow_core.model.page import MAX_LIMIT


def parts_of(lineage: Lineage, namespace: str | None = None) -> Iterator[LineagePart]:
    """Yields the whole graph of a lake, or of a namespace, in parts."""
    after: str | None = None
    while True:
        part = lineage.list_lineage(namespace=namespace, after=after, limit=MAX_LIMIT)
        yield part
        if part.next is None:
            return
        after = part.next


def whole(parts: Iterable[LineagePart], *, limit: int) -> LineageGraph:
    """Returns the first `limit` nodes of a graph that comes in parts, with the edges between them.

    No more parts are taken than there is room for.
    """
    graph, is_all = merged(()), False
    for part in parts:
        graph, is_all = merged([graph, part.graph]), part.next is None
        if len(graph.nodes) > limit:
            break
    nodes = graph.nodes[:limit]
    kept = {node.id for node in nodes}
    return replace(
        graph,
        nodes=nodes,
        edges=tuple(edge for edge in graph.edges if edge.source in kept and edge.target in kept),
        truncated=not is_all or len(nodes) < len(graph.nodes),
    )


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
