"""All events of one run become its facts, whatever their order."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Version
from lineageflow_core.model.run import CodeVersion, Job, RunState
from lineageflow_core.openlineage import mentions
from lineageflow_core.openlineage.fold import fold
from lineageflow_core.store.ports import RunFacts
from tests.core.openlineage.scenarios import (
    PARENT,
    ROOT,
    RUN,
    SCENARIOS,
    Json,
    dataset,
    event,
    our_dataset,
    parent_facet,
    stored,
)


def facts(*events: Json) -> RunFacts:
    return fold(RUN, [stored(raw) for raw in events])


def scenario(name: str) -> RunFacts:
    return facts(*SCENARIOS[name])


def minute(number: int) -> datetime:
    return datetime(2026, 5, 1, 2, number, tzinfo=UTC)


def versions(facts: RunFacts, side: str) -> list[tuple[str, str, str | None]]:
    ios = facts.reads if side == "reads" else facts.writes
    return [(io.version.name, io.version.partition, io.version.version) for io in ios]


@given(data=st.data(), name=st.sampled_from(sorted(SCENARIOS)))
def test_any_order_and_repetition_of_a_scenario_gives_the_same_facts(data: st.DataObject, name: str) -> None:
    events = SCENARIOS[name]
    again = data.draw(st.lists(st.sampled_from(events)))
    shuffled = data.draw(st.permutations(events + again))
    assert facts(*events) == facts(*shuffled)


ERROR: Json = {"errorMessage": {"message": "x"}}


def facets() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "version": st.sampled_from(["1", "2"]).map(lambda text: {"datasetVersion": text}),
            "datasetType": st.sampled_from([{"datasetType": "TABLE"}, {"_deleted": True}]),
            "lineageflow_commit": st.sampled_from("ab").map(lambda text: {"snapshot": text * 64}),
        },
    )


def random_events() -> st.SearchStrategy[Json]:
    datasets = st.lists(
        st.builds(lambda name, found: dataset(name, **found), st.sampled_from("xy"), facets()), max_size=2
    )
    return st.builds(
        event,
        st.sampled_from([None, "START", "RUNNING", "OTHER", "COMPLETE", "ABORT", "FAIL"]),
        st.integers(0, 2),
        job=st.sampled_from(["a", "b"]),
        inputs=datasets,
        outputs=datasets,
        run_facets=st.sampled_from([{}, parent_facet(), parent_facet(ROOT), ERROR]),
    )


@given(data=st.data(), events=st.lists(random_events(), min_size=1, max_size=6))
def test_any_order_of_any_events_gives_the_same_facts(data: st.DataObject, events: list[Json]) -> None:
    shuffled = data.draw(st.permutations(events + events[:2]))
    assert facts(*events) == facts(*shuffled)


def test_inputs_and_outputs_of_all_events_are_joined() -> None:
    found = scenario("inputs on START, outputs on COMPLETE")
    assert [("orders", "", "1")] == versions(found, "reads")
    assert [("daily", "", "1")] == versions(found, "writes")


def test_an_event_without_inputs_takes_none_away() -> None:
    found = scenario("two STARTs with different inputs")
    assert [("customers", "", "7"), ("orders", "", "1")] == versions(found, "reads")


def test_nothing_opens_a_finished_run_again() -> None:
    run = scenario("OTHER and START after COMPLETE").run
    assert (RunState.COMPLETED, minute(0), minute(5)) == (run.state, run.started_at, run.ended_at)


def test_a_completion_alone_makes_a_run_whose_start_is_unknown() -> None:
    run = scenario("COMPLETE without START").run
    assert (RunState.COMPLETED, None, minute(5)) == (run.state, run.started_at, run.ended_at)


def test_what_a_failed_run_wrote_is_no_version() -> None:
    found = scenario("FAIL without datasets")
    assert (RunState.FAILED, "boom") == (found.run.state, found.run.error)
    assert [("daily", "", None)] == versions(found, "writes")
    assert Evidence.UNKNOWN == found.writes[0].evidence


def test_what_a_running_run_wrote_is_no_version_yet() -> None:
    assert [("daily", "", None)] == versions(scenario("an output that never completes"), "writes")


def test_what_an_unfinished_run_wrote_keeps_its_partition() -> None:
    found = facts(event("RUNNING", outputs=[our_dataset("clean", {"m=01": "a" * 64})]))
    assert [("clean", "m=01", None)] == versions(found, "writes")


def test_a_retry_that_completes_has_no_error() -> None:
    found = scenario("FAIL, then a retry under the same id completes")
    assert (RunState.COMPLETED, None) == (found.run.state, found.run.error)
    assert [("daily", "", "2")] == versions(found, "writes")


def test_a_table_that_is_read_and_written_has_two_versions() -> None:
    found = scenario("a table read and written (MERGE)")
    assert [("ledger", "", "41")] == versions(found, "reads")
    assert [("ledger", "", "42")] == versions(found, "writes")


def test_a_version_that_comes_later_replaces_the_unknown() -> None:
    found = scenario("the version comes later than the dataset")
    assert [("orders", "", "1")] == versions(found, "reads")
    assert Evidence.EXPLICIT == found.reads[0].evidence


def test_a_later_facet_replaces_and_a_deleted_one_is_gone() -> None:
    found = scenario("a facet replaced and a facet deleted")
    assert [("orders", "", "2")] == versions(found, "reads")
    assert found.reads[0].dataset_type is None


def test_exact_contents_from_several_workers_add_up() -> None:
    found = scenario("two workers of one run")
    assert [("raw", "m=01", "a" * 64), ("raw", "m=02", "b" * 64)] == versions(found, "reads")
    assert [("clean", "m=01", "d" * 64), ("clean", "m=02", "e" * 64)] == versions(found, "writes")


def test_of_an_instants_ends_the_worst_counts() -> None:
    assert RunState.FAILED == scenario("COMPLETE and FAIL at one instant").run.state


def test_a_time_without_a_zone_is_utc_and_nanoseconds_are_cut() -> None:
    run = scenario("odd times and types").run
    assert datetime(2026, 5, 1, 2, 0, 1, 123456, tzinfo=UTC) == run.started_at
    assert (RunState.COMPLETED, None) == (run.state, run.ended_at)


def test_a_run_keeps_its_code_parameters_surroundings_and_parent() -> None:
    run = scenario("parameters, code and surroundings over several events").run
    assert CodeVersion(revision="abc", branch="main") == run.code
    assert {"month": "7"} == run.params
    assert {"spark": "3.5", "python": "3.11.7"} == run.environment
    assert PARENT == run.parent


def test_a_run_that_names_itself_as_parent_has_none() -> None:
    assert facts(event("START", run_facets=parent_facet(RUN))).run.parent is None


def test_the_last_event_names_the_job() -> None:
    found = facts(event("START", 0, job="old"), event("COMPLETE", 5, job="new"))
    assert Job(namespace="nightly", name="new") == found.run.job


def test_our_commit_facet_weighs_more_than_the_version_facet() -> None:
    both = our_dataset("raw", {"": "a" * 64})
    both["facets"]["version"] = {"datasetVersion": "9"}
    found = facts(event("START", inputs=[both]))
    expected = Version(namespace="lf://lake", name="raw", version="a" * 64)
    assert [expected] == [io.version for io in found.reads]


def test_a_run_without_events_has_no_facts() -> None:
    with pytest.raises(InvalidInputError, match="no event about run"):
        fold(RUN, [])


def test_what_a_completed_run_wrote_without_a_version_is_called_after_it() -> None:
    found = facts(event("COMPLETE", outputs=[dataset("daily")]))
    assert [("daily", "", f"run:{RUN}")] == versions(found, "writes")
    assert Evidence.EXPLICIT == found.writes[0].evidence


def test_a_dataset_of_ours_is_not_written_by_whoever_names_no_version_of_it() -> None:
    declared = dataset("daily") | {"namespace": "lf://sales"}
    found = facts(event("START", outputs=[declared]), event("COMPLETE", outputs=[declared]))
    assert [("daily", "", None)] == versions(found, "writes")


def test_partitions_of_others_are_read_from_the_subset_facet() -> None:
    named = {"partitions": [{"identifier": "p1", "dimensions": {}}, {"dimensions": {"m": "01", "d": "2"}}]}
    condition = {"subset": {"outputCondition": {"type": "partition", **named}}}
    found = facts(event("COMPLETE", outputs=[dataset("daily", "7") | {"outputFacets": condition}]))
    assert [("daily", "d=2/m=01", "7"), ("daily", "p1", "7")] == versions(found, "writes")


def test_a_stream_writes_as_it_goes_and_its_last_snapshot_counts() -> None:
    pattern = {"eventTrigger": "PERIODIC", "eventContentMode": "COMPLETE_SNAPSHOT", "windowDuration": 60}
    stream = {"jobType": {"processingType": "STREAMING", "integration": "FLINK", "emissionPattern": pattern}}
    found = facts(
        event("START", 0, job_facets=stream, inputs=[dataset("old")], outputs=[dataset("daily")]),
        event("RUNNING", 5, job_facets=stream, inputs=[dataset("orders")], outputs=[dataset("daily")]),
        event("RUNNING", 6, job_facets=stream),
    )
    assert [("orders", "", None)] == versions(found, "reads")
    assert [("daily", "", f"run:{RUN}")] == versions(found, "writes")
    assert minute(0) == found.writes[0].at


def test_every_version_that_a_stream_names_is_there_since_it_was_named() -> None:
    pattern = {"eventTrigger": "PERIODIC", "eventContentMode": "COMPLETE_SNAPSHOT", "windowDuration": 60}
    stream = {"jobType": {"processingType": "STREAMING", "integration": "FLINK", "emissionPattern": pattern}}
    part = {"subset": {"outputCondition": {"type": "partition", "partitions": [{"identifier": "p"}]}}}
    orders, newer = [dataset("orders", "4")], [dataset("orders", "5")]
    first, second, in_part = dataset("daily", "1"), dataset("daily", "2"), dataset("daily", "9")
    found = facts(
        event("START", 0, job_facets=stream),
        event("RUNNING", 1, inputs=orders, outputs=[first, dataset("late", "1")]),
        event("RUNNING", 2, inputs=orders, outputs=[second]),
        event("RUNNING", 3, inputs=newer, outputs=[second]),
        event("RUNNING", 4, outputs=[first]),  # it was put back
        event("RUNNING", 5, outputs=[in_part | {"outputFacets": part}]),
    )
    assert [(("orders", "", "4"), minute(1)), (("orders", "", "5"), minute(3))] == [
        *zip(versions(found, "reads"), [io.at for io in found.reads], strict=True)
    ]
    assert [
        (("daily", "", "1"), minute(4)),
        (("daily", "", "2"), minute(2)),
        (("daily", "p", "9"), minute(5)),
        (("late", "", "1"), minute(1)),
    ] == [*zip(versions(found, "writes"), [io.at for io in found.writes], strict=True)]


def test_a_stream_keeps_as_many_versions_as_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "MOST_NAMINGS", 2)
    stream = {"jobType": {"processingType": "SERVICE", "integration": "SPARK"}}
    events = [
        event("RUNNING", minute, job_facets=stream, outputs=[dataset("daily", str(minute))])
        for minute in (1, 2, 3)
    ]
    for order in permutations(events):
        assert [("daily", "", "2"), ("daily", "", "3")] == versions(facts(*order), "writes")


def test_a_run_that_ends_wrote_what_it_named_last() -> None:
    first, last = (event(kind, outputs=[dataset("a", kind)]) for kind in ("START", "COMPLETE"))
    assert [("a", "", "COMPLETE")] == versions(facts(first, last), "writes")


LAKE = "s3://lake"


def source(name: str, **more: Any) -> Json:
    return {"type": "DATASET", "namespace": LAKE, "name": name, **more}


def named(name: str) -> DatasetName:
    return DatasetName(namespace=LAKE, name=name)


def flows_of(found: RunFacts) -> set[tuple[str, str | None, Evidence]]:
    return {
        (flow.target.name, flow.source.name if flow.source else None, flow.evidence) for flow in found.flows
    }


def test_what_the_lineage_facet_says_comes_before_column_lineage_and_that_before_all_inputs() -> None:
    columns = {"fields": {"f": {"inputFields": [source("b", field="g")]}}}
    entries = [{**source("x"), "inputs": [source("a")]}, {**source("w"), "inputs": []}]
    found = facts(
        event(
            "COMPLETE",
            inputs=[dataset("a"), dataset("b")],
            outputs=[dataset("x", columnLineage=columns), dataset("y", columnLineage=columns), dataset("z")],
            job_facets={"lineage": {"entries": entries}},
        )
    )
    expected = {
        ("x", "a", Evidence.LINEAGE),
        ("w", None, Evidence.LINEAGE),
        ("y", "b", Evidence.COLUMN),
    }
    assert expected == flows_of(found)
    assert {"w", "x", "y", "z"} == {io.version.name for io in found.writes}
    edge = ColumnEdge(field="f", source=named("b"), source_field="g")
    assert {named("x"): {edge}, named("y"): {edge}} == found.columns


def test_column_lineage_keeps_each_transformation_and_what_concerns_all_columns() -> None:
    steps = [
        {"type": "DIRECT", "subtype": "IDENTITY"},
        {"type": "INDIRECT", "subtype": "JOIN", "masking": True},
    ]
    facet = {
        "fields": {"f": {"inputFields": [source("a", field="g", transformations=steps)]}},
        "dataset": [source("a", field="h", transformations=[{"type": "INDIRECT", "subtype": "FILTER"}])],
    }
    found = facts(event("COMPLETE", outputs=[dataset("x", columnLineage=facet)]))
    direct = ColumnEdge(field="f", source=named("a"), source_field="g", kind="DIRECT", subtype="IDENTITY")
    assert {
        direct,
        replace(direct, kind="INDIRECT", subtype="JOIN", masking=True),
        replace(direct, field="", source_field="h", kind="INDIRECT", subtype="FILTER"),
    } == found.columns[named("x")]
    assert ["a"] == [io.version.name for io in found.reads]


def test_an_input_that_column_lineage_does_not_name_fed_every_output() -> None:
    columns = {"fields": {"f": {"inputFields": [source("a", field="g")]}}}
    found = facts(
        event(
            "COMPLETE",
            inputs=[dataset("a"), dataset("filter")],
            outputs=[dataset("x", columnLineage=columns), dataset("y")],
            job_facets={"lineage": {"entries": [{**source("z"), "inputs": [source("a")]}]}},
        )
    )
    assert {
        ("x", "a", Evidence.COLUMN),
        ("x", "filter", Evidence.CARTESIAN),
        ("z", "a", Evidence.LINEAGE),
    } == flows_of(found)


def test_a_run_that_was_planned_starts_when_it_is_known_to_go() -> None:
    producer = {"producer": "https://github.com/OpenLineage/OpenLineage/tree/0.2.1/integration/dagster"}
    plan = event("START", 0, outputs=[dataset("daily")]) | producer
    done = event("COMPLETE", 5, inputs=[dataset("orders")], outputs=[dataset("daily")]) | producer
    own = stored(plan).run_id
    assert own is not None
    found = fold(own, [stored(plan), stored(done)])
    assert (RunState.COMPLETED, None, minute(5)) == (
        found.run.state,
        found.run.started_at,
        found.run.ended_at,
    )
    assert minute(5) == found.reads[0].at
    around = fold(RUN, [stored(plan), stored(done)])
    assert (RunState.RUNNING, minute(0)) == (around.run.state, around.run.started_at)


def test_jobs_that_went_before_are_told_by_dependencies_and_by_the_lineage_facet() -> None:
    upstream = {"upstream": [{"job": {"namespace": "n", "name": "first"}}]}
    entries = [{"type": "JOB", "inputs": [{"type": "JOB", "namespace": "n", "name": "second"}, source("a")]}]
    found = facts(
        event("START", run_facets={"jobDependencies": upstream}, job_facets={"lineage": {"entries": entries}})
    )
    assert ["first", "second"] == [edge.source.name for edge in found.job_edges]
    assert {Job(namespace="nightly", name="etl.load")} == {edge.target for edge in found.job_edges}
    assert ["a"] == [io.version.name for io in found.reads]
