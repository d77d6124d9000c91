"""Events that we build: valid for every receiver, and complete for our own."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.quality import Assertion, Outcome
from lineageflow_core.model.run import CodeVersion, Job, Run, RunState
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.access import DatasetAccess, one_per_dataset
from lineageflow_core.openlineage.events import run_event
from lineageflow_core.openlineage.facets import OWN_FACETS, schema_text
from lineageflow_core.openlineage.fold import fold
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.openlineage.plain_facets import STANDARD, schema_url, standard
from lineageflow_core.openlineage.quality import assertions as assertions_of
from lineageflow_core.openlineage.vocabulary import EventType, Facet
from tests.core.openlineage.published import departures
from tests.core.openlineage.scenarios import PARENT, ROOT, RUN, stored
from tests.core.openlineage.specification import problems

AT = datetime(2026, 5, 1, 2, 10, tzinfo=UTC)
CODE = CodeVersion(
    revision="4f2a+changes",
    repository_url="git@github.com:acme/etl.git",
    branch="main",
    path="etl/flights.py",
)

digests = st.text("0123456789abcdef", min_size=64, max_size=64)
names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)
texts = st.dictionaries(names, st.text(st.characters(exclude_categories=["C"])), max_size=3)


def snapshot(partition: str = "", content: str = "a", *, dataset: str = "raw/flights") -> Snapshot:
    return Snapshot(
        dataset=dataset, partition=partition, snapshot=SnapshotId(content * 64), objects=2, size=10
    )


def access(*snapshots: Snapshot, **rest: Any) -> DatasetAccess:
    return DatasetAccess(repository="lake", snapshots=snapshots, commit=CommitId("c" * 64), **rest)


def run(**rest: Any) -> Run:
    return Run(id=RUN, job=Job(namespace="dagster", name="flights.clean"), state=RunState.RUNNING, **rest)


assertions = st.builds(
    Assertion,
    assertion=names,
    outcome=st.sampled_from(Outcome),
    name=st.none() | names,
    severity=st.none() | st.sampled_from(["error", "warn"]),
    params=st.dictionaries(names, st.booleans() | st.integers() | names, max_size=2),
)
column_edges = st.builds(
    ColumnEdge,
    field=names | st.just(""),
    source=st.builds(DatasetName, namespace=st.just("lf://lake"), name=names),
    source_field=names,
    kind=st.sampled_from(["", "DIRECT", "INDIRECT"]),
    subtype=st.sampled_from(["", "IDENTITY"]),
    masking=st.booleans(),
)
abouts = st.builds(
    About,
    description=st.none() | st.text(),
    owners=st.lists(names, max_size=2).map(tuple),
    tags=st.lists(st.tuples(names, names), max_size=2).map(tuple),
)
PIPELINE = Run(id=PARENT, job=Job(namespace="dagster", name="flights"), state=RunState.RUNNING)


@st.composite
def accesses(draw: st.DrawFn) -> DatasetAccess:
    partitions = draw(st.lists(names, min_size=1, max_size=3, unique=True) | st.just([""]))
    path = draw(names)
    snapshots = [
        Snapshot(dataset=path, partition=partition, snapshot=SnapshotId(draw(digests)), objects=1, size=5)
        for partition in partitions
    ]
    return DatasetAccess(
        repository=draw(st.sampled_from(["lake", "sea"])),
        snapshots=tuple(snapshots),
        commit=CommitId(draw(digests)),
        ref=draw(st.none() | names),
        dataset_type=draw(st.none() | st.sampled_from(["TABLE", "MODEL"])),
        schema=tuple(draw(st.lists(st.tuples(names, names), max_size=3))),
        rows=draw(st.none() | st.integers(0, 10**9)),
        assertions=tuple(draw(st.lists(assertions, max_size=2))),
        columns=tuple(draw(st.lists(column_edges, max_size=3))),
        about=draw(st.none() | abouts),
    )


codes = st.builds(
    CodeVersion,
    revision=digests,
    repository_url=st.none()
    | st.sampled_from(["https://example.org/etl.git", "git@example.org:acme/etl.git"]),
    branch=st.none() | names,
    path=st.none() | names,
)
runs = st.builds(
    run,
    code=st.none() | codes,
    environment=texts | st.just({"python": "3.11.7"}),
    params=texts,
    error=st.none() | st.text(),
)


@given(
    event_type=st.sampled_from(EventType),
    run=runs,
    at=st.datetimes(timezones=st.none() | st.timezones()),
    inputs=st.lists(accesses(), max_size=3),
    outputs=st.lists(accesses(), max_size=3),
    pipeline=st.none() | st.just(PIPELINE),
    root=st.none() | st.just(replace(PIPELINE, id=ROOT)),
    after=st.none() | st.just(PIPELINE),
    job_type=st.none() | st.just(JobType(integration="DAGSTER", type="STEP")),
    about=st.none() | abouts,
)
def test_every_event_that_we_build_is_valid(
    event_type: EventType,
    run: Run,
    at: datetime,
    inputs: list[DatasetAccess],
    outputs: list[DatasetAccess],
    pipeline: Run | None,
    root: Run | None,
    after: Run | None,
    job_type: JobType | None,
    about: About | None,
) -> None:
    run = replace(run, parent=pipeline.id if pipeline else None)
    event = run_event(
        event_type,
        run,
        at=at,
        parent=pipeline,
        root=root,
        after=after,
        job_type=job_type,
        about=about,
        inputs=inputs,
        outputs=outputs,
    )
    sent = json.loads(json.dumps(event))
    assert [] == problems(sent) == departures(sent)


without_columns = accesses().map(lambda each: replace(each, columns=()))


@given(run=runs, inputs=st.lists(accesses(), max_size=3), outputs=st.lists(without_columns, max_size=3))
def test_what_goes_into_an_event_comes_out_of_the_fold(
    run: Run, inputs: list[DatasetAccess], outputs: list[DatasetAccess]
) -> None:
    event = run_event(EventType.COMPLETE, run, at=AT, inputs=inputs, outputs=outputs)
    facts = fold(RUN, [stored(event)])
    expected = replace(run, state=RunState.COMPLETED, ended_at=AT, error=None)
    assert expected == facts.run
    for sent, ios in ((inputs, facts.reads), (outputs, facts.writes)):
        exact = {version_of(one.repository, content) for one in sent for content in one.snapshots}
        assert exact == {io.version for io in ios}
        assert {Evidence.EXPLICIT} >= {io.evidence for io in ios}


def test_a_failure_carries_its_error() -> None:
    event = run_event(EventType.FAIL, run(error="boom"), at=AT)
    facts = fold(RUN, [stored(event)])
    assert (RunState.FAILED, "boom") == (facts.run.state, facts.run.error)


def test_a_step_names_its_pipeline() -> None:
    event = run_event(EventType.START, run(parent=PARENT), at=AT, parent=PIPELINE)
    parent = event["run"]["facets"]["parent"]
    assert (PARENT, "flights", PARENT) == (
        parent["run"]["runId"],
        parent["job"]["name"],
        parent["root"]["run"]["runId"],
    )


def test_a_parent_without_its_run_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="pass the parent's Run"):
        run_event(EventType.START, run(parent=PARENT), at=AT)


def test_a_whole_dataset_has_its_snapshot_as_version() -> None:
    event = run_event(EventType.START, run(), at=AT, inputs=[access(snapshot())])
    facets = event["inputs"][0]["facets"]
    assert "a" * 64 == facets["version"]["datasetVersion"] == facets["lineageflow_commit"]["snapshot"]


def test_partitions_are_told_to_other_receivers_too() -> None:
    reading = access(snapshot("month=07", "a"), snapshot("08", "b"))
    event = run_event(EventType.START, run(), at=AT, inputs=[reading])
    condition = event["inputs"][0]["inputFacets"]["subset"]["inputCondition"]
    assert [
        {"identifier": "08", "dimensions": {"level_0": "08"}},
        {"identifier": "month=07", "dimensions": {"month": "07"}},
    ] == condition["partitions"]
    assert "c" * 64 == event["inputs"][0]["facets"]["version"]["datasetVersion"]


def test_an_output_says_how_much_it_is() -> None:
    writing = access(snapshot("7"), snapshot("8"), rows=5, schema=(("carrier", "string"),))
    event = run_event(EventType.COMPLETE, run(), at=AT, outputs=[writing])
    output = event["outputs"][0]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (5, 20, 4) == (statistics["rowCount"], statistics["size"], statistics["fileCount"])
    field = output["facets"]["schema"]["fields"][0]
    assert ("carrier", "string", 1) == (field["name"], field["type"], field["ordinal_position"])


@given(st.lists(assertions, max_size=4, unique_by=lambda each: each.key))
def test_what_tests_found_comes_out_of_an_event_as_it_went_in(found: list[Assertion]) -> None:
    event = run_event(EventType.COMPLETE, run(), at=AT, inputs=[access(snapshot(), assertions=tuple(found))])
    told = [each for each in found if each.outcome is not Outcome.SKIPPED]
    expected = [
        replace(each, outcome=Outcome.FAILED)
        if each.outcome is Outcome.WARNED and each.severity != "warn"
        else replace(each, outcome=Outcome.WARNED)
        if each.outcome is Outcome.FAILED and each.severity == "warn"
        else each
        for each in told
    ]
    assert expected == list(assertions_of(event["inputs"][0]["inputFacets"]))


def test_of_several_results_of_one_test_the_last_one_is_told() -> None:
    first, other, last = (
        Assertion(assertion=name, outcome=outcome)
        for name, outcome in (("a", Outcome.FAILED), ("b", Outcome.FAILED), ("a", Outcome.PASSED))
    )
    readings = [access(snapshot(), assertions=(first, other)), access(snapshot(), assertions=(last,))]
    (joined,) = one_per_dataset(readings)
    assert [last, other] == list(joined.assertions)


@given(st.lists(column_edges, max_size=6, unique=True))
def test_what_columns_come_from_comes_out_of_an_event_as_it_went_in(edges: list[ColumnEdge]) -> None:
    event = run_event(EventType.COMPLETE, run(), at=AT, outputs=[access(snapshot(), columns=tuple(edges))])
    facts = fold(RUN, [stored(event)])
    # Several ways from one column to another are told together, and one without a kind says no more.
    expected = {
        edge
        for edge in (each if each.kind else replace(each, subtype="", masking=False) for each in edges)
        if edge.kind
        or not any(
            (other.field, other.source, other.source_field) == (edge.field, edge.source, edge.source_field)
            and other.kind
            for other in edges
        )
    }
    assert expected == {edge for fed in facts.columns.values() for edge in fed}


def test_the_run_that_went_before_is_told() -> None:
    event = run_event(EventType.START, run(), at=AT, after=PIPELINE)
    (before,) = event["run"]["facets"][Facet.DEPENDENCIES]["upstream"]
    assert (PARENT, "flights") == (before["run"]["runId"], before["job"]["name"])


def test_what_people_say_is_told_of_datasets_and_jobs() -> None:
    about = About(description="All of them.", owners=("team:data",), tags=(("pii", "true"),))
    writing = access(snapshot(), about=about)
    event = run_event(EventType.COMPLETE, run(), at=AT, outputs=[writing], about=about)
    for facets in (event["job"]["facets"], event["outputs"][0]["facets"]):
        assert "All of them." == facets[Facet.DOCUMENTATION]["description"]
        assert ["team:data"] == [owner["name"] for owner in facets[Facet.OWNERSHIP]["owners"]]
        assert [("pii", "true")] == [(tag["key"], tag["value"]) for tag in facets[Facet.TAGS]["tags"]]


def test_an_event_names_a_dataset_once() -> None:
    readings = [
        access(snapshot("7"), rows=2),
        access(snapshot("8"), rows=3),
        access(snapshot(dataset="planes")),
    ]
    event = run_event(EventType.START, run(), at=AT, inputs=readings)
    assert ["raw/flights", "planes"] == [entry["name"] for entry in event["inputs"]]


def test_rows_add_up_only_where_nothing_is_counted_twice() -> None:
    first, second = access(snapshot("7"), rows=2), access(snapshot("8"), rows=3)
    both = access(snapshot("7"), snapshot("8"), rows=5)
    unknown = access(snapshot("9"))
    rows = [
        [joined.rows for joined in one_per_dataset(some)]
        for some in ([first, second], [first, first], [first, both], [first, unknown])
    ]
    assert [[5], [2], [None], [None]] == rows


def test_an_access_is_to_one_dataset() -> None:
    for snapshots in ([], [snapshot(), snapshot(dataset="planes")]):
        with pytest.raises(InvalidInputError, match="an access is to one dataset"):
            access(*snapshots)


def test_code_is_where_git_says_it_is() -> None:
    location = run_event(EventType.START, run(code=CODE), at=AT)["job"]["facets"]["sourceCodeLocation"]
    assert ("ssh://git@github.com/acme/etl.git", "4f2a+changes") == (location["url"], location["version"])


def test_our_own_name_is_on_every_facet() -> None:
    event = run_event(
        EventType.START,
        run(code=CODE, environment={"python": "3"}, params={"a": "b"}),
        at=AT,
        inputs=[access(snapshot())],
    )
    places = [event["run"]["facets"], event["job"]["facets"], event["inputs"][0]["facets"]]
    producers = {facet["_producer"] for facets in places for facet in facets.values()}
    assert {event["producer"]} == producers


@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in OWN_FACETS.values()))
def test_the_schema_of_our_facet_is_one_and_stands_at_its_address(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert f"{schema['$id']}#/$defs/{name}" == schema_url(name)
    assert name in schema["$defs"]


def test_the_schema_of_our_facet_refuses_what_is_not_exact() -> None:
    event = run_event(EventType.START, run(), at=AT, inputs=[access(snapshot())])
    del event["inputs"][0]["facets"]["lineageflow_commit"]["snapshot"]
    assert 1 == len(problems(event))


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_facet_follows_the_schema_that_openlineage_has_for_it(name: str) -> None:
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", STANDARD[name].partition("/")[2].removesuffix("Facet")).lower()
    kind = getattr(import_module(f"openlineage.client.generated.{module}"), name)
    assert kind._get_schema() == standard(name)["_schemaURL"]


def test_events_are_built_without_importing_openlineage() -> None:
    code = (
        "import sys, lineageflow_core.openlineage.events, lineageflow_core.service.lineage;"
        "print([name for name in sys.modules if name.startswith('openlineage')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_a_run_id_that_openlineage_would_refuse_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is not a run id"):
        run_event(EventType.START, replace(run(), id=RunId("run")), at=AT)


def test_a_facet_is_compared_with_the_schema_that_it_names() -> None:
    event = run_event(EventType.START, run(parent=PARENT), at=AT, parent=PIPELINE)
    parent = event["run"]["facets"]["parent"]
    del parent["job"]["name"]
    parent["kind"] = "step"
    parent["run"]["runId"] = 7
    assert 3 == len(departures(event))
    parent["_schemaURL"] = "https://openlineage.io/spec/facets/0-0-0/ParentRunFacet.json"
    assert f"{parent['_schemaURL']} is not published" == departures(event)[-1]


@pytest.mark.parametrize("key", ["run", "job", "eventTime", "producer", "schemaURL"])
def test_our_specification_refuses_an_event_without_a_required_part(key: str) -> None:
    event = run_event(EventType.START, run(), at=AT)
    del event[key]
    assert [f"$: {key!r} is a required property"] == problems(event)
