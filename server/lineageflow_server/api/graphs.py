"""Lineage graphs as other programs read them, each format with its own content type."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.graph_formats import GraphFormat, events_in, merged, render
from lineageflow_core.model.lineage import Direction
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.routes import API_PREFIX
from lineageflow_server.access.guard import needs
from lineageflow_server.api.operations import PROBLEMS
from lineageflow_server.api.truncated import truncated_header

_FILE = {"schema": {"type": "string", "format": "binary"}}
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
        summary="Returns what fed a node and what it fed as a file",
    )
    @needs(Scope.READ)
    def export_lineage(
        node: str,
        format: GraphFormat,  # noqa: A002 (that is its name in the query)
        direction: Direction | None = None,
        depth: Annotated[int, Query(ge=0)] = 3,
        limit: Annotated[int, Query(ge=1)] = 300,
    ) -> Response:
        """Returns what fed a node, what it fed, or both as one graph, in a format for other programs.

        `depth` and `limit` are for each way, as in `trace`. The header `LineageFlow-Truncated` is `true`
        where more was reachable than the limit allowed. CSV and Neo4j's files come in a ZIP archive.
        """
        ways = [Direction.UPSTREAM, Direction.DOWNSTREAM] if direction is None else [direction]
        graph = merged(catalog.lineage.trace(node, direction=way, depth=depth, limit=limit) for way in ways)
        rendered = render(graph, format, events=events_in(catalog.events))
        headers = {
            "Content-Disposition": f'attachment; filename="lineage.{rendered.suffix}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            **truncated_header(truncated=graph.truncated),
        }
        return Response(rendered.content, media_type=rendered.media_type, headers=headers)

    return router
