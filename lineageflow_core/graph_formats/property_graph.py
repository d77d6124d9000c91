"""A lineage graph in the words of a property graph: labels for nodes, types for relations.

- A run is an `ETLProcess`, and so is a job that only declares what it does.
- A version of a dataset of type MODEL is an `MLModel`, and one of type METRIC or METRICS is a `Metric`.
- Any other version is an `Output` if a run in the graph made it, and a `DataSource` if a run in the graph
  read it or none made it; so what one run made and another read is both.
- What a run read was `INGESTED_BY` it; but what went into making a model, or is a model, was `USED_IN` it.
- What a run wrote was `TRANSFORMED_BY` it.

All relations go from a version to a run. Every node is a `LineageNode`, too, whose `id` is its name in the
graph: what is put into a database twice is there once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lineageflow_core.graph_formats.attributes import node_attributes
from lineageflow_core.model.lineage import LineageGraph, LineageNode, NodeKind


class Label(StrEnum):
    """What a node is."""

    DATA_SOURCE = "DataSource"
    ETL_PROCESS = "ETLProcess"
    ML_MODEL = "MLModel"
    OUTPUT = "Output"
    METRIC = "Metric"


class Relation(StrEnum):
    """What a run did with a version."""

    INGESTED_BY = "INGESTED_BY"
    TRANSFORMED_BY = "TRANSFORMED_BY"
    USED_IN = "USED_IN"


ANY_NODE = "LineageNode"
"""The label that every node has."""
_OF_TYPE = {"MODEL": Label.ML_MODEL, "METRIC": Label.METRIC, "METRICS": Label.METRIC}


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyNode:
    id: str
    labels: tuple[Label, ...]
    properties: dict[str, str]
    """Without the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRelation:
    version: str
    """The id of the node that it starts at."""
    run: str
    type: Relation
    evidence: str


def property_nodes(graph: LineageGraph) -> Iterator[PropertyNode]:
    """Yields the nodes of a graph."""
    read, written = {edge.source for edge in graph.edges}, {edge.target for edge in graph.edges}
    for node in graph.nodes:
        properties = node_attributes(node)
        for name in ("id", "depth"):  # how far it is from the start is not a fact about the node
            del properties[name]
        yield PropertyNode(id=node.id, labels=_labels(node, read, written), properties=properties)


def property_relations(graph: LineageGraph) -> Iterator[PropertyRelation]:
    """Yields the edges of a graph."""
    nodes = {node.id: node for node in graph.nodes}
    models = {node.id for node in graph.nodes if _OF_TYPE.get(node.dataset_type or "") is Label.ML_MODEL}
    trainings = {edge.source for edge in graph.edges if edge.target in models}
    for edge in graph.edges:
        evidence = edge.evidence.value
        if nodes[edge.source].kind is not NodeKind.VERSION:
            yield PropertyRelation(
                version=edge.target, run=edge.source, type=Relation.TRANSFORMED_BY, evidence=evidence
            )
            continue
        is_used = edge.source in models or edge.target in trainings
        type_ = Relation.USED_IN if is_used else Relation.INGESTED_BY
        yield PropertyRelation(version=edge.source, run=edge.target, type=type_, evidence=evidence)


def _labels(node: LineageNode, read: set[str], written: set[str]) -> tuple[Label, ...]:
    if node.kind is not NodeKind.VERSION:
        return (Label.ETL_PROCESS,)
    if label := _OF_TYPE.get(node.dataset_type or ""):
        return (label,)
    output = (Label.OUTPUT,) if node.id in written else ()
    source = (Label.DATA_SOURCE,) if node.id in read or node.id not in written else ()
    return output + source
