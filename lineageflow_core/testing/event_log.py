"""What every `EventLog` promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page, TimeOrder
from lineageflow_core.store.ports import EventLog, RunFacts, StoredEvent, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import NOON, later, new_event, new_facts, new_run, new_version, run_id


class EventLogContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(EventLog, stores.events)

    def test_events_are_kept_exactly_in_the_order_they_came(self, stores: Stores) -> None:
        run = run_id(1)
        events = [
            new_event("{}", run=run),
            replace(new_event("not understood", run=run), problem="no JSON"),
            new_event("\0\n\N{SNOWMAN}" * 1000, run=run),
            new_event("", run=run),
        ]
        others = [new_event("another run's", run=run_id(2)), new_event("no run's")]
        append(stores, *events, *others)
        assert events == events_of(stores, run)
        about = stores.events.events_about([run, run_id(2), run_id(3)])
        assert events == [each for each in about if each.run_id == run]
        assert len(events) + 1 == len(about)

    def test_an_event_that_comes_again_is_told_and_kept_once(self, stores: Stores) -> None:
        old, new = new_event("old", run=run_id(1)), new_event("new", run=run_id(1))
        assert [True] == append(stores, old)
        assert [False, True, False] == append(stores, old, new, new)
        assert [old, new] == events_of(stores, run_id(1))

    def test_no_events_are_appended_and_none_told(self, stores: Stores) -> None:
        assert [] == append(stores)

    def test_many_events_are_appended_at_once(self, stores: Stores) -> None:
        events = [new_event(f"event {number}", run=run_id(1)) for number in range(1201)]
        assert [True] * 1201 == append(stores, *events)
        assert events == events_of(stores, run_id(1))

    def test_a_writer_sees_what_it_wrote(self, stores: Stores) -> None:
        event = new_event("event", run=run_id(1))
        with stores.lineage.write() as writer:
            writer.append([event])
            assert [False] == writer.append([event])
            writer.put_facts(new_facts(new_run(1)), b"record")
            assert {run_id(1): b"record"} == writer.records([run_id(1), run_id(2)])

    def test_events_are_read_while_somebody_writes(self, stores: Stores) -> None:
        event = new_event("event", run=run_id(1))
        append(stores, event)
        with ThreadPoolExecutor(1) as elsewhere, stores.lineage.write() as writer:
            writer.append([new_event("not yet", run=run_id(1))])
            seen = elsewhere.submit(stores.events.events_of, run_id(1)).result(timeout=10)
        assert [event] == seen

    def test_nothing_is_kept_of_a_transaction_that_failed(self, stores: Stores) -> None:
        with pytest.raises(ZeroDivisionError):
            fail(stores, new_event("event", run=run_id(1)), new_facts(new_run(1)))
        assert ([], {}) == (events_of(stores, run_id(1)), stores.lineage.runs([run_id(1)]))

    def test_nobody_sees_a_transaction_before_its_end(self, stores: Stores) -> None:
        with ThreadPoolExecutor(1) as elsewhere, stores.lineage.write() as writer:
            writer.put_facts(new_facts(new_run(1), writes=[new_version("a")]))
            seen = elsewhere.submit(stores.lineage.writers, [new_version("a")]).result()
        assert [] == seen

    def test_threads_that_write_at_once_wait_for_each_other(self, stores: Stores) -> None:
        same = new_event("same", run=run_id(1))

        def write(number: int) -> bool:
            own = new_event(f"own {number}", run=run_id(1))
            with stores.lineage.write() as writer:
                first, _ = writer.append([same, own])
                known = int(writer.records([run_id(1)]).get(run_id(1), b"1")) + 1
                writer.put_facts(new_facts(replace(new_run(1), params={"events": str(known)})), b"%d" % known)
            return first

        with ThreadPoolExecutor(8) as pool:
            assert 1 == sum(pool.map(write, range(24)))
        assert {"events": "25"} == stores.lineage.runs([run_id(1)])[run_id(1)].params

    def test_what_is_known_of_an_event_is_kept_exactly(self, stores: Stores) -> None:
        for number, kind in enumerate(EventKind):
            event = new_event(kind.value)
            told = replace(event, kind=kind, at=later(number), received_at=NOON, warning="w\0", problem="p")
            append(stores, told)
            assert [told] == stores.events.find_events(event.digest, event.digest)

    def test_events_are_listed_the_last_first_in_pages(self, stores: Stores) -> None:
        events = [new_event(str(number)) for number in range(5)]
        append(stores, *events[:2])
        append(stores, *events)
        first = list_events(stores, limit=2)
        append(stores, new_event("meanwhile"))
        second = list_events(stores, after=first.next, limit=2)
        third = list_events(stores, after=second.next, limit=2)
        assert events[::-1] == [*first.items, *second.items, *third.items]
        assert third.next is None

    def test_events_are_listed_by_run_kind_and_time(self, stores: Stores) -> None:
        run = replace(new_event("a", run=run_id(1)), kind=EventKind.RUN, at=later(1))
        job = replace(new_event("b"), kind=EventKind.JOB, at=later(2))
        odd = new_event("c")
        append(stores, run, job, odd)
        asked: dict[str, dict[str, Any]] = {
            "all": {},
            "run": {"run_id": run_id(1)},
            "no such run": {"run_id": run_id(2)},
            "jobs": {"kind": EventKind.JOB},
            "odd": {"kind": EventKind.UNKNOWN},
            "since": {"since": later(2)},
            "until": {"until": later(2)},
            "both": {"since": later(1), "until": later(3), "kind": EventKind.RUN},
        }
        assert {
            "all": (odd, job, run),
            "run": (run,),
            "no such run": (),
            "jobs": (job,),
            "odd": (odd,),
            "since": (job,),
            "until": (run,),
            "both": (run,),
        } == {name: list_events(stores, **query).items for name, query in asked.items()}

    def test_events_are_listed_by_the_time_that_they_say(self, stores: Stores) -> None:
        first = replace(new_event("a"), at=later(2))
        second = replace(new_event("b"), at=later(1))
        third = replace(new_event("c"), kind=EventKind.JOB, at=later(2))
        append(stores, first, second, third, new_event("d"))
        asked: dict[str, dict[str, Any]] = {
            "newest first": {},
            "oldest first": {"order": TimeOrder.OLDEST_FIRST},
            "one": {"offset": 1, "limit": 1},
            "jobs": {"kind": EventKind.JOB},
            "since": {"since": later(2)},
            "until": {"until": later(2)},
        }
        expected = {
            "newest first": ((third, first, second), 3),
            "oldest first": ((second, first, third), 3),
            "one": ((first,), 3),
            "jobs": ((third,), 1),
            "since": ((third, first), 2),
            "until": ((second,), 1),
        }
        assert expected == {name: by_time(stores, **query) for name, query in asked.items()}
        with stores.lineage.write() as writer:
            writer.replace(first.digest, by=second.digest)
        assert ((third, second), 2) == by_time(stores)

    def test_events_with_problems_are_listed_until_something_takes_their_place(self, stores: Stores) -> None:
        broken, worse = (replace(new_event(text), problem="odd") for text in "ab")
        append(stores, broken, new_event("c"), worse)
        assert (worse, broken) == list_events(stores, with_problems=True).items
        with stores.lineage.write() as writer:
            writer.replace(broken.digest, worse.digest)
        assert (worse,) == list_events(stores, with_problems=True).items
        assert replace(broken, replaced_by=worse.digest) == list_events(stores).items[-1]

    def test_events_about_no_run_are_found_by_when_they_came_and_removed(self, stores: Stores) -> None:
        def came(name: str, minutes: float | None, **more: Any) -> StoredEvent:
            received_at = None if minutes is None else later(minutes)
            return replace(new_event(name, run=more.pop("run", None)), received_at=received_at, **more)

        old, older = came("old", -2), came("no receipt", None, at=later(-3))
        others = [
            came("too late", 0),
            came("nobody knows when", None),
            came("of a run", -2, run=run_id(1)),
            came("aside", -2, is_aside=True, problem="odd"),
        ]
        append(stores, *others, old, older, came("the last", -2))
        found = stores.events.runless_events(before=NOON, after=0, limit=9)
        assert [old, older] == [event for _, event in found]
        assert [found[1]] == stores.events.runless_events(before=NOON, after=found[0][0], limit=9)
        assert [found[0]] == stores.events.runless_events(before=NOON, after=0, limit=1)
        assert 2 == stores.events.count_runless_events(before=NOON)
        with stores.lineage.write() as writer:
            writer.prune_events([old.digest])
        assert [found[1]] == stores.events.runless_events(before=NOON, after=0, limit=9)
        assert 6 == len(list_events(stores).items)

    def test_an_event_that_was_replaced_counts_no_more(self, stores: Stores) -> None:
        broken, mended = (new_event(text, run=run_id(1)) for text in ("broken", "mended"))
        append(stores, broken)
        with stores.lineage.write() as writer:
            writer.append([mended])
            writer.replace(broken.digest, mended.digest)
            seen = [event.counts for _, event in writer.stored_events(after=0, limit=9)]
        assert [False, True] == seen
        assert [False] == append(stores, broken)
        kept = replace(broken, replaced_by=mended.digest)
        assert [kept, mended] == events_of(stores, run_id(1))

    def test_an_event_that_was_set_aside_counts_once_it_is_read_again(self, stores: Stores) -> None:
        aside = replace(new_event("a", run=run_id(1)), is_aside=True, problem="odd")
        append(stores, aside)
        assert not events_of(stores, run_id(1))[0].counts
        with stores.lineage.write() as writer:
            writer.reread([replace(aside, is_aside=False, problem=None)])
        assert [new_event("a", run=run_id(1))] == events_of(stores, run_id(1))

    def test_an_event_that_is_read_again_counts_as_it_is_understood_then(self, stores: Stores) -> None:
        before = replace(new_event("a"), problem="odd", received_at=NOON)
        append(stores, before, new_event("b", run=run_id(1)))
        now = replace(before, run_id=run_id(1), kind=EventKind.RUN, at=later(1), problem=None, warning="w")
        with stores.lineage.write() as writer:
            writer.reread([replace(now, body=b"other", received_at=later(9))])
            writer.reread([])
        assert [now, new_event("b", run=run_id(1))] == events_of(stores, run_id(1))

    def test_events_are_found_by_where_their_digests_lie(self, stores: Stores) -> None:
        events = sorted((new_event(str(number)) for number in range(5)), key=lambda each: each.digest)
        append(stores, *events)
        digests = [event.digest for event in events]
        assert [events[1]] == stores.events.find_events(digests[1], digests[1])
        assert 2 == len(stores.events.find_events(bytes(32), b"\xff" * 32))
        assert [] == stores.events.find_events(b"\xff" * 32, b"\xff" * 32)

    @pytest.mark.parametrize("after", ["", "x", "-1", "1.5"])
    def test_a_place_in_the_log_that_no_page_gave_is_refused(self, stores: Stores, after: str) -> None:
        with pytest.raises(InvalidInputError):
            list_events(stores, after=after)


def append(stores: Stores, *events: StoredEvent) -> list[bool]:
    """Appends events in one transaction."""
    with stores.lineage.write() as writer:
        return writer.append(events)


def events_of(stores: Stores, run: RunId) -> list[StoredEvent]:
    """Returns a run's events."""
    return stores.events.events_of(run)


def list_events(
    stores: Stores,
    *,
    run_id: RunId | None = None,
    kind: EventKind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    with_problems: bool = False,
    after: str | None = None,
    limit: int = 100,
) -> Page[StoredEvent]:
    """Returns a page of the log."""
    return stores.events.list_events(
        run_id=run_id,
        kind=kind,
        since=since,
        until=until,
        with_problems=with_problems,
        after=after,
        limit=limit,
    )


def by_time(stores: Stores, **chosen: Any) -> tuple[tuple[StoredEvent, ...], int]:
    """Returns a stretch of the events by time, and how many there are."""
    every: dict[str, Any] = {
        "kind": None,
        "since": None,
        "until": None,
        "order": TimeOrder.NEWEST_FIRST,
        "offset": 0,
        "limit": 10,
    }
    found = stores.events.list_events_by_time(**every | chosen)
    return found.items, found.total


def fail(stores: Stores, event: StoredEvent, facts: RunFacts) -> None:
    """Writes in a transaction that does not get to its end."""
    with stores.lineage.write() as writer:
        writer.append([event])
        writer.put_facts(facts)
        _ = 1 / 0
