"""Reading single events, leniently."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.openlineage.parse import ParsedEvent, parse_event
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.scenarios import RUN, dataset, event, parent_facet

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
EVENT_KEYS = ["eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "runId", "facets"]


@given(JSON_VALUES | st.dictionaries(st.sampled_from(EVENT_KEYS), JSON_VALUES))
def test_no_json_value_makes_parsing_raise(value: Any) -> None:
    parse_event(value)


@given(
    st.lists(st.sampled_from(["run", "job", "inputs", "outputs", "eventType", "eventTime"]), min_size=1),
    JSON_VALUES,
)
def test_an_event_with_a_broken_part_still_parses(keys: list[str], value: Any) -> None:
    broken = event("START", inputs=[dataset("orders")], run_facets=parent_facet())
    parse_event({**broken, **dict.fromkeys(keys, value)})


def test_a_whole_event_has_no_problems() -> None:
    parsed = parse_event(event("START", inputs=[dataset("orders", "1")], run_facets=parent_facet()))
    assert ((), RUN, EventType.START) == (parsed.problems, parsed.run_id, parsed.type)


def test_a_run_id_that_is_no_uuid_becomes_always_the_same_one() -> None:
    first, second = (parse_event(event("START", run="run_id")).run_id for _ in range(2))
    assert first is not None
    assert first == second == str(UUID(first))


def test_a_run_id_in_capitals_is_the_same_run() -> None:
    assert RUN == parse_event(event("START", run=RUN.upper())).run_id


def test_an_event_without_a_type_is_understood() -> None:
    parsed = parse_event(event(None))
    assert (None, ()) == (parsed.type, parsed.problems)


@pytest.mark.parametrize("key", ["run", "job"])
def test_an_event_without_a_run_or_job_is_a_problem(key: str) -> None:
    raw = event("START")
    raw[key] = None
    parsed = parse_event(raw)
    assert parsed.run_id is None
    assert 1 == len(parsed.problems)


def test_events_about_jobs_and_datasets_are_no_problem_and_about_no_run() -> None:
    parsed = parse_event({"eventTime": "2026-05-01T02:00:00Z", "dataset": dataset("orders")})
    assert (None, ()) == (parsed.run_id, parsed.problems)


def test_a_broken_dataset_does_not_hide_the_others() -> None:
    parsed = parse_event(event("START", inputs=[dataset("orders"), {"name": "?"}, dataset("daily")]))
    assert ["orders", "daily"] == [mention.name for mention in parsed.inputs]
    assert ("inputs[1] has no namespace and name",) == parsed.problems


def test_text_that_no_store_could_keep_is_mended() -> None:
    parsed = parse_event(event("START", inputs=[dataset("a\0b\ud800c")]))
    assert "a\N{REPLACEMENT CHARACTER}b?c" == parsed.inputs[0].name


DAGSTER = "https://github.com/OpenLineage/OpenLineage/tree/0.2.1/integration/dagster"


def test_each_asset_of_a_dagster_run_has_a_run_of_its_own() -> None:
    def about(job: str, *, producer: str = DAGSTER) -> ParsedEvent:
        return parse_event({**event("COMPLETE", job=job, outputs=[dataset(job)]), "producer": producer})

    orders, again, revenue = about("orders"), about("orders"), about("revenue")
    assert orders == again
    assert 3 == len({RUN, orders.run_id, revenue.run_id})
    assert [RUN, RUN] == [each.parent.run_id for each in (orders, revenue) if each.parent]
    assert RUN == about("orders", producer="https://example.org/producer").run_id


def test_the_plan_of_an_asset_is_not_its_start() -> None:
    planned = parse_event({**event("START", outputs=[dataset("orders")]), "producer": DAGSTER})
    assert planned.is_plan
    assert not parse_event(event("START", outputs=[dataset("orders")])).is_plan


@pytest.mark.parametrize("facets", [{}, parent_facet()])
def test_a_dagster_run_and_its_steps_keep_their_ids(facets: dict[str, Any]) -> None:
    parsed = parse_event({**event("START", run_facets=facets), "producer": DAGSTER})
    assert (RUN, False) == (parsed.run_id, parsed.is_plan)
