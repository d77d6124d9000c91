"""What every catalog promises about the lineage of columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.column_lineage import ColumnGraph
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, new_run_id

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
Sources = Mapping[str, Sequence[str]]
"""By column: the columns that it comes from, as `dataset.column`."""


class ColumnLineageContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_a_column_comes_from_columns_of_exact_versions(self, repo: Repository) -> None:
        first = tell(
            repo, {"raw": "1"}, "clean", "1", {"id": ["raw.id"], "total": ["raw.price", "raw.count"]}
        )
        tell(repo, {"raw": "2"}, "clean", "2", {"id": ["raw.id"]})
        second = tell(repo, {"clean": "1"}, "report", "1", {"sum": ["clean.total"]})
        graph = repo.catalog.lineage.trace_columns(node(repo, "report", "1"), direction=UP, column="sum")
        assert [
            ("report@1", "sum", 0),
            ("clean@1", "total", 1),
            ("raw@1", "count", 2),
            ("raw@1", "price", 2),
        ] == told(graph)
        assert {first, second} == {link.run for link in graph.links}
        assert {("DIRECT", "IDENTITY", False)} == {
            (link.kind, link.subtype, link.masking) for link in graph.links
        }
        ids = {each.id for each in graph.columns}
        assert all({link.source, link.target} <= ids for link in graph.links)
        fed = repo.catalog.lineage.trace_columns(node(repo, "raw", "1"), direction=DOWN, column="price")
        assert [("raw@1", "price", 0), ("clean@1", "total", 1), ("report@1", "sum", 2)] == told(fed)
        assert not graph.truncated

    def test_without_a_column_all_that_are_known_are_traced(self, repo: Repository) -> None:
        tell(repo, {"raw": "1"}, "clean", "1", {"id": ["raw.id"]}, schema=("id", "note"))
        graph = repo.catalog.lineage.trace_columns(node(repo, "clean", "1"), direction=UP)
        assert [("clean@1", "id", 0), ("clean@1", "note", 0), ("raw@1", "id", 1)] == told(graph)
        assert ["note"] == [each.column for each in graph.columns if not each.is_known]

    def test_where_a_run_says_nothing_of_columns_that_is_told(self, repo: Repository) -> None:
        tell(repo, {"raw": "1"}, "clean", "1", {})
        up = repo.catalog.lineage.trace_columns(node(repo, "clean", "1"), direction=UP, column="id")
        down = repo.catalog.lineage.trace_columns(node(repo, "raw", "1"), direction=DOWN, column="id")
        for graph in (up, down):
            assert [False] == [each.is_known for each in graph.columns]
        source = repo.catalog.lineage.trace_columns(node(repo, "raw", "1"), direction=UP, column="id")
        assert [True] == [each.is_known for each in source.columns]

    def test_columns_are_traced_so_far_and_so_many(self, repo: Repository) -> None:
        tell(repo, {"raw": "1"}, "clean", "1", {"id": ["raw.a", "raw.b", "raw.c"]})
        tell(repo, {"clean": "1"}, "report", "1", {"id": ["clean.id"]})
        trace, start = repo.catalog.lineage.trace_columns, node(repo, "report", "1")
        assert [("report@1", "id", 0), ("clean@1", "id", 1)] == told(
            trace(start, direction=UP, column="id", depth=1)
        )
        small = trace(start, direction=UP, column="id", limit=3)
        assert ([("raw@1", "a", 2)], True) == (told(small)[2:], small.truncated)

    def test_what_has_no_columns_is_refused(self, repo: Repository) -> None:
        run = tell(repo, {"raw": "1"}, "clean", "1", {})
        trace, start = repo.catalog.lineage.trace_columns, node(repo, "clean", "1")
        with pytest.raises(InvalidInputError, match="no columns"):
            trace(f"run:{run}", direction=UP)
        with pytest.raises(InvalidInputError, match="one way"):
            trace(start, direction=Direction.BOTH)
        with pytest.raises(InvalidInputError, match="limit"):
            trace(start, direction=UP, limit=0)


def tell(
    repo: Repository,
    reads: Mapping[str, str],
    target: str,
    version: str,
    columns: Sources,
    *,
    schema: Sequence[str] = (),
) -> RunId:
    """Tells of a run that made a version of a dataset of another system, with column lineage."""
    run_id = new_run_id()
    facets: dict[str, Any] = {"version": {"datasetVersion": version}}
    if schema:
        facets["schema"] = {"fields": [{"name": name} for name in schema]}
    if columns:
        facets["columnLineage"] = {
            "fields": {
                name: {"inputFields": [_input_field(repo, *source.split(".")) for source in sources]}
                for name, sources in columns.items()
            }
        }
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-05-01T02:00:00Z",
        "producer": "https://producer.example/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": repo.name, "name": target},
        "inputs": [
            {"namespace": f"s3://{repo.name}", "name": name, "facets": {"version": {"datasetVersion": read}}}
            for name, read in reads.items()
        ],
        "outputs": [{"namespace": f"s3://{repo.name}", "name": target, "facets": facets}],
    }
    assert () == repo.catalog.lineage.ingest([event]).problems
    return run_id


def node(repo: Repository, dataset: str, version: str) -> str:
    """Returns the node of a version of a dataset of that other system."""
    return format_node(Version(namespace=f"s3://{repo.name}", name=dataset, version=version))


def told(graph: ColumnGraph) -> list[tuple[str, str, int]]:
    """Returns the columns in few words."""
    return [
        (f"{each.version.name}@{each.version.version}", each.column, each.depth) for each in graph.columns
    ]


def _input_field(repo: Repository, dataset: str, column: str) -> dict[str, Any]:
    return {
        "namespace": f"s3://{repo.name}",
        "name": dataset,
        "field": column,
        "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}],
    }
