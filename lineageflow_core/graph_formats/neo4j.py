"""Files for `neo4j-admin database import full` (https://neo4j.com/docs/operations-manual/current/import/).

Call it with `--multiline-fields=true`: a name may hold a line break.
"""

from lineageflow_core.graph_formats.attributes import NODE_ATTRIBUTES
from lineageflow_core.graph_formats.csv_tables import table
from lineageflow_core.graph_formats.property_graph import ANY_NODE, property_nodes, property_relations
from lineageflow_core.model.lineage import LineageGraph

_PROPERTIES = tuple(name for name in NODE_ATTRIBUTES if name not in {"id", "depth"})


def neo4j(graph: LineageGraph) -> dict[str, str]:
    """Returns the files `nodes.csv` and `relationships.csv`, in the words of `property_graph`."""
    nodes = (
        [
            node.id,
            *(node.properties.get(name, "") for name in _PROPERTIES),
            ";".join((ANY_NODE, *node.labels)),
        ]
        for node in property_nodes(graph)
    )
    relations = (
        [relation.version, relation.run, relation.evidence, relation.type.value]
        for relation in property_relations(graph)
    )
    return {
        "nodes.csv": table(("id:ID", *_PROPERTIES, ":LABEL"), nodes),
        "relationships.csv": table((":START_ID", ":END_ID", "evidence", ":TYPE"), relations),
    }
