"""Walking up and down, and what follows from a run."""

from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError, RepositoryNotFoundError, RunNotFoundError
from lineageflow_core.model.change import replace
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Evidence, LineageGraph, NodeKind
from lineageflow_core.model.node import format_node
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.scenarios import RUN, dataset, event
from tests.core.service.story import Story, run_id, version

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


@pytest.fixture
def story() -> Story:
    """Two sources, a join, a report; and a run that failed."""
    story = Story()
    story.tell("ingest", [], ["flights@1", "weather@1"])
    story.tell("clean", ["flights@1"], ["clean@1"])
    story.tell("join", ["clean@1", "weather@1"], ["joined@1"])
    story.tell("report", ["joined@1"], ["report@1"])
    story.tell("broken", ["joined@1"], ["report@2"], end=EventType.FAIL)
    return story


def node(text: str) -> str:
    """Returns the id of a version (`dataset@content`) or run."""
    return format_node(version(text) if "@" in text else run_id(text))


def depths(graph: LineageGraph) -> dict[str, int]:
    return {found.id: found.depth for found in graph.nodes}


def edges(graph: LineageGraph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


def test_upstream_leads_to_the_sources(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("joined@1"), direction=UP)
    expected = {
        "joined@1": 0,
        "join": 1,
        "clean@1": 1,
        "weather@1": 1,
        "clean": 2,
        "flights@1": 2,
        "ingest": 2,
    }
    assert {node(text): depth for text, depth in expected.items()} == depths(graph)
    assert (node("clean@1"), node("join")) in edges(graph)
    assert (node("join"), node("joined@1")) in edges(graph)
    assert not graph.truncated


def test_downstream_of_a_run_starts_with_its_outputs(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("ingest"), direction=DOWN, depth=0)
    assert {node("ingest"): 0, node("flights@1"): 0, node("weather@1"): 0} == depths(graph)


def test_depth_counts_runs(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("flights@1"), direction=DOWN, depth=1)
    assert {node("flights@1"): 0, node("clean"): 1, node("clean@1"): 1} == depths(graph)


def test_a_limit_cuts_the_graph_and_says_so(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("flights@1"), direction=DOWN, limit=3)
    assert 3 == len(graph.nodes)
    assert graph.truncated
    assert {end for edge in edges(graph) for end in edge} <= set(depths(graph))


def test_a_graph_that_just_fits_is_not_truncated(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("flights@1"), direction=DOWN, depth=1, limit=3)
    assert (3, False) == (len(graph.nodes), graph.truncated)


def test_a_version_that_is_not_known_is_shown_and_not_walked_through(story: Story) -> None:
    story.catalog.lineage.ingest(
        [
            event("START", 0, inputs=[dataset("orders", "1")], outputs=[dataset("unversioned")]),
            event("FAIL", 1),
            event("START", 2, run=run_id("reader"), inputs=[dataset("unversioned")]),
        ]
    )
    graph = story.catalog.lineage.trace(node("reader"), direction=UP)
    assert [node("reader"), "version:s3://lake/unversioned"] == [found.id for found in graph.nodes]


def test_what_was_there_when_a_run_started_is_walked_through(story: Story) -> None:
    story.catalog.lineage.ingest(
        [
            event("START", 2, run=run_id("reader"), inputs=[dataset("unversioned")]),
            event("START", 0, inputs=[dataset("orders", "1")], outputs=[dataset("unversioned")]),
            event("COMPLETE", 1),
        ]
    )
    graph = story.catalog.lineage.trace(node("reader"), direction=UP)
    written = f"version:s3://lake/unversioned@run:{RUN}"
    assert [node("reader"), written, f"run:{RUN}", "version:s3://lake/orders@1"] == [
        found.id for found in graph.nodes
    ]
    assert Evidence.AS_OF in {edge.evidence for edge in graph.edges if edge.source == written}


def test_only_what_fed_an_output_is_walked_through(story: Story) -> None:
    entries = [
        {"type": "DATASET", "namespace": "s3://lake", "name": target, "inputs": [dataset_input(source)]}
        for source, target in (("a", "x"), ("b", "y"))
    ]
    story.catalog.lineage.ingest(
        [
            event(
                "COMPLETE",
                inputs=[dataset("a", "1"), dataset("b", "1")],
                outputs=[dataset("x", "1"), dataset("y", "1"), dataset("z", "1")],
                job_facets={"lineage": {"entries": entries}},
            )
        ]
    )
    fed = {found.id for found in story.catalog.lineage.trace(at("a"), direction=DOWN).nodes}
    assert {at("a"), f"run:{RUN}", at("x"), at("z")} == fed
    assert {at("y"), f"run:{RUN}", at("b")} == {
        found.id for found in story.catalog.lineage.trace(at("y"), direction=UP).nodes
    }
    assert {"x", "z"} == {found.version.name for found in story.catalog.lineage.impact(at("a")).items}


def dataset_input(name: str) -> dict[str, str]:
    return {"type": "DATASET", "namespace": "s3://lake", "name": name}


def at(name: str) -> str:
    return f"version:s3://lake/{name}@1"


def test_a_failed_run_is_seen_with_a_version_that_does_not_exist(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("joined@1"), direction=DOWN)
    assert "version:lf://lake/report" in depths(graph)
    assert node("report@2") not in depths(graph)


def test_equal_content_that_comes_up_again_ends_the_walk(story: Story) -> None:
    story.tell("back", ["report@1"], ["flights@1"])
    graph = story.catalog.lineage.trace(node("flights@1"), direction=DOWN, depth=10**9)
    assert (node("back"), node("flights@1")) in edges(graph)


def test_a_version_that_was_only_read_on_the_way_has_the_type_that_its_writer_gave() -> None:
    story = Story()
    typed = dataset("orders", "1", datasetType={"datasetType": "TABLE"})
    story.catalog.lineage.ingest(
        [
            event("COMPLETE", outputs=[typed]),
            event("START", run=run_id("reader"), inputs=[dataset("orders", "1")]),
        ]
    )
    for start, direction in ((node("reader"), UP), ("version:s3://lake/orders@1", DOWN)):
        graph = story.catalog.lineage.trace(start, direction=direction, depth=0)
        assert ["TABLE"] == [found.dataset_type for found in graph.nodes if found.version]


def test_a_pipeline_means_its_steps() -> None:
    story = Story()
    story.tell("clean", ["raw@1"], ["clean@1"], parent="flights")
    story.tell("idle", parent="flights")
    graph = story.catalog.lineage.trace(node("flights"), direction=DOWN)
    assert (node("clean"),) == graph.start
    assert [NodeKind.RUN, NodeKind.VERSION] == [found.kind for found in graph.nodes]


def test_a_version_that_nobody_touched_is_a_node_alone(story: Story) -> None:
    graph = story.catalog.lineage.trace(node("nowhere@1"), direction=UP)
    assert ([node("nowhere@1")], ()) == ([found.id for found in graph.nodes], graph.edges)


@pytest.mark.parametrize("depth, limit", [(-1, 10), (1, 0), (1, 10_001)])
def test_a_walk_without_sense_is_refused(story: Story, depth: int, limit: int) -> None:
    with pytest.raises(InvalidInputError, match="depth is 0 or more, limit is 1 to"):
        story.catalog.lineage.trace(node("joined@1"), direction=UP, depth=depth, limit=limit)


def test_a_node_that_is_not_there_has_an_error_of_its_kind(story: Story) -> None:
    with pytest.raises(RunNotFoundError):
        story.catalog.lineage.impact("run:0195b2a4-0000-7000-8000-00000000ffff")
    with pytest.raises(RepositoryNotFoundError):
        story.catalog.lineage.impact("lf://nowhere/flights")


def test_the_impact_of_a_run_is_its_outputs_and_all_that_follows(story: Story) -> None:
    impact = story.catalog.lineage.impact(node("clean")).items
    assert [("clean", 0, "clean"), ("joined", 1, "join"), ("report", 2, "report")] == [
        (item.version.name, item.degree, item.job and item.job.name) for item in impact
    ]
    assert all(item.tainted for item in impact)


def test_the_impact_of_a_version_is_what_follows_from_it(story: Story) -> None:
    impact = story.catalog.lineage.impact(node("joined@1")).items
    assert [(version("report@1"), 1)] == [(item.version, item.degree) for item in impact]


def test_impact_tells_what_a_clean_run_made_as_well(story: Story) -> None:
    story.tell("again", [], ["clean@1"])
    impact = {item.version.name: item.tainted for item in story.catalog.lineage.impact(node("ingest")).items}
    assert {"flights": True, "weather": True, "clean": False, "joined": True, "report": True} == impact


def test_impact_names_the_branches_that_hold_a_version_now() -> None:
    story = Story()
    lake = story.catalog
    lake.repositories.create_repository("lake", author="ada")
    (entry,) = lake.content.upload("lake", [b"delays"])
    lake.history.commit("lake", "main", [replace("report", [entry])], author="ada", message="report")
    lake.refs.create_branch("lake", "exp", source="main", author="ada")
    held = lake.objects.get_snapshot("lake", "main", "report")
    (other,) = lake.content.upload("lake", [b"other"])
    lake.history.commit("lake", "exp", [replace("planes", [other])], author="ada", message="planes")
    story.tell("report", [], [held])
    assert [("exp", "main")] == [item.current for item in lake.lineage.impact(node("report")).items]
    lake.history.commit("lake", "main", [replace("report", [other])], author="ada", message="new")
    assert [("exp",)] == [item.current for item in lake.lineage.impact(node("report")).items]


def test_a_pipeline_that_was_never_heard_of_is_not_found(story: Story) -> None:
    with pytest.raises(RunNotFoundError):
        story.catalog.lineage.trace(f"run:{RunId(run_id('nobody'))}", direction=UP)


def test_a_reader_was_fed_by_the_last_writer_before_it() -> None:
    story = Story()
    story.tell("first", [], ["flights@1"])
    story.tell("early", ["flights@1"], ["early@1"])
    story.tell("again", [], ["flights@1"])
    story.tell("late", ["flights@1"], ["late@1"])
    trace = story.catalog.lineage.trace
    assert node("first") in depths(trace(node("early@1"), direction=UP))
    assert node("again") not in depths(trace(node("early@1"), direction=UP))
    assert node("again") in depths(trace(node("late@1"), direction=UP))
    assert node("first") not in depths(trace(node("late@1"), direction=UP))
    assert node("early") not in depths(trace(node("again"), direction=DOWN))
    assert node("late") in depths(trace(node("again"), direction=DOWN))
    assert node("late") not in depths(trace(node("first"), direction=DOWN))
    both = depths(trace(node("flights@1"), direction=DOWN))
    assert {node("early"), node("late")} <= both.keys()


def test_a_way_over_more_runs_than_asked_for_is_none_though_all_on_it_is_near() -> None:
    story = Story()
    story.tell("around", ["s@1"], ["w@1"])
    story.tell("join", ["s@1", "w@1"], ["x@1"])
    story.tell("last", ["x@1"], ["b@1"])

    def ways(depth: int) -> list[int]:
        found = story.catalog.lineage.paths(node("s@1"), node("b@1"), depth=depth)
        return [len(path) for path in found.paths]

    assert [[5], [5, 7]] == [ways(2), ways(3)]


def test_columns_are_not_walked_through_a_version_that_is_not_known() -> None:
    def column(source: str) -> dict[str, Any]:
        fields = {"c": {"inputFields": [{"namespace": "s3://lake", "name": source, "field": "c"}]}}
        return {"columnLineage": {"fields": fields}}

    story = Story()
    unknown, known = dataset("t", **column("x")), dataset("u", "1", **column("t"))
    reader = run_id("reader")
    story.catalog.lineage.ingest(
        [
            event("START", 0, inputs=[dataset("x", "1")], outputs=[unknown]),
            event("FAIL", 1),
            event("START", 2, run=reader, inputs=[dataset("t")]),
            event("COMPLETE", 3, run=reader, outputs=[known]),
        ]
    )
    graph = story.catalog.lineage.trace_columns("version:s3://lake/u@1", direction=UP, depth=5)
    assert ["version:s3://lake/u@1#c", "version:s3://lake/t#c"] == [found.id for found in graph.columns]
