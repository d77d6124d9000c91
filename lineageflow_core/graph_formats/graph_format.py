"""The formats by name, with what a browser or a mail program calls them."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from lineageflow_core.graph_formats.csv_tables import csv_tables
from lineageflow_core.graph_formats.cypher import cypher
from lineageflow_core.graph_formats.dot import dot
from lineageflow_core.graph_formats.graphml import graphml
from lineageflow_core.graph_formats.mermaid import mermaid
from lineageflow_core.graph_formats.neo4j import neo4j
from lineageflow_core.graph_formats.openlineage import EventsOf, openlineage
from lineageflow_core.model.lineage import LineageGraph

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first instant of ZIP: equal graphs are equal archives."""


class GraphFormat(StrEnum):
    """What a lineage graph can be written as."""

    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"
    CSV = "csv"
    """Two files: nodes and edges."""
    JSON = "json"
    """A `LineageGraph` as the HTTP API has it."""
    CYPHER = "cypher"
    NEO4J = "neo4j"
    """Two files for Neo4j's import."""
    OPENLINEAGE = "openlineage"
    """The events of the runs in the graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A graph in some format."""

    media_type: str
    """Of the one file; of several, of the archive that they go into."""
    suffix: str
    files: Mapping[str, bytes]
    """By name. One, or several that belong together."""

    @property
    def content(self) -> bytes:
        """The one file, or all of them in an archive."""
        return next(iter(self.files.values())) if len(self.files) == 1 else archive(self.files)


def render(
    graph: LineageGraph,
    format: GraphFormat,  # noqa: A002 (it is what everybody calls it)
    *,
    events: EventsOf = lambda _run_id: (),
) -> Rendered:
    """Returns a graph in a format. Raises nothing of its own, whatever names hold.

    `events` gives the events of runs, which the format OPENLINEAGE is made of (`events_in`).
    """
    match format:
        case GraphFormat.DOT:
            return _one("text/vnd.graphviz", "dot", dot(graph))
        case GraphFormat.MERMAID:
            return _one("text/vnd.mermaid", "mmd", mermaid(graph))
        case GraphFormat.GRAPHML:
            return _one("application/graphml+xml", "graphml", graphml(graph))
        case GraphFormat.CYPHER:
            return _one("application/x-cypher-query", "cypher", cypher(graph))
        case GraphFormat.JSON:
            document = json.dumps(
                msgspec.to_builtins(graph), indent=2
            )  # ASCII: nothing in it steers a reader
            return _one("application/json", "json", document + "\n")
        case GraphFormat.OPENLINEAGE:
            return _one("application/jsonl", "jsonl", openlineage(graph, events))
        case GraphFormat.CSV:
            return _several(csv_tables(graph))
        case GraphFormat.NEO4J:
            return _several(neo4j(graph))


def archive(files: Mapping[str, bytes]) -> bytes:
    """Returns files as one ZIP archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, file in files.items():
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), file, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _one(media_type: str, suffix: str, text: str) -> Rendered:
    return Rendered(media_type=media_type, suffix=suffix, files={f"lineage.{suffix}": text.encode()})


def _several(files: Mapping[str, str]) -> Rendered:
    packed = {name: text.encode() for name, text in files.items()}
    return Rendered(media_type="application/zip", suffix="zip", files=packed)
