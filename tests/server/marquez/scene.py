"""A small lake as a Marquez would have been told of it, and how a client of Marquez asks."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.testclient import TestClient

from lineageflow_core.model.ids import RunId
from tests.core.openlineage.scenarios import dataset, event

LAKE = "s3://lake"
FACET = {"_producer": "https://producer.example", "_schemaURL": "https://schema.example"}
FIRST, REPORT, SECOND, GOING = (RunId(str(UUID(int=number))) for number in range(1, 5))
AFTER_FIRST = "2026-05-01T02:05:00Z"
"""When the first version of `mid/orders` was there, and not yet the second."""


def minute(number: int) -> datetime:
    """Returns a minute of the scene's hour."""
    return datetime(2026, 5, 1, 2, number, tzinfo=UTC)


def facet(**members: Any) -> dict[str, Any]:
    """Returns a facet."""
    return {**FACET, **members}


def columns(*names: str) -> dict[str, Any]:
    """Returns the facet `schema`."""
    return facet(fields=[{"name": name, "type": "int"} for name in names])


def comes_from(field: str, source: str, source_field: str) -> dict[str, Any]:
    """Returns the facet `columnLineage` of one field."""
    source_of = {"namespace": LAKE, "name": source, "field": source_field}
    how = [{"type": "DIRECT", "subtype": "IDENTITY"}]
    return facet(fields={field: {"inputFields": [{**source_of, "transformations": how}]}})


def events() -> list[dict[str, Any]]:
    """Returns raw -> clean -> mid/orders (twice) -> report -> out, whose second run is going on."""
    orders = "mid/orders"
    return [
        event(
            "START",
            1,
            run=FIRST,
            job="dag.clean",
            inputs=[dataset("raw", schema=columns("x"))],
            job_facets={
                "sourceCodeLocation": facet(url="https://git.example/x", version="abc"),
                "documentation": facet(description="Cleans."),
            },
            run_facets={"nominalTime": facet(nominalStartTime="2026-05-01T00:00:00Z")},
        ),
        event(
            "COMPLETE",
            2,
            run=FIRST,
            job="dag.clean",
            outputs=[
                dataset(
                    orders,
                    schema=columns("y"),
                    columnLineage=comes_from("y", "raw", "x"),
                    documentation=facet(description="Orders."),
                    tags=facet(
                        tags=[
                            {"key": "pii", "value": "true", "field": "y"},
                            {"key": "tier", "value": "gold"},
                        ]
                    ),
                )
            ],
        ),
        event(
            "COMPLETE",
            4,
            run=REPORT,
            job="report",
            inputs=[dataset(orders)],
            outputs=[dataset("out", schema=columns("z"), columnLineage=comes_from("z", orders, "y"))],
        ),
        event(
            "COMPLETE",
            6,
            run=SECOND,
            job="dag.clean",
            inputs=[dataset("raw")],
            outputs=[dataset(orders, schema=columns("y", "y2"))],
        ),
        event("START", 8, run=GOING, job="report", inputs=[dataset(orders)]),
    ]


def segment(name: str) -> str:
    """Returns a name as clients of Marquez put it into an address."""
    return quote(name, safe="")


def ask(client: TestClient, path: str, **query: Any) -> Any:
    """Returns what is answered at a path below the API's prefix; fails if it is an error."""
    response = client.get(path, params=query or None)
    assert 200 == response.status_code, response.text
    return response.json()


def edges(picture: Any) -> set[tuple[str, str]]:
    """Returns the edges of a picture; fails unless every one stands at both of its ends."""
    into = {(edge["origin"], edge["destination"]) for node in picture["graph"] for edge in node["inEdges"]}
    out = {(edge["origin"], edge["destination"]) for node in picture["graph"] for edge in node["outEdges"]}
    assert into == out
    return into
