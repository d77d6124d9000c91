"""A lineage graph in the languages of two drawing programs: Graphviz's DOT and Mermaid.

Labels come from everywhere, so they are escaped: a name can neither end its label nor become markup.
"""

from collections.abc import Callable, Iterable, Iterator

from lineageflow_core.cli.escaping import visible
from lineageflow_core.cli.lineage_tree import node_cell
from lineageflow_core.model.lineage import Evidence, LineageEdge, LineageGraph, LineageNode, NodeKind

_MODEL = "MODEL"
_MERMAID_ESCAPES = str.maketrans({character: f"#{ord(character)};" for character in '#"&<>`[](){}|\\'})


def dot(graphs: Iterable[LineageGraph], home: str | None) -> str:
    """Returns the graphs as one in DOT (https://graphviz.org/doc/info/lang.html)."""

    def node(name: str, found: LineageNode) -> str:
        style = ' style="rounded"' if found.kind is NodeKind.RUN else ""
        return f"  {name} [shape={_dot_shape(found)}{style} label={_dot_text(_label(found, home))}];"

    def edge(source: str, target: str, found: LineageEdge) -> str:
        style = " [style=dashed]" if found.evidence is Evidence.UNKNOWN else ""
        return f"  {source} -> {target}{style};"

    return "\n".join(["digraph lineage {", "  rankdir=LR;", *_both(graphs, node, edge), "}", ""])


def mermaid(graphs: Iterable[LineageGraph], home: str | None) -> str:
    """Returns the graphs as one in Mermaid's flowchart language (https://mermaid.js.org)."""

    def node(name: str, found: LineageNode) -> str:
        start, end = ("([", "])") if found.kind is NodeKind.RUN else ("[", "]")
        if found.dataset_type == _MODEL:
            start, end = "{{", "}}"
        return f'  {name}{start}"{visible(_label(found, home)).translate(_MERMAID_ESCAPES)}"{end}'

    def edge(source: str, target: str, found: LineageEdge) -> str:
        return f"  {source} {'-.->' if found.evidence is Evidence.UNKNOWN else '-->'} {target}"

    return "\n".join(["flowchart LR", *_both(graphs, node, edge), ""])


def _both(
    graphs: Iterable[LineageGraph],
    node: Callable[[str, LineageNode], str],
    edge: Callable[[str, str, LineageEdge], str],
) -> Iterator[str]:
    nodes: dict[str, LineageNode] = {}
    edges: dict[LineageEdge, None] = {}
    for graph in graphs:
        nodes |= {found.id: found for found in graph.nodes}
        edges |= dict.fromkeys(graph.edges)
    names = {node_id: f"n{number}" for number, node_id in enumerate(nodes)}
    for node_id, found in nodes.items():
        yield node(names[node_id], found)
    for link in edges:
        yield edge(names[link.source], names[link.target], link)


def _label(node: LineageNode, home: str | None) -> str:
    if node.run is not None:
        return f"{node.run.job.name} {node.run.id[:8]}"
    return "".join(part for part, _ in node_cell(node, home).parts)


def _dot_shape(node: LineageNode) -> str:
    return "hexagon" if node.dataset_type == _MODEL else "box"


def _dot_text(text: str) -> str:
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
