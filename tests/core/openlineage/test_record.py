"""What events say adds up, whatever their order, grouping or repetition."""

from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.parse import parse_event
from lineageflow_core.openlineage.record import RunRecord, Said, decode_record, encode_record, say
from tests.core.openlineage.scenarios import (
    PARENT,
    ROOT,
    RUN,
    SCENARIOS,
    Json,
    dataset,
    event,
    parent_facet,
)

ALL = [raw for events in SCENARIOS.values() for raw in events]


def said_by(*events: Json) -> Said:
    def add(said: Said, raw: Json) -> Said:
        said.add(say(parse_event(raw), event_digest(canonical_json(raw))))
        return said

    return reduce(add, events, Said())


def run_of(*events: Json, run: RunId = RUN) -> RunRecord:
    return said_by(*events).runs[run]


@given(data=st.data())
def test_any_order_grouping_and_repetition_adds_up_to_the_same(data: st.DataObject) -> None:
    events = data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=8))
    shuffled = data.draw(st.permutations(events + events[:3]))
    cut = data.draw(st.integers(0, len(shuffled)))
    grouped = said_by(*shuffled[:cut])
    grouped.add(said_by(*shuffled[cut:]))
    assert said_by(*events) == grouped


@given(raw=st.sampled_from(ALL))
def test_a_record_is_kept_as_bytes(raw: Json) -> None:
    record = run_of(raw)
    assert record == decode_record(encode_record(record))


def test_an_event_tells_of_its_parent_and_root() -> None:
    said = said_by(event("START", run_facets=parent_facet(root=ROOT)))
    root, parent = said.runs[ROOT], said.runs[PARENT]
    assert (["nightly", "everything"], ["nightly", "etl"]) == (read(root.job), read(parent.job))
    assert (ROOT, None) == (read(parent.parent), root.parent)
    assert said.runs[RUN].started == root.going == parent.going


def test_a_parent_that_is_the_root_has_none() -> None:
    assert run_of(event("COMPLETE", run_facets=parent_facet()), run=PARENT).parent is None


def test_only_a_start_tells_when_the_parent_was_going() -> None:
    assert run_of(event("COMPLETE", run_facets=parent_facet()), run=PARENT).going is None


def test_what_a_run_says_of_itself_weighs_more_than_what_its_steps_say() -> None:
    own = event("START", 0, run=PARENT, job="renamed")
    step = event("COMPLETE", 9, run_facets=parent_facet())
    assert ["nightly", "renamed"] == read(run_of(own, step, run=PARENT).job)


def test_facets_of_jobs_and_datasets_are_told_of_those() -> None:
    raw = event(
        "START",
        job_facets={"sql": {"query": "SELECT 1"}},
        inputs=[dataset("orders", schema={"fields": []}) | {"inputFacets": {"subset": {"type": "x"}}}],
    )
    said = said_by(raw)
    assert {"sql"} == said.jobs["nightly", "etl.load"].keys()
    assert {"schema"} == said.datasets["s3://lake", "orders"].keys()
    assert {"schema", "subset"} == run_of(raw).inputs["s3://lake", "orders"].facets.keys()


def test_a_dataset_event_tells_of_the_dataset_and_a_job_event_of_the_job() -> None:
    time = {"eventTime": "2026-05-01T02:00:00Z"}
    said = said_by(
        {**time, "dataset": dataset("orders", ownership={"owners": []})},
        {**time, "job": {"namespace": "n", "name": "j"}, "outputs": [dataset("orders")]},
    )
    assert {} == said.runs
    assert {"ownership"} == said.datasets["s3://lake", "orders"].keys()
    assert [[], [["s3://lake", "orders"]]] == said.declared["n", "j"].read()


def test_symlinks_are_two_names_of_one_dataset_in_one_order() -> None:
    other = {"identifiers": [{"namespace": "hive", "name": "orders", "type": "TABLE"}]}
    expected = {(("hive", "orders"), ("s3://lake", "orders"))}
    assert expected == said_by(event("START", inputs=[dataset("orders", symlinks=other)])).links


def test_numbers_and_text_that_json_holds_and_others_do_not_are_kept() -> None:
    facet = {"large": 2**80, "text": "\ud800", "nan": float("nan")}
    record = run_of(event("START", run_facets={"odd": facet}))
    assert {"large": 2**80, "text": "\ud800", "nan": None} == record.facets["odd"].read()
    assert record == decode_record(encode_record(record))


def read(word: Any) -> Any:
    return word.read() if word else None


def test_what_a_job_declares_is_also_what_its_lineage_facet_names() -> None:
    def named(name: str) -> dict[str, str]:
        return {"namespace": "s3://lake", "name": name}

    entries = [{"type": "DATASET", **named("c"), "inputs": [{"type": "DATASET", **named("b")}]}]
    raw = {
        "eventTime": "2026-05-01T02:00:00Z",
        "job": {"namespace": "bi", "name": "board", "facets": {"lineage": {"entries": entries}}},
        "inputs": [named("a")],
    }
    [word] = say(parse_event(raw), b"d" * 16).declared.values()
    assert [[["s3://lake", "a"], ["s3://lake", "b"]], [["s3://lake", "c"]]] == word.read()
