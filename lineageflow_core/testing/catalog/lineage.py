"""What every catalog promises about events, and about what they say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import permutations
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from lineageflow_core.catalog import Catalog, Lineage
from lineageflow_core.errors import (
    InvalidInputError,
    JobNotFoundError,
    ObjectNotFoundError,
    RefNotFoundError,
    RunNotFoundError,
)
from lineageflow_core.graph_formats import merged, whole
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import (
    Direction,
    Evidence,
    LineageGraph,
    LineagePart,
    NodeKind,
    SourceChangeKind,
)
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import RunState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, in_pages_of_one, new_run_id
from lineageflow_core.testing.catalog.stories import build_all, node_at, run, session_of, version_at
from lineageflow_core.testing.signatures import assert_same_signatures

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


Dataset = tuple[str, str, dict[str, Any]]
"""Its name, its version, and facets."""
_PRODUCER = {
    "producer": "https://producer.example/1",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}


def graphs_as_parts(graphs: Sequence[LineageGraph]) -> Iterator[LineagePart]:
    """Yields graphs as the parts of one."""
    for number, graph in enumerate(graphs, start=1):
        yield LineagePart(graph=graph, next=str(number) if number < len(graphs) else None)


def _run_id(namespace: str, number: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"{namespace}.{number}"))


def _run_events(
    namespace: str, number: int, reads: Sequence[Dataset], writes: Sequence[Dataset]
) -> list[dict[str, Any]]:
    """A run of the job `etl` that takes a minute."""

    def datasets(found: Sequence[Dataset]) -> list[dict[str, Any]]:
        return [
            {
                "namespace": f"s3://{namespace}",
                "name": name,
                "facets": {"version": {"datasetVersion": version}, **facets},
            }
            for name, version, facets in found
        ]

    return [
        {
            "eventType": kind,
            "eventTime": f"2026-05-01T00:{minute:02d}:00Z",
            "run": {"runId": _run_id(namespace, number)},
            "job": {"namespace": namespace, "name": "etl"},
            "inputs": datasets(reads),
            "outputs": datasets(writes),
            **_PRODUCER,
        }
        for kind, minute in (("START", number), ("COMPLETE", number))
    ]


def _job_event(namespace: str, name: str, reads: Sequence[str], writes: Sequence[str]) -> dict[str, Any]:
    return {
        "eventTime": "2026-05-01T00:00:00Z",
        "job": {"namespace": namespace, "name": name},
        "inputs": [{"namespace": f"s3://{namespace}", "name": each} for each in reads],
        "outputs": [{"namespace": f"s3://{namespace}", "name": each} for each in writes],
        **_PRODUCER,
    }


class LineageContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Lineage, catalog.lineage)

    def test_events_that_came_before_are_counted_and_change_nothing(self, repo: Repository) -> None:
        run_id = new_run_id()
        events = events_of(run_id, repo.name)
        reports = [repo.catalog.lineage.ingest(events) for _ in range(2)]
        assert [(3, 0, ()), (3, 3, ())] == [
            (each.received, each.duplicates, each.problems) for each in reports
        ]
        assert 0 == repo.catalog.lineage.ingest([]).received
        details = repo.catalog.lineage.get_run(run_id)
        repo.catalog.lineage.ingest(events[:1] * 2)
        assert details == repo.catalog.lineage.get_run(run_id)

    def test_any_order_and_grouping_of_events_gives_one_graph(self, repo: Repository) -> None:
        told: list[Any] = []
        for order in permutations(range(3)):
            run_id = new_run_id()
            events = events_of(run_id, repo.name)
            repo.catalog.lineage.ingest([events[order[0]]])
            repo.catalog.lineage.ingest([events[place] for place in (order[1], order[2], order[0])])
            details = repo.catalog.lineage.get_run(run_id)
            told.append(
                (
                    details.run.state,
                    details.run.started_at,
                    details.run.ended_at,
                    [(io.version, io.evidence) for io in (*details.reads, *details.writes)],
                )
            )
        assert told == [told[0]] * 6

    def test_an_event_that_cannot_be_understood_is_told_and_does_not_stop_the_rest(
        self, repo: Repository
    ) -> None:
        run_id = new_run_id()
        report = repo.catalog.lineage.ingest([{"odd": repo.name}, *events_of(run_id, repo.name)])
        assert (4, 0, 1) == (report.received, report.duplicates, len(report.problems))
        assert report.problems[0].startswith("event 0: ")
        assert RunState.COMPLETED is repo.catalog.lineage.get_run(run_id).run.state

    def test_a_run_has_its_steps_and_what_they_read_and_wrote_exactly(self, repo: Repository) -> None:
        run(repo, "ingest", writes={"raw": b"1"})
        whole = session_of(repo, "nightly")
        step = session_of(repo, "clean", pipeline=whole.run.id)
        step.read("raw")
        step.write("clean", {"part-0": b"2"})
        step.complete()
        whole.publish()
        details = repo.catalog.lineage.get_run(whole.run.id)
        assert (whole.run.id, RunState.COMPLETED) == (details.run.id, details.run.state)
        assert [(step.run.id, whole.run.id, "nightly.clean")] == [
            (each.id, each.parent, each.job.name) for each in details.steps
        ]
        assert [(step.run.id, version_at(repo, "raw"), Evidence.EXPLICIT)] == [
            (io.run_id, io.version, io.evidence) for io in details.reads
        ]
        assert [(step.run.id, version_at(repo, "clean"))] == [
            (io.run_id, io.version) for io in details.writes
        ]
        assert details.writes == repo.catalog.lineage.get_run(step.run.id).writes

    def test_a_run_that_nobody_told_of_is_not_found(self, repo: Repository) -> None:
        lineage, run_id = repo.catalog.lineage, new_run_id()
        calls: list[Call] = [
            lambda: lineage.get_run(run_id),
            lambda: lineage.trace(f"run:{run_id}", direction=UP),
            lambda: lineage.impact(f"run:{run_id}"),
        ]
        for call in calls:
            with pytest.raises(RunNotFoundError, match=run_id) as caught:
                call()
            assert {"run_id": run_id} == caught.value.details

    def test_runs_are_listed_newest_first_in_pages(self, repo: Repository) -> None:
        job = f"job-{repo.name}"
        runs = [run(repo, job, writes={"raw": str(number).encode()}) for number in range(3)]
        failed = session_of(repo, job)
        failed.start()
        failed.discard("no space")
        lineage = repo.catalog.lineage

        def listed(**query: Any) -> list[RunId]:
            return [
                each.id
                for each in in_pages_of_one(
                    lambda after, limit: lineage.list_runs(**query, after=after, limit=limit)
                )
            ]

        assert [failed.run.id, *runs[::-1]] == listed(job=job)
        assert [failed.run.id] == listed(job=job, state=RunState.FAILED)
        assert [] == listed(job=job, state=RunState.RUNNING)
        assert [] == listed(job=job, parent=runs[0])
        assert [] == listed(job=f"no {job}")
        with pytest.raises(InvalidInputError):
            lineage.list_runs(after="nowhere")

    def test_the_steps_of_a_run_are_listed_under_it(self, repo: Repository) -> None:
        whole = session_of(repo, "nightly")
        steps = [session_of(repo, name, pipeline=whole.run.id) for name in ("one", "two")]
        for step in steps:
            step.start()
        list_runs = repo.catalog.lineage.list_runs
        found = in_pages_of_one(lambda after, limit: list_runs(parent=whole.run.id, after=after, limit=limit))
        assert [steps[1].run.id, steps[0].run.id] == [each.id for each in found]
        assert [steps[0].run.id] == [
            each.id for each in list_runs(parent=whole.run.id, job="nightly.one").items
        ]

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

    def test_the_impact_of_a_node_is_all_that_was_derived_from_it(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        raw, clean, report = (version_at(repo, path) for path in ("raw", "clean", "report"))
        repo.branch("old")
        run(repo, "report", reads=("clean",), writes={"report": b"2"})
        newer = version_at(repo, "report")
        found = repo.catalog.lineage.impact(format_node(raw)).items
        assert [
            (clean, 1, runs["clean"], True, ("main", "old")),
            (report, 2, runs["report"], True, ("old",)),
        ] == [
            (each.version, each.degree, each.produced_by.id, each.tainted, each.current)
            for each in found
            if each.version != newer
        ]
        assert [(newer, 2, ("main",))] == [
            (each.version, each.degree, each.current) for each in found if each.version == newer
        ]
        of_run = repo.catalog.lineage.impact(f"run:{runs['ingest']}").items
        assert {raw: 0, version_at(repo, "weather"): 0, clean: 1, report: 1, newer: 2} == {
            each.version: each.degree for each in of_run
        }
        assert () == repo.catalog.lineage.impact(node_at(repo, "report")).items

    def test_an_impact_is_cut_by_depth_type_evidence_and_time_and_into_pages(self, repo: Repository) -> None:
        lineage = repo.catalog.lineage
        owned = {"ownership": {"owners": [{"name": "team:bi"}, {"name": "ada"}]}}
        steps: list[tuple[list[Dataset], list[Dataset]]] = [
            ([], [("raw", "1", {})]),
            ([("raw", "1", {}), ("more", "1", {})], [("clean", "1", {})]),
            ([("clean", "1", {})], [("model", "1", {"datasetType": {"datasetType": "MODEL"}, **owned})]),
            ([("clean", "1", {})], [("report", "1", {"datasetType": {"datasetType": "DASHBOARD"}})]),
        ]
        for number, (reads, writes) in enumerate(steps):
            lineage.ingest(_run_events(repo.name, number, reads, writes))
        node = f"version:s3://{repo.name}/raw@1"

        def names(**query: Any) -> list[str]:
            return [
                item.version.name
                for item in in_pages_of_one(
                    lambda after, limit: lineage.impact(node, after=after, limit=limit, **query)
                )
            ]

        assert ["clean", "model", "report"] == names()
        assert ["clean"] == names(depth=1)
        assert [] == names(depth=0)
        assert ["model", "report"] == names(dataset_types=["model", "Dashboard"])
        # What the join made is a guess: several datasets fed it, and nobody says which.
        assert [] == names(evidence=[Evidence.EXPLICIT])
        assert ["clean", "model", "report"] == names(evidence=[Evidence.EXPLICIT, Evidence.CARTESIAN])
        assert ["clean", "model"] == names(until=datetime.fromisoformat("2026-05-01T00:02:30Z"))
        model = lineage.impact(node, dataset_types=["MODEL"]).items[0]
        assert (("team:bi", "ada"), "MODEL", 2, "etl") == (
            model.owners,
            model.dataset_type,
            model.degree,
            model.produced_by.job.name,
        )
        calls: list[Call] = [
            lambda: lineage.impact(node, depth=-1),
            lambda: lineage.impact(node, limit=0),
            lambda: lineage.impact(node, after="nowhere"),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_the_whole_graph_comes_in_parts(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        lineage, namespace = repo.catalog.lineage, f"lf://{repo.name}"
        graphs = []
        after: str | None = None
        while True:
            part = lineage.list_lineage(namespace=namespace, after=after, limit=1)
            graphs.append(part.graph)
            if (after := part.next) is None:
                break
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

    def test_what_a_job_declares_is_shown_where_no_run_did_it(self, repo: Repository) -> None:
        lineage, home = repo.catalog.lineage, f"s3://{repo.name}"
        raw, clean, older = (f"version:{home}/{name}" for name in ("raw@1", "clean@2", "clean@1"))
        for number, version in enumerate("12"):
            lineage.ingest(_run_events(repo.name, number, [("raw", "1", {})], [("clean", version, {})]))
        lineage.ingest(
            [
                _job_event(repo.name, "loader", [], ["raw"]),
                _job_event(repo.name, "board", ["clean", "other"], ["numbers"]),
                _job_event(repo.name, "mail", ["numbers"], []),
                _job_event(repo.name, "etl", ["other"], ["raw"]),  # its runs say more
                _job_event(repo.name, "cleaner", ["raw"], ["clean"]),
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
        # A guess about what will be is nothing that anything was derived from.
        assert () == lineage.impact(clean).items
        assert () == lineage.paths(clean, numbers).paths
        assert f"run:{_run_id(repo.name, 1)}" in lineage.trace(f"job:{repo.name}/etl", direction=UP).start
        with pytest.raises(JobNotFoundError):
            lineage.trace(f"job:{repo.name}/nobody", direction=UP)

    def test_blame_tells_the_run_that_made_a_content_and_what_it_read(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        repo.put("other", b"1")
        for path in ("clean", "clean/part-0"):
            found = repo.catalog.lineage.blame(repo.name, "main", path)
            assert (version_at(repo, "clean"), (version_at(repo, "raw"),)) == (found.version, found.inputs)
            assert found.run is not None
            assert (runs["clean"], runs["clean"]) == (found.run.id, found.pipeline)
            assert ("runner", repo.head("main~2").id) == (found.author, found.commit)

    def test_blame_tells_who_where_no_run_did(self, repo: Repository) -> None:
        made = repo.put("a", b"1")
        repo.put("b", b"1")
        found = repo.catalog.lineage.blame(repo.name, "main", "a")
        assert (made.id, "ada", None, None, ()) == (
            found.commit,
            found.author,
            found.run,
            found.pipeline,
            found.inputs,
        )

    def test_blame_of_a_partition_is_not_that_of_its_neighbours(self, repo: Repository) -> None:
        one = run(repo, "ingest", writes={"raw": b"1"}, partition="d1")
        two = run(repo, "ingest", writes={"raw": b"2"}, partition="d2")
        for path, run_id, partition in (
            ("raw/d1", one, "d1"),
            ("raw/d2/part-0", two, "d2"),
            ("raw", two, "d2"),
        ):
            found = repo.catalog.lineage.blame(repo.name, "main", path)
            assert found.run is not None
            assert (run_id, partition) == (found.run.id, found.version.partition)

    def test_nobody_is_blamed_for_nothing(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1"})
        with pytest.raises(ObjectNotFoundError, match="'nothing'"):
            repo.catalog.lineage.blame(repo.name, "main", "nothing")
        with pytest.raises(RefNotFoundError, match="nothing"):
            repo.catalog.lineage.blame(repo.name, "nothing", "d")


def events_of(run_id: RunId, namespace: str) -> list[dict[str, Any]]:
    """Returns the events of a run that read `a` and wrote `b` of another system."""
    first = {
        "eventType": "START",
        "eventTime": "2026-05-01T02:00:00Z",
        "producer": "https://producer.example/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": namespace, "name": "other"},
        "inputs": [{"namespace": "s3://lake", "name": "a"}],
    }
    written = {"namespace": "s3://lake", "name": "b", "facets": {"version": {"datasetVersion": "7"}}}
    return [
        first,
        {**first, "eventType": "RUNNING", "eventTime": "2026-05-01T02:01:00Z", "outputs": [written]},
        {**first, "eventType": "COMPLETE", "eventTime": "2026-05-01T02:02:00Z", "inputs": []},
    ]
