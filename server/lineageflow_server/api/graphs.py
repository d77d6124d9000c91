"""Lineage graphs as other programs read them, each format with its own content type."""

from datetime import datetime
from itertools import chain, islice
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from lineageflow_core.catalog import Catalog
from lineageflow_core.graph_formats import (
    GraphFormat,
    event_lines,
    events_in,
    impact_csv,
    merged,
    parts_of,
    render,
    whole,
)
from lineageflow_core.model.lineage import Direction, Evidence
from lineageflow_core.model.page import every
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.routes import API_PREFIX
from lineageflow_server.access.guard import needs
from lineageflow_server.api.operations import PROBLEMS
from lineageflow_server.api.truncated import truncated_header

_FILE = {"schema": {"type": "string", "format": "binary"}}
MOST_NODES = 100_000
"""What one answer may hold of the whole graph; the graph in parts has no limit."""
_TYPES = (
    "text/vnd.graphviz", "text/vnd.mermaid", "application/graphml+xml", "application/zip",
    "application/x-cypher-query", "application/jsonl",
)  # fmt: skip
_GRAPH = {"application/json": {"schema": {"$ref": "#/components/schemas/LineageGraph"}}}


def graphs_router(catalog: Catalog) -> APIRouter:
    """Returns a router with the route of lineage graphs as files."""
    router = APIRouter(prefix=API_PREFIX, tags=["lineage"])

    @router.get(
        "/lineage/export",
        operation_id="export_lineage",
        response_class=Response,
        responses={**PROBLEMS, 200: {"content": dict.fromkeys(_TYPES, _FILE) | _GRAPH}},
        summary="Returns what fed a node and what it fed, or the whole graph, as a file",
    )
    @needs(Scope.READ)
    def export_lineage(
        format: GraphFormat,  # noqa: A002 (that is its name in the query)
        node: str | None = None,
        namespace: str | None = None,
        direction: Direction | None = None,
        depth: Annotated[int, Query(ge=0)] = 3,
        limit: Annotated[int | None, Query(ge=1, le=MOST_NODES)] = None,
    ) -> Response:
        """Returns what fed a node, what it fed, or both as one graph, in a format for other programs.

        `depth` and `limit` (else 300) are for each way, as in `trace`. Without a node, it is the whole graph,
        or that of the runs that touched a dataset in `namespace` (`lf://repository`); then `limit` is 100,000
        nodes, and events have none. The header `LineageFlow-Truncated` is `true` where more was reachable
        than the limit allowed. CSV and Neo4j's files come in a ZIP archive.
        """
        events = events_in(catalog.events)
        if node is None and format is GraphFormat.OPENLINEAGE:
            lines = event_lines(parts_of(catalog.lineage, namespace), events)
            return StreamingResponse(lines, media_type="application/jsonl", headers=_file("lineage.jsonl"))
        if node is None:
            graph = whole(parts_of(catalog.lineage, namespace), limit=limit or MOST_NODES)
        else:
            ways = [Direction.UPSTREAM, Direction.DOWNSTREAM] if direction is None else [direction]
            graph = merged(
                catalog.lineage.trace(node, direction=way, depth=depth, limit=limit or 300) for way in ways
            )
        rendered = render(graph, format, events=events)
        headers = {
            **truncated_header(truncated=graph.truncated),
            **_file(f"lineage.{rendered.suffix}"),
        }
        return Response(rendered.content, media_type=rendered.media_type, headers=headers)

    @router.get(
        "/lineage/impact/table",
        operation_id="export_impact",
        response_class=StreamingResponse,
        responses={**PROBLEMS, 200: {"content": {"text/csv": _FILE}}},
        summary="Returns what was derived from a node as CSV",
    )
    @needs(Scope.READ)
    def export_impact(
        node: str,
        depth: Annotated[int | None, Query(ge=0)] = None,
        evidence: Annotated[list[Evidence] | None, Query()] = None,
        dataset_types: Annotated[list[str] | None, Query()] = None,
        until: datetime | None = None,
    ) -> StreamingResponse:
        """Returns all that `impact` lists, one version a line. Several types stand in the query one each."""
        found = every(
            lambda after, limit: catalog.lineage.impact(
                node,
                depth=depth,
                evidence=evidence,
                dataset_types=dataset_types,
                until=until,
                after=after,
                limit=limit,
            )
        )
        lines = impact_csv(found)
        start = [next(lines), *islice(lines, 1)]  # what cannot be answered is told before anything is sent
        return StreamingResponse(chain(start, lines), media_type="text/csv", headers=_file("impact.csv"))

    return router


def _file(name: str) -> dict[str, str]:
    """Returns the headers of a file that a browser keeps, and does nothing else with."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
