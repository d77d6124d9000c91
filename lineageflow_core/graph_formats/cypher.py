"""A graph as Cypher (https://opencypher.org): statements that may run any number of times."""

import re
from collections.abc import Iterator

from lineageflow_core.graph_formats.property_graph import ANY_NODE, property_nodes, property_relations
from lineageflow_core.graph_formats.text import in_utf8
from lineageflow_core.model.lineage import LineageGraph

_ESCAPES = {"\\u": r"\\' + 'u", "\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SPECIAL = re.compile(r"\\u|[\\'\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def cypher(graph: LineageGraph) -> str:
    """Returns a graph as one statement a line, in the words of `property_graph`."""
    return "".join(f"{statement};\n" for statement in _statements(graph))


def _statements(graph: LineageGraph) -> Iterator[str]:
    yield f"CREATE CONSTRAINT lineage_node_id IF NOT EXISTS FOR (n:{ANY_NODE}) REQUIRE n.id IS UNIQUE"
    for node in property_nodes(graph):
        labels = "".join(f":{label}" for label in node.labels)
        properties = ", ".join(f"{name}: {literal(value)}" for name, value in node.properties.items())
        yield f"MERGE (n:{ANY_NODE} {{id: {literal(node.id)}}}) SET n{labels}, n += {{{properties}}}"
    for relation in property_relations(graph):
        ends = ", ".join(
            f"({name}:{ANY_NODE} {{id: {literal(end)}}})"
            for name, end in (("v", relation.version), ("r", relation.run))
        )
        evidence = literal(relation.evidence)
        yield f"MATCH {ends} MERGE (v)-[e:{relation.type}]->(r) SET e.evidence = {evidence}"


def literal(text: str) -> str:
    r"""Returns text as an expression.

    Neo4j 4 reads `\u0027` before it looks where strings end, so that no escaped backslash may stand before
    a 'u': the string is put together of two there.
    """
    escaped = _SPECIAL.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", in_utf8(text))
    return f"'{escaped}'"
