"""What every catalog promises about the log of events."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Events
from lineageflow_core.errors import EventNotFoundError, InvalidInputError, RunNotFoundError, StateError
from lineageflow_core.model.event import Event, EventKind, EventReceipt
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from lineageflow_core.testing.catalog.scene import CatalogContract, in_pages_of_one, new_run_id
from lineageflow_core.testing.signatures import assert_same_signatures


class EventsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Events, catalog.events)

    def test_events_are_listed_as_they_came_the_last_first(self, catalog: Catalog) -> None:
        run_id = new_run_id()
        events = [run_event(run_id, minute) for minute in range(3)]
        catalog.lineage.ingest(events)
        found = in_pages_of_one(
            lambda after, limit: catalog.events.list_events(run_id=run_id, after=after, limit=limit)
        )
        assert events[::-1] == [json.loads(event.body) for event in found]
        assert {EventKind.RUN} == {event.kind for event in found}
        assert {run_id} == {event.run_id for event in found}
        assert [] == [event for event in found if event.received_at is None or event.problem]
        listed = catalog.events.list_events(run_id=run_id, since=found[1].at, until=found[0].at)
        assert (found[1],) == listed.items

    def test_a_time_beyond_all_calendars_is_told(self, catalog: Catalog) -> None:
        first = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
        with pytest.raises(InvalidInputError, match="calendars"):
            catalog.events.list_events(since=first)

    @pytest.mark.parametrize(
        "entity, known_as", [("dataset", EventKind.DATASET), ("job", EventKind.JOB), ("x", EventKind.UNKNOWN)]
    )
    def test_events_that_are_about_no_run_are_kept_too(
        self, catalog: Catalog, entity: str, known_as: EventKind
    ) -> None:
        named = {"namespace": new_run_id(), "name": "a"}
        event = {**HEAD, "schemaURL": "https://openlineage.io/spec", entity: named}
        [receipt] = catalog.lineage.ingest([event]).receipts
        [last] = catalog.events.list_events(kind=known_as, limit=1).items
        assert (receipt.id, known_as, None, event) == (last.id, last.kind, last.run_id, json.loads(last.body))
        assert last == catalog.events.get_event(receipt.id)

    def test_an_event_is_found_by_the_start_of_its_id(self, catalog: Catalog) -> None:
        event = tell(catalog, run_event(new_run_id()))
        assert event == catalog.events.get_event(event.id[:9]) == catalog.events.get_event(event.id.upper())
        with pytest.raises(EventNotFoundError, match="there is no event"):
            catalog.events.get_event("00" * 32)
        for odd in ("", event.id[:7], "not an id", event.id + "0"):
            with pytest.raises(InvalidInputError):
                catalog.events.get_event(odd or "x")

    def test_any_json_comes_through_as_it_is(self, catalog: Catalog) -> None:
        odd = {"odd": ["\0", 10**30, 1e-7, {"ü": None}], "about": new_run_id()}
        event = tell(catalog, odd)
        assert odd == json.loads(event.body)
        assert event.problem is not None

    def test_what_was_understood_all_the_same_is_a_warning(self, catalog: Catalog) -> None:
        run_id = new_run_id()
        event = tell(catalog, {**run_event(run_id), "eventTime": "2026-05-01T02:00:00", "eventType": None})
        assert (None, run_id) == (event.problem, event.run_id)
        assert "no time zone" in (event.warning or "")
        assert "eventType is missing" in (event.warning or "")

    def test_events_with_problems_are_read_again_and_told_if_nothing_is_better(
        self, catalog: Catalog
    ) -> None:
        event = tell(catalog, {"odd": new_run_id()})
        assert event in catalog.events.list_events(with_problems=True).items
        replayed = catalog.events.replay_events(limit=1)
        assert (1, ()) == (replayed.read, replayed.mended)
        assert event == catalog.events.get_event(event.id)

    def test_a_mended_event_takes_the_place_of_one_with_a_problem(self, catalog: Catalog) -> None:
        run_id = new_run_id()
        right = run_event(run_id)
        broken = tell(catalog, {**right, "run": {"id": run_id}})
        with pytest.raises(RunNotFoundError):
            catalog.lineage.get_run(run_id)
        receipts = [catalog.events.replace_event(broken.id, right) for _ in range(2)]
        mended = receipts[0].id
        assert [EventReceipt(id=mended, is_new=new) for new in (True, False)] == receipts
        assert RunState.RUNNING is catalog.lineage.get_run(run_id).run.state
        kept = catalog.events.get_event(broken.id)
        assert (broken.body, mended) == (kept.body, kept.replaced_by)
        assert broken.id not in {event.id for event in catalog.events.list_events(with_problems=True).items}

    def test_what_a_broken_event_said_counts_no_more_once_it_is_replaced(self, catalog: Catalog) -> None:
        wrong, run_id = new_run_id(), new_run_id()
        failed = {**run_event(wrong, event_type="FAIL"), "eventTime": "yesterday"}
        broken = tell(catalog, failed)
        assert RunState.FAILED is catalog.lineage.get_run(wrong).run.state
        catalog.events.replace_event(broken.id, run_event(run_id, event_type="COMPLETE"))
        assert RunState.COMPLETED is catalog.lineage.get_run(run_id).run.state
        with pytest.raises(RunNotFoundError):
            catalog.lineage.get_run(wrong)
        assert (0, 1) == counted(catalog, failed)  # it comes again, and changes nothing
        with pytest.raises(RunNotFoundError):
            catalog.lineage.get_run(wrong)

    def test_only_an_event_with_a_problem_is_replaced_and_only_once(self, catalog: Catalog) -> None:
        run_id = new_run_id()
        good = tell(catalog, run_event(run_id))
        broken = tell(catalog, {"odd": new_run_id()})
        replace = catalog.events.replace_event
        with pytest.raises(StateError, match="has no problem"):
            replace(good.id, run_event(run_id, 1))
        with pytest.raises(InvalidInputError, match="just what"):
            replace(broken.id, json.loads(broken.body))
        replace(broken.id, run_event(run_id, 2))
        with pytest.raises(StateError, match="replaced already"):
            replace(broken.id, run_event(run_id, 3))
        other = tell(catalog, {"odd": new_run_id()})
        with pytest.raises(InvalidInputError, match="was replaced itself"):
            replace(other.id, json.loads(broken.body))

    def test_each_event_that_is_handed_in_has_a_receipt(self, catalog: Catalog) -> None:
        known, new, odd = run_event(new_run_id()), run_event(new_run_id()), {"odd": new_run_id()}
        catalog.lineage.ingest([known])
        report = catalog.lineage.ingest([known, new, odd, new])
        told = [(receipt.is_new, receipt.problem is None) for receipt in report.receipts]
        assert [(False, True), (True, True), (True, False), (False, True)] == told
        assert (4, 2, 1) == (report.received, report.duplicates, len(report.problems))
        assert report.receipts[1].id == report.receipts[3].id


HEAD = {"eventTime": "2026-05-01T02:00:00Z", "producer": "https://producer.example/1"}


def run_event(run_id: RunId, minute: int = 0, *, event_type: str = "START") -> dict[str, Any]:
    """Returns an event about a run at a minute of one hour."""
    return {
        **HEAD,
        "eventTime": f"2026-05-01T02:{minute:02}:00Z",
        "eventType": event_type,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": "events", "name": "job"},
    }


def tell(catalog: Catalog, event: dict[str, Any]) -> Event:
    """Hands an event in, and returns it as it is in the log."""
    [receipt] = catalog.lineage.ingest([event]).receipts
    return catalog.events.get_event(receipt.id)


def counted(catalog: Catalog, event: dict[str, Any]) -> tuple[int, int]:
    """Hands an event in, and returns how many were new, and how many duplicates."""
    report = catalog.lineage.ingest([event])
    return report.received - report.duplicates, report.duplicates
