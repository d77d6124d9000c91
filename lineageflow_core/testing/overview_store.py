"""What every `OverviewStore` promises."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.lineage import ColumnEdge, DatasetName
from lineageflow_core.model.overview import TimeOrder, Wire
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.store.ports import LastRuns, OverviewStore, RunFacts, StoredEvent, Stores, Word
from lineageflow_core.testing.known_store import ETL, EXPORT, ORDERS, facts_of, put, version, wrote
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import later, run_id

REPORT = Job(namespace="airflow", name="report")
ALL: dict[str, Any] = {"namespace": None, "pattern": None, "until": None, "offset": 0, "limit": 10}


class OverviewStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(OverviewStore, stores.overview)

    def test_nothing_is_there_of_what_nobody_named(self, stores: Stores) -> None:
        store = stores.overview
        assert ((), 0) == _stretch(store.dataset_names(**ALL))
        assert ((), 0) == _stretch(store.job_names(states=(), **ALL))
        assert {ORDERS: ORDERS} == store.first_names([ORDERS])
        assert ({}, {}, {}) == (store.dataset_words([ORDERS]), store.job_words([ETL]), store.declared())
        assert ({}, {}) == (store.written([ORDERS], until=None), store.last_runs([ETL], until=None))
        assert ([], []) == (store.wires([ORDERS], until=None), store.words_on("tags"))
        assert ((), 0) == _stretch(store.runs_of(ETL, until=None, offset=0, limit=10))
        assert ((), 0) == _stretch(store.writes_of(ORDERS, until=None, offset=0, limit=10))

    def test_lists_are_cut_by_position_and_tell_how_long_they_are(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", dataset=EXPORT), of(REPORT, facts_of(3, at=3)))
        names = stores.overview.dataset_names
        assert ((ORDERS,), 2) == _stretch(names(**{**ALL, "offset": 1}))
        assert ((EXPORT,), 2) == _stretch(names(**{**ALL, "limit": 1}))
        assert ((), 2) == _stretch(names(**{**ALL, "offset": 9}))
        jobs = stores.overview.job_names
        assert ((REPORT,), 2) == _stretch(jobs(states=(), **{**ALL, "offset": 1}))
        assert ((), 0) == _stretch(jobs(states=(), **{**ALL, "namespace": "file"}))
        for wrong in ({"offset": -1}, {"limit": 0}, {"limit": 1001}, {"offset": 1 << 31}):
            with pytest.raises(InvalidInputError):
                names(**{**ALL, **wrong})

    @pytest.mark.parametrize("pattern", ["ORD", "o%s", "or_ers", "%", ""])
    def test_names_are_found_by_a_part_of_them(self, stores: Stores, pattern: str) -> None:
        put(stores, wrote(1, "1"))
        assert (ORDERS,) == stores.overview.dataset_names(**{**ALL, "pattern": pattern}).items

    @pytest.mark.parametrize("pattern", ["o.*", "order%x", "!o", "\\", "order_s"])
    def test_names_are_not_found_by_what_is_no_part_of_them(self, stores: Stores, pattern: str) -> None:
        put(stores, wrote(1, "1"))
        assert () == stores.overview.dataset_names(**{**ALL, "pattern": pattern}).items

    def test_lists_as_of_a_time_have_what_had_happened_then(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(3, "3", dataset=EXPORT), of(REPORT, facts_of(2, at=2)))
        then = {**ALL, "until": later(1)}
        assert ((ORDERS,), 1) == _stretch(stores.overview.dataset_names(**then))
        assert ((ETL,), 1) == _stretch(stores.overview.job_names(states=(), **then))

    def test_jobs_are_chosen_by_the_state_of_their_latest_run(self, stores: Stores) -> None:
        failed = in_state(RunState.FAILED, wrote(3, None))
        put(stores, wrote(1, "1"), failed, of(REPORT, wrote(2, "2")))
        names = stores.overview.job_names
        assert (ETL,) == names(states=[RunState.FAILED], **ALL).items
        assert (REPORT,) == names(states=[RunState.COMPLETED], **ALL).items
        assert (ETL, REPORT) == names(states=[RunState.COMPLETED, RunState.FAILED], **ALL).items

    def test_words_of_many_are_those_of_each_under_any_name(self, stores: Stores) -> None:
        first, second = Word(b"1", b"{}"), Word(b"2", b"[]")
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
            writer.put_words(
                datasets={ORDERS: {"tags": second, "x": first}, EXPORT: {"tags": first}},
                jobs={ETL: {"sql": first}},
                declared={ETL: second},
            )
        store = stores.overview
        words = {"tags": second, "x": first}
        assert {ORDERS: words, EXPORT: words} == store.dataset_words([ORDERS, EXPORT])
        assert {ETL: {"sql": first}} == store.job_words([ETL, REPORT])
        assert {ETL: second} == store.declared()
        assert [(EXPORT, second)] == store.words_on("tags")
        assert {ORDERS: EXPORT, EXPORT: EXPORT} == store.first_names([ORDERS, EXPORT])

    def test_what_was_written_last_is_told_as_of_any_time(self, stores: Stores) -> None:
        put(stores, facts_of(1, at=1, reads=[version("0")]), wrote(2, "2"), wrote(3, "3"), wrote(4, None))
        written = stores.overview.written
        assert {ORDERS: (later(1), "3")} == _last(written([ORDERS, EXPORT], until=None))
        assert {ORDERS: (later(1), "2")} == _last(written([ORDERS], until=later(2.5)))
        assert {ORDERS: (later(1), None)} == _last(written([ORDERS], until=later(1)))
        assert {} == written([ORDERS], until=later(0))

    def test_the_runs_that_tell_what_a_job_does_are_the_last_and_the_last_complete_one(
        self, stores: Stores
    ) -> None:
        going = in_state(RunState.RUNNING, facts_of(4, at=4, reads=[version("1")]))
        silent = facts_of(5, at=5)
        put(stores, wrote(1, "1"), wrote(2, "2"), going, silent)
        last = stores.overview.last_runs([ETL, REPORT], until=None)
        expected = LastRuns(first_at=later(1), latest=run_id(5), telling=(run_id(4), run_id(2)))
        assert {ETL: expected} == last
        then = stores.overview.last_runs([ETL], until=later(1.5))[ETL]
        assert (run_id(1), (run_id(1),)) == (then.latest, then.telling)
        assert {} == stores.overview.last_runs([ETL], until=later(0))

    def test_a_run_that_wrote_later_had_not_completed_then(self, stores: Stores) -> None:
        slow = wrote(2, "2")
        slow = replace(slow, writes=tuple(replace(io, at=later(9)) for io in slow.writes))
        put(stores, wrote(1, "1"), slow)
        then = stores.overview.last_runs([ETL], until=later(5))[ETL]
        assert (run_id(2), run_id(1)) == then.telling

    def test_the_last_run_that_tells_of_columns_is_known(self, stores: Stores) -> None:
        edge = ColumnEdge(field="a", source=EXPORT, source_field="b")
        told = replace(wrote(1, "1"), columns={ORDERS: frozenset({edge})})
        put(stores, told, wrote(2, "2"))
        assert run_id(1) == stores.overview.last_runs([ETL], until=None)[ETL].columns

    def test_wires_say_which_job_read_or_wrote_a_dataset_each_once(self, stores: Stores) -> None:
        reader = of(REPORT, facts_of(3, at=3, reads=[version("1")]))
        put(stores, wrote(1, "1"), wrote(2, "2"), reader)
        wires = stores.overview.wires([ORDERS, EXPORT], until=None)
        both = {
            Wire(dataset=ORDERS, job=ETL, written=True),
            Wire(dataset=ORDERS, job=REPORT, written=False),
        }
        assert (2, both) == (len(wires), set(wires))
        assert [ETL] == [wire.job for wire in stores.overview.wires([ORDERS], until=later(2))]

    def test_runs_and_writes_are_listed_newest_first(self, stores: Stores) -> None:
        put(stores, *(wrote(number, str(number)) for number in (1, 3, 2)), wrote(4, None))
        runs = stores.overview.runs_of(ETL, until=None, offset=1, limit=2)
        assert ((run_id(3), run_id(2)), 4) == _stretch(runs)
        assert 2 == stores.overview.runs_of(ETL, until=later(2), offset=0, limit=1).total
        writes = stores.overview.writes_of(ORDERS, until=None, offset=0, limit=2)
        assert (["3", "2"], 3) == ([io.version.version for io in writes.items], writes.total)
        assert 1 == stores.overview.writes_of(ORDERS, until=later(1), offset=0, limit=1).total

    def test_events_are_listed_by_the_time_that_they_say(self, stores: Stores) -> None:
        log = [
            event(1, at=later(2)),
            event(2, at=later(1)),
            event(3, at=later(2), kind=EventKind.JOB),
            event(4, at=None),
        ]
        with stores.lineage.write() as writer:
            writer.append(log)
        assert (3, [2, 1, 3]) == _events(stores, order=TimeOrder.OLDEST_FIRST)
        assert (3, [3, 1, 2]) == _events(stores)
        assert (3, [1]) == _events(stores, offset=1, limit=1)
        assert (1, [3]) == _events(stores, kind=EventKind.JOB)
        assert (2, [3, 1]) == _events(stores, since=later(2))
        assert (1, [2]) == _events(stores, until=later(2))
        with stores.lineage.write() as writer:
            writer.replace(log[0].digest, by=log[1].digest)
        assert (2, [3, 2]) == _events(stores)


def of(job: Job, facts: RunFacts) -> RunFacts:
    """Returns facts as if another job's run had made them."""
    return replace(facts, run=replace(facts.run, job=job))


def in_state(state: RunState, facts: RunFacts) -> RunFacts:
    """Returns facts as if the run was in another state."""
    return replace(facts, run=replace(facts.run, state=state))


def event(number: int, *, at: datetime | None, kind: EventKind = EventKind.RUN) -> StoredEvent:
    """Returns an event of the log."""
    return StoredEvent(digest=bytes([number]) * 32, run_id=None, body=b"{}", kind=kind, at=at)


def _stretch(found: Any) -> tuple[Any, int]:
    return found.items, found.total


def _last(found: Any) -> dict[DatasetName, tuple[datetime | None, str | None]]:
    return {name: (each.first_at, each.last and each.last.version.version) for name, each in found.items()}


def _events(stores: Stores, **chosen: Any) -> tuple[int, Collection[int]]:
    every: dict[str, Any] = {
        "kind": None,
        "since": None,
        "until": None,
        "order": TimeOrder.NEWEST_FIRST,
        "offset": 0,
        "limit": 10,
    }
    found = stores.overview.events(**{**every, **chosen})
    return found.total, [event.digest[0] for event in found.items]
