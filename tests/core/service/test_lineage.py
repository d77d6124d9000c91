"""Events in, facts out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError, RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.scenarios import PARENT, ROOT, RUN, SCENARIOS, Json, dataset, event, parent_facet
from tests.core.service.story import Story, run_id, version

OTHER_RUN = RunId("0195b2a4-0000-7000-8000-000000000002")
STEPS: list[Json] = [
    event("START", 1, inputs=[dataset("orders", "1")], run_facets=parent_facet(root=ROOT)),
    event("COMPLETE", 2, outputs=[dataset("daily", "1")], run_facets=parent_facet(root=ROOT)),
    event("START", 3, run=OTHER_RUN, inputs=[dataset("daily", "1")], run_facets=parent_facet(root=ROOT)),
    event("FAIL", 4, run=OTHER_RUN, run_facets=parent_facet(root=ROOT)),
    event("START", 0, run=PARENT, job="etl.own_name", run_facets=parent_facet(ROOT, "everything")),
    event("FAIL", 5, run=PARENT, job="etl.own_name"),
    {"eventTime": "2026-05-01T02:00:00Z", "dataset": dataset("orders")},
    {"run": "nonsense", "job": None},
]


def dump(story: Story) -> list[Any]:
    """Returns all that the lake says about the runs of `STEPS`."""
    return [story.catalog.lineage.get_run(run) for run in (ROOT, PARENT, RUN, OTHER_RUN)]


@settings(deadline=None)
@given(data=st.data())
def test_any_order_repetition_and_grouping_gives_one_graph(data: st.DataObject) -> None:
    expected = Story()
    expected.catalog.lineage.ingest(STEPS)
    shuffled = data.draw(st.permutations(STEPS + data.draw(st.lists(st.sampled_from(STEPS), max_size=4))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled) - 1))))
    story = Story()
    for start, stop in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        story.catalog.lineage.ingest(shuffled[start:stop])
    assert dump(expected) == dump(story)


def test_events_that_came_before_are_counted_and_change_nothing() -> None:
    story = Story()
    first = story.catalog.lineage.ingest(SCENARIOS["two workers of one run"])
    before = story.catalog.lineage.get_run(RUN)
    again = story.catalog.lineage.ingest(SCENARIOS["two workers of one run"])
    assert [(5, 0), (5, 5)] == [(report.received, report.duplicates) for report in (first, again)]
    assert before == story.catalog.lineage.get_run(RUN)


def test_an_event_twice_in_one_batch_is_one_event() -> None:
    report = Story().catalog.lineage.ingest([event("START"), event("START")])
    assert (2, 1) == (report.received, report.duplicates)


def test_no_events_are_no_error() -> None:
    assert 0 == Story().catalog.lineage.ingest([]).received


def test_what_cannot_be_understood_is_told_and_does_not_stop_the_rest() -> None:
    story = Story()
    report = story.catalog.lineage.ingest([{"run": {}}, event("START", time="yesterday"), event("COMPLETE")])
    assert 2 == len(report.problems)
    assert report.problems[0].startswith("event 0: run.runId is missing")
    assert report.problems[1].startswith("event 1: eventTime 'yesterday' is not a time")
    assert RunState.COMPLETED == story.catalog.lineage.get_run(RUN).run.state


@pytest.mark.parametrize("odd", [{"run": {"odd": 1j}}, {1: 2, "a": 3}, {"date": object()}])
def test_what_is_not_json_is_kept_as_a_problem(odd: dict[Any, Any]) -> None:
    story = Story()
    reports = [story.catalog.lineage.ingest([odd]) for _ in range(2)]
    assert [(1, 0), (1, 1)] == [(report.received, report.duplicates) for report in reports]
    assert "event 0: it is not JSON" in reports[0].problems[0]


def test_an_event_that_holds_itself_is_kept_as_a_problem() -> None:
    endless: dict[str, Any] = {}
    endless["run"] = endless
    assert 1 == len(Story().catalog.lineage.ingest([endless]).problems)


def test_a_pipeline_of_which_only_steps_are_heard_is_a_run() -> None:
    story = Story()
    step = story.tell("clean", ["raw@1"], ["clean@1"], parent="flights")
    details = story.catalog.lineage.get_run(run_id("flights"))
    assert Job(namespace="nightly", name="flights") == details.run.job
    assert RunState.RUNNING == details.run.state
    assert details.steps[0].started_at == details.run.started_at
    assert [step] == [run.id for run in details.steps]


def test_what_a_run_says_of_itself_weighs_more_than_what_its_steps_say() -> None:
    story = Story()
    story.catalog.lineage.ingest(
        [
            event("COMPLETE", 1, run=PARENT, job="etl.own_name"),
            event("START", 2, run_facets=parent_facet()),
        ]
    )
    parent = story.catalog.lineage.get_run(PARENT).run
    assert ("etl.own_name", RunState.COMPLETED) == (parent.job.name, parent.state)


def test_a_run_has_its_steps_and_all_that_they_read_and_wrote() -> None:
    story = Story()
    story.catalog.lineage.ingest(STEPS)
    root = story.catalog.lineage.get_run(ROOT)
    assert [PARENT, RUN, OTHER_RUN] == [step.id for step in root.steps]
    assert ["daily", "orders"] == [io.version.name for io in root.reads]
    assert ["daily"] == [io.version.name for io in root.writes]


def test_a_run_that_nobody_heard_of_is_not_found() -> None:
    with pytest.raises(RunNotFoundError, match="no event about run"):
        Story().catalog.lineage.get_run(RUN)


def test_the_start_of_a_run_id_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="a UUID was expected"):
        Story().catalog.lineage.get_run(RunId(RUN[:8]))


def test_runs_are_listed_by_pipeline_and_its_steps_by_parent() -> None:
    story = Story()
    story.tell("clean", parent="flights")
    story.tell("join", parent="flights")

    def listed(**query: Any) -> list[str]:
        return [run.job.name for run in story.catalog.lineage.list_runs(**query).items]

    assert ["flights"] == listed()
    assert {"flights.clean", "flights.join"} == set(listed(parent=run_id("flights")))


def test_a_page_of_no_runs_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="a page holds 1 to 1000 items, not 0"):
        Story().catalog.lineage.list_runs(limit=0)


def test_a_failed_run_wrote_no_version() -> None:
    story = Story()
    failed = story.tell("clean", ["raw@1"], ["clean@1"], end=EventType.FAIL)
    details = story.catalog.lineage.get_run(failed)
    assert isinstance(details.run, Run)
    assert [None] == [io.version.version for io in details.writes]
    assert [] == story.stores.lineage.writers([version("clean@1")])
