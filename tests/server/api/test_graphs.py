import csv
import io
import zipfile

import pytest
from lineageflow_server.access.guard import needed_by
from lineageflow_server.app import create_app
from lineageflow_server.settings import Settings
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.graph_formats import GraphFormat, events_in, merged, parts_of, render, whole
from lineageflow_core.model.lineage import Direction, LineageGraph
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.codec import decode
from tests.server.flights import NAME, REPORT, make_lake
from tests.server.serving import TOKEN, api_of

NODE = f"lf://{NAME}/{REPORT}"
WAYS = (Direction.UPSTREAM, Direction.DOWNSTREAM)
TYPES = {
    GraphFormat.DOT: "text/vnd.graphviz; charset=utf-8",
    GraphFormat.MERMAID: "text/vnd.mermaid; charset=utf-8",
    GraphFormat.GRAPHML: "application/graphml+xml",
    GraphFormat.CSV: "application/zip",
    GraphFormat.JSON: "application/json",
    GraphFormat.CYPHER: "application/x-cypher-query",
    GraphFormat.NEO4J: "application/zip",
    GraphFormat.OPENLINEAGE: "application/jsonl",
}


@pytest.fixture(scope="module")
def lake() -> Catalog:
    return make_lake()


@pytest.fixture(scope="module")
def api(lake: Catalog) -> TestClient:
    return api_of(lake)


@pytest.mark.parametrize("format", GraphFormat)
def test_each_format_comes_as_a_file_of_its_type(format: GraphFormat, api: TestClient, lake: Catalog) -> None:  # noqa: A002
    answer = api.get("/lineage/export", params={"node": NODE, "format": format})
    both = merged(lake.lineage.trace(NODE, direction=way) for way in WAYS)
    assert (200, TYPES[format], render(both, format, events=events_in(lake.events)).content) == (
        answer.status_code,
        answer.headers["content-type"],
        answer.content,
    )
    assert answer.headers["content-disposition"].startswith('attachment; filename="lineage.')
    assert "sandbox; default-src 'none'" == answer.headers["content-security-policy"]


def test_one_way_is_what_a_trace_gives(api: TestClient, lake: Catalog) -> None:
    asked: dict[str, str | int] = {
        "node": NODE,
        "format": "json",
        "direction": "upstream",
        "depth": 1,
        "limit": 2,
    }
    answer = api.get("/lineage/export", params=asked)
    graph = lake.lineage.trace(NODE, direction=Direction.UPSTREAM, depth=1, limit=2)
    assert (graph, "true") == (decode(answer.content, LineageGraph), answer.headers["lineageflow-truncated"])


def test_the_limit_is_for_each_way(api: TestClient, lake: Catalog) -> None:
    limit = max(len(lake.lineage.trace(NODE, direction=way).nodes) for way in WAYS)
    answer = api.get("/lineage/export", params={"node": NODE, "format": "json", "limit": limit})
    assert "lineageflow-truncated" not in answer.headers


def test_several_files_come_as_an_archive(api: TestClient) -> None:
    answer = api.get("/lineage/export", params={"node": NODE, "format": "neo4j"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert ["nodes.csv", "relationships.csv"] == packed.namelist()


@pytest.mark.parametrize(
    "asked, status",
    [
        ({"node": NODE, "format": "png"}, 422),
        ({"node": "nothing", "format": "dot"}, 422),
        ({"node": f"lf://{NAME}/not/there", "format": "dot"}, 404),
        ({"node": NODE, "format": "dot", "limit": 10**9}, 422),
        ({"node": NODE, "format": "dot", "depth": -1}, 422),
    ],
)
def test_what_cannot_be_is_a_problem(asked: dict[str, str | int], status: int, api: TestClient) -> None:
    answer = api.get("/lineage/export", params=asked)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_it_needs_what_reading_needs(lake: Catalog) -> None:
    routes = create_app(lake, Settings(token=TOKEN)).routes
    [route] = [each for each in routes if getattr(each, "path", "").endswith("/lineage/export")]
    assert Scope.READ is needed_by(route)


def test_an_impact_comes_as_csv(api: TestClient, lake: Catalog) -> None:
    asked: dict[str, str | int | list[str]] = {
        "node": f"lf://{NAME}/raw/flights.csv",
        "depth": 5,
        "evidence": ["explicit", "cartesian", "as_of"],
    }
    answer = api.get("/lineage/impact/table", params=asked)
    assert (200, "text/csv; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    heading, *rows = csv.reader(io.StringIO(answer.text))
    found = lake.lineage.impact(f"lf://{NAME}/raw/flights.csv").items
    assert [(item.version.name, item.produced_by and item.produced_by.id) for item in found] == [
        (row[heading.index("name")], row[heading.index("run_id")]) for row in rows
    ]
    assert rows


@pytest.mark.parametrize("asked, status", [({"node": "nothing"}, 422), ({"node": f"lf://{NAME}/no"}, 404)])
def test_what_has_no_impact_is_told_before_anything_is_sent(
    asked: dict[str, str], status: int, api: TestClient
) -> None:
    answer = api.get("/lineage/impact/table", params=asked)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize("format", GraphFormat)
def test_without_a_node_it_is_the_whole_graph(format: GraphFormat, api: TestClient, lake: Catalog) -> None:  # noqa: A002
    answer = api.get("/lineage/export", params={"namespace": f"lf://{NAME}", "format": format})
    graph = whole(parts_of(lake.lineage), limit=100)
    assert (200, TYPES[format], render(graph, format, events=events_in(lake.events)).content) == (
        answer.status_code,
        answer.headers["content-type"],
        answer.content,
    )
    assert answer.headers["content-disposition"].startswith('attachment; filename="lineage.')
