"""What of facets is not as the specification has them, told so that a producer can be mended."""

from typing import Any

import pytest

from lineageflow_core.openlineage.conformance import departures
from tests.core.openlineage.scenarios import SCENARIOS, Json, event
from tests.core.openlineage.stories import all_events

_META = {"_producer": "https://p", "_schemaURL": "https://s"}


def told(place: str, **facets: Any) -> list[str]:
    """Returns what is told of facets at a place of an event: those that are objects name who made them."""
    signed = {key: {**_META, **each} if isinstance(each, dict) else each for key, each in facets.items()}
    names: Json = {"namespace": "n", "name": "d"}
    said = event("START")
    if place in {"run", "job"}:
        said[place]["facets"] = signed
    else:
        side = "outputs" if place == "outputFacets" else "inputs"
        said[side] = [{**names, place: signed}]
    return [f"{where}: {what}" for where, what in departures(said)]


def test_what_is_as_it_should_be_is_not_told() -> None:
    fields = [{"name": "id", "type": "int", "fields": [{"name": "x"}]}, {"name": "e", "ordinal_position": 2}]
    assert [] == told("facets", schema={"fields": fields}, version={"datasetVersion": "1"}, my_own={"a": [1]})
    partitions = [{"dimensions": {"m": "05"}, "identifier": "m=05"}]
    condition = {"type": "partition", "partitions": partitions}
    assert [] == told("inputFacets", subset={"inputCondition": condition})
    assert [] == told("outputFacets", outputStatistics={"rowCount": 1, "size": 2, "fileCount": 3})
    columns = {"id": {"sum": 1, "quantiles": {"0.5": 2}, "nullCount": 0}}
    assert [] == told("inputFacets", dataQualityMetrics={"rowCount": 1, "columnMetrics": columns})
    assert [] == told("job", sql={"query": "SELECT 1"}, lineage={"entries": []})
    assert [] == told("run", processing_engine={"version": "3.5"})


def test_what_is_missing_of_another_type_or_unknown_is_told_with_its_place() -> None:
    at = "inputs[0].facets.schema.fields"
    assert {
        f"{at}[0].name: it is missing",
        f"{at}[0].nam: the specification has no such field",
        f"{at}[1].ordinal_position: it is text, and should be a whole number",
        f"{at}[2]: it is text, and should be an object",
    } == set(told("facets", schema={"fields": [{"nam": "id"}, {"name": "e", "ordinal_position": "2"}, "x"]}))
    assert ["run.facets.parent.job: it is missing"] == told("run", parent={"run": {"runId": "x"}})


def test_a_facet_in_the_wrong_place_is_told_where_it_belongs() -> None:
    assert ["inputs[0].facets.outputStatistics: it belongs into outputFacets"] == told(
        "facets", outputStatistics={}
    )
    assert ["run.facets.sql: it belongs into job.facets"] == told("run", sql={"query": ""})


@pytest.mark.parametrize("key", ["column_lineage", "columnlineage", "ColumnLineage", "columnLinage"])
def test_a_key_that_is_nearly_a_standard_one_is_told(key: str) -> None:
    [said] = told("facets", **{key: {"fields": {}}})
    assert said.endswith("did the producer mean 'columnLineage'?")


def test_a_facet_says_who_made_it_and_after_which_schema() -> None:
    said = event("START", job_facets={"sql": {"query": ""}, "a": {"_deleted": True}, "b": None, "c": 1})
    assert [
        ("job.facets.sql", "_producer is missing"),
        ("job.facets.sql", "_schemaURL is missing"),
        ("job.facets.b", "a facet is an object"),
        ("job.facets.c", "a facet is an object"),
    ] == list(departures(said))


def test_nothing_that_an_event_may_hold_is_too_odd() -> None:
    for each in (*all_events(), *(told for scenario in SCENARIOS.values() for told in scenario)):
        list(departures(each))
    odd_events: list[Any] = [
        None,
        [],
        "x",
        {"run": 1, "inputs": {"a": 1}},
        {"inputs": [None, {"facets": [1]}]},
    ]
    for odd in odd_events:
        assert [] == list(departures(odd))
