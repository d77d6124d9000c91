"""What every catalog promises about the graph of runs and versions: what fed what, and how that is known."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from lineageflow_core.catalog import Lineage
from lineageflow_core.errors import (
    InvalidInputError,
    JobNotFoundError,
    ObjectNotFoundError,
    RefNotFoundError,
)
from lineageflow_core.graph_formats import merged, whole
from lineageflow_core.model.lineage import (
    Direction,
    Evidence,
    LineageGraph,
    LineagePart,
    NodeKind,
    SourceChangeKind,
)
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.producers import job_event, run_events, run_id_of
from lineageflow_core.testing.catalog.scene import Call, CatalogContract
from lineageflow_core.testing.catalog.stories import build_all, node_at, run, version_at

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


class TracingContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.mark.parametrize("direction", Direction)
    def test_a_trace_shows_what_fed_a_node_or_what_it_fed(
        self, repo: Repository, direction: Direction
    ) -> None:
        runs = build_all(repo, b"1")
        raw, weather, clean, report = (node_at(repo, path) for path in ("raw", "weather", "clean", "report"))
        ingest, cleaning, reporting = (f"run:{runs[name]}" for name in ("ingest", "clean", "report"))
        trace = repo.catalog.lineage.trace
        if direction is UP:
            graph = trace(report, direction=UP)
            depths = {report: 0, reporting: 1, clean: 1, weather: 1, cleaning: 2, ingest: 2, raw: 2}
            assert depths == {node.id: node.depth for node in graph.nodes}
            assert (report,) == graph.start
        else:
            graph = trace(ingest, direction=DOWN)
            assert {ingest: 0, raw: 0, weather: 0, cleaning: 1, reporting: 1, clean: 1, report: 1} == {
                node.id: node.depth for node in graph.nodes
            }
        kinds = {node.id: node.kind for node in graph.nodes}
        assert {NodeKind.RUN} == {kinds[node] for node in (ingest, cleaning, reporting)}
        assert {NodeKind.VERSION} == {kinds[node] for node in (raw, weather, clean, report)}
        edges = {(edge.source, edge.target) for edge in graph.edges}
        assert {
            (raw, cleaning),
            (cleaning, clean),
            (clean, reporting),
            (weather, reporting),
            (reporting, report),
        } <= edges
        assert not graph.truncated

    def test_a_trace_goes_so_deep_and_shows_so_many_nodes(self, repo: Repository) -> None:
        build_all(repo, b"1")
        report, trace = node_at(repo, "report"), repo.catalog.lineage.trace
        assert [report] == [node.id for node in trace(report, direction=UP, depth=0).nodes]
        assert 4 == len(trace(report, direction=UP, depth=1).nodes)
        small = trace(report, direction=UP, limit=2)
        assert (2, True) == (len(small.nodes), small.truncated)
        for depth, limit in ((-1, 1), (1, 0), (1, 1_000_000)):
            with pytest.raises(InvalidInputError):
                trace(report, direction=UP, depth=depth, limit=limit)

    def test_a_trace_goes_both_ways(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        graph = repo.catalog.lineage.trace(node_at(repo, "clean"), direction=Direction.BOTH, depth=1)
        assert {
            node_at(repo, "clean"): 0,
            **{f"run:{runs[name]}": 1 for name in ("clean", "report")},
            **{node_at(repo, path): 1 for path in ("raw", "report")},
        } == {node.id: node.depth for node in graph.nodes}
        more = {node.id: (node.more_upstream, node.more_downstream) for node in graph.nodes}
        assert (1, 0) == more[f"run:{runs['report']}"]
        assert (1, 0) == more[node_at(repo, "raw")]
        assert (0, 0) == more[node_at(repo, "clean")]

    def test_an_edge_says_how_it_is_known_and_only_some_are_followed(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        trace = repo.catalog.lineage.trace
        raw, report = node_at(repo, "raw"), node_at(repo, "report")
        graph = trace(raw, direction=DOWN)
        evidence = {(edge.source, edge.target): edge.evidence for edge in graph.edges}
        assert Evidence.EXPLICIT is evidence[raw, f"run:{runs['clean']}"]
        assert Evidence.EXPLICIT is evidence[f"run:{runs['clean']}", node_at(repo, "clean")]
        assert Evidence.CARTESIAN is evidence[f"run:{runs['report']}", report]
        sure = trace(raw, direction=DOWN, evidence=[Evidence.EXPLICIT])
        assert {node.id for node in graph.nodes} - {node.id for node in sure.nodes} == {report}

    def test_a_trace_is_of_the_types_and_the_time_that_are_asked_for(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        trace = repo.catalog.lineage.trace
        raw = node_at(repo, "raw")
        assert [raw] == [node.id for node in trace(raw, direction=DOWN, dataset_types=["model"]).nodes]
        ended = repo.catalog.lineage.get_run(runs["clean"]).run.ended_at
        assert ended is not None
        for until in (ended, ended.replace(tzinfo=None)):  # a time without a zone is UTC
            assert [raw, f"run:{runs['clean']}", node_at(repo, "clean")] == [
                node.id for node in trace(raw, direction=DOWN, until=until).nodes
            ]

    def test_paths_are_the_ways_that_data_went(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        paths = repo.catalog.lineage.paths
        raw, clean, report = (node_at(repo, path) for path in ("raw", "clean", "report"))
        way = (raw, f"run:{runs['clean']}", clean, f"run:{runs['report']}", report)
        for found in (paths(raw, report), paths(report, raw)):
            assert ((way,), False) == (found.paths, found.truncated)
            assert set(way) == {node.id for node in found.graph.nodes}
        assert 2 == len(paths(f"run:{runs['ingest']}", report).paths)
        cut = paths(f"run:{runs['ingest']}", report, limit=1)
        assert (1, True) == (len(cut.paths), cut.truncated)
        assert () == paths(raw, node_at(repo, "weather")).paths
        with pytest.raises(InvalidInputError):
            paths(raw, report, limit=0)

    def test_a_ref_has_the_lineage_of_what_it_holds(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        repo.branch("old")
        run(repo, "ingest", writes={"raw": b"2"})
        graph = repo.catalog.lineage.trace_ref(repo.name, "old")
        paths = ("clean", "raw", "report", "weather")
        assert tuple(sorted(node_at(repo, path, "old") for path in paths)) == graph.start
        assert {f"run:{run_id}" for run_id in runs.values()} == {
            node.id for node in graph.nodes if node.kind is NodeKind.RUN
        }
        assert node_at(repo, "raw") in repo.catalog.lineage.trace_ref(repo.name, "main").start
        assert repo.catalog.lineage.trace_ref(repo.name, "main", limit=3).truncated

    def test_two_refs_differ_in_what_datasets_are_made_of(self, repo: Repository) -> None:
        build_all(repo, b"1")
        repo.branch("old")
        first = version_at(repo, "raw")
        run(repo, "ingest", writes={"raw": b"2"})
        run(repo, "clean", reads=("raw",), writes={"clean": b"other"})
        run(repo, "report", reads=("raw",), writes={"report": b"other"})
        diff = repo.catalog.lineage.diff_lineage
        found = {(each.dataset.name, each.source.name): each for each in diff(repo.name, "old", "main")}
        rebound = found["clean", "raw"]
        assert (SourceChangeKind.REBOUND, (first,), (version_at(repo, "raw"),)) == (
            rebound.kind,
            rebound.before,
            rebound.after,
        )
        assert {
            ("clean", "raw"): SourceChangeKind.REBOUND,
            ("report", "clean"): SourceChangeKind.REMOVED,
            ("report", "raw"): SourceChangeKind.ADDED,
            ("report", "weather"): SourceChangeKind.REMOVED,
        } == {key: each.kind for key, each in found.items()}
        assert () == diff(repo.name, "main", "main")

    def test_a_node_can_be_written_in_several_ways(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        trace = repo.catalog.lineage.trace
        by_id = trace(node_at(repo, "clean"), direction=DOWN)
        assert by_id.start == (node_at(repo, "clean"),)
        for node in ("clean", "@main/clean", f"@{repo.head().id}/clean", "clean/part-0"):
            assert by_id == trace(f"lf://{repo.name}/{node}", direction=DOWN)
        graph = trace(f"run:{runs['clean']}", direction=DOWN)
        for each in graph.nodes:
            assert each.id in trace(each.id, direction=DOWN).start

    @pytest.mark.parametrize(
        "node", ["", "clean", "run:", "run:night", "lf://", "lf:///a", "lf://a", "version:", "../x"]
    )
    def test_what_is_no_node_is_refused(self, repo: Repository, node: str) -> None:
        calls: list[Call] = [
            lambda: repo.catalog.lineage.trace(node, direction=UP),
            lambda: repo.catalog.lineage.impact(node),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError, match=r"not a node|not a run id|cannot name a repository"):
                call()

    def test_an_address_where_nothing_is_is_no_node(self, repo: Repository) -> None:
        for address, error in (("nothing", ObjectNotFoundError), ("@nothing/raw", RefNotFoundError)):
            with pytest.raises(error):
                repo.catalog.lineage.impact(f"lf://{repo.name}/{address}")

    def test_the_whole_graph_comes_in_parts(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        lineage, namespace = repo.catalog.lineage, f"lf://{repo.name}"
        graphs = [part.graph for part in _parts(lineage, namespace=namespace, limit=1)]
        assert sorted(f"run:{run}" for run in runs.values()) == [
            node.id for graph in graphs for node in graph.nodes if node.run
        ]
        found = merged(graphs)
        both = merged(
            lineage.trace(node_at(repo, "clean"), direction=way, depth=9, limit=1000) for way in (UP, DOWN)
        )
        assert {node.id for node in both.nodes} <= {node.id for node in found.nodes}
        assert set(both.edges) <= set(found.edges)
        assert {end for edge in found.edges for end in (edge.source, edge.target)} == {
            node.id for node in found.nodes
        }
        assert {(0, 0, 0)} == {(n.depth, n.more_upstream, n.more_downstream) for n in found.nodes}
        assert found.nodes == whole(graphs_as_parts(graphs), limit=1000).nodes
        few = whole(graphs_as_parts(graphs), limit=3)
        assert (found.nodes[:3], True) == (few.nodes, few.truncated)
        assert () == lineage.list_lineage(namespace=f"lf://no-{repo.name}").graph.nodes
        calls: list[Call] = [
            lambda: lineage.list_lineage(after="nowhere"),
            lambda: lineage.list_lineage(limit=0),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_the_whole_graph_ends_with_jobs_that_only_declare_what_they_do(self, repo: Repository) -> None:
        lineage, home = repo.catalog.lineage, f"s3://{repo.name}"
        lineage.ingest(
            [
                *run_events(repo.name, 1, [("raw", "1", {})], [("clean", "1", {})]),
                job_event(repo.name, "board", ["clean", "other"], ["numbers"]),
                job_event(repo.name, "cleaner", ["raw"], ["clean"]),
                job_event(repo.name, "etl", ["other"], ["raw"]),  # its run says more
                job_event(repo.name, "loader", [], ["raw"]),
            ]
        )
        parts = [part.graph for part in _parts(lineage, namespace=home, limit=1)]
        board, cleaner, loader = (f"job:{repo.name}/{name}" for name in ("board", "cleaner", "loader"))
        raw, clean = f"version:{home}/raw@1", f"version:{home}/clean@1"
        graph = merged(parts)
        assert [[f"run:{run_id_of(repo.name, 1)}"], [board], [cleaner], [], [loader]] == [
            [node.id for node in part.nodes if node.kind is not NodeKind.VERSION] for part in parts
        ]
        assert {
            (clean, board),
            (f"version:{home}/other", board),
            (board, f"version:{home}/numbers"),
            (raw, cleaner),
            (cleaner, f"version:{home}/clean"),  # what it would write is not known
            (loader, raw),  # nobody else wrote it
        } == {(edge.source, edge.target) for edge in graph.edges if edge.evidence is Evidence.DECLARED}
        assert {(0, 0, 0)} == {(n.depth, n.more_upstream, n.more_downstream) for n in graph.nodes}
        assert [] == [part for part in _parts(lineage, namespace=f"{home}-no", limit=9) if part.graph.nodes]
        with pytest.raises(InvalidInputError):
            lineage.list_lineage(after="job:")

    def test_what_a_job_declares_is_shown_where_no_run_did_it(self, repo: Repository) -> None:
        lineage, home = repo.catalog.lineage, f"s3://{repo.name}"
        raw, clean, older = (f"version:{home}/{name}" for name in ("raw@1", "clean@2", "clean@1"))
        for number, version in enumerate("12"):
            lineage.ingest(run_events(repo.name, number, [("raw", "1", {})], [("clean", version, {})]))
        lineage.ingest(
            [
                job_event(repo.name, "loader", [], ["raw"]),
                job_event(repo.name, "board", ["clean", "other"], ["numbers"]),
                job_event(repo.name, "mail", ["numbers"], []),
                job_event(repo.name, "etl", ["other"], ["raw"]),  # its runs say more
                job_event(repo.name, "cleaner", ["raw"], ["clean"]),
            ]
        )
        loader, board, mail, cleaner = (
            f"job:{repo.name}/{name}" for name in ("loader", "board", "mail", "cleaner")
        )
        numbers, other = f"version:{home}/numbers", f"version:{home}/other"
        would_be = f"version:{home}/clean"

        def declared(node: str, direction: Direction, **query: Any) -> set[tuple[str, str]]:
            graph = lineage.trace(node, direction=direction, **query)
            assert {end for edge in graph.edges for end in (edge.source, edge.target)} <= {
                each.id for each in graph.nodes
            }
            return {(edge.source, edge.target) for edge in graph.edges if edge.evidence is Evidence.DECLARED}

        # Nobody wrote raw that is known, so what says that it does is all there is.
        assert {(loader, raw)} == declared(clean, UP)
        down = {(clean, board), (board, numbers), (numbers, mail)}
        assert down == declared(clean, DOWN)
        assert set() == declared(older, DOWN)  # it is not what is there now
        assert down | {(raw, cleaner), (cleaner, would_be), (would_be, board)} == declared(raw, DOWN)
        assert {(clean, board), (board, numbers)} == declared(clean, DOWN, depth=1)
        assert {(loader, raw), *down} == declared(clean, Direction.BOTH)
        assert set() == declared(clean, DOWN, evidence=[Evidence.EXPLICIT])
        assert {(clean, board)} <= declared(clean, DOWN, evidence=[Evidence.DECLARED])
        assert set() == declared(clean, DOWN, until=datetime.fromisoformat("2027-01-01T00:00:00Z"))
        assert {(clean, board), (other, board)} == declared(board, UP, depth=0)
        assert {(clean, board), (other, board), (loader, raw)} == declared(board, UP)
        assert (board,) == lineage.trace(board, direction=UP).start
        assert {0: 3, 1: 2} == Counter(
            node.depth for node in lineage.trace(board, direction=UP, depth=1).nodes
        )
        assert {(board, numbers), (numbers, mail)} == declared(board, DOWN)
        few = lineage.trace(clean, direction=DOWN, limit=2)
        assert ([clean, board], True) == ([node.id for node in few.nodes], few.truncated)
        assert [(NodeKind.VERSION, 0), (NodeKind.JOB, 1)] == [
            (node.kind, node.more_downstream) for node in few.nodes
        ]
        # A guess about what will be is no way that data went.
        assert () == lineage.paths(clean, numbers).paths
        assert f"run:{run_id_of(repo.name, 1)}" in lineage.trace(f"job:{repo.name}/etl", direction=UP).start
        with pytest.raises(JobNotFoundError):
            lineage.trace(f"job:{repo.name}/nobody", direction=UP)


def _parts(lineage: Lineage, *, namespace: str, limit: int) -> Iterator[LineagePart]:
    after: str | None = None
    while True:
        part = lineage.list_lineage(namespace=namespace, after=after, limit=limit)
        yield part
        if (after := part.next) is None:
            return


def graphs_as_parts(graphs: Sequence[LineageGraph]) -> Iterator[LineagePart]:
    """Yields graphs as the parts of one."""
    for number, graph in enumerate(graphs, start=1):
        yield LineagePart(graph=graph, next=str(number) if number < len(graphs) else None)
