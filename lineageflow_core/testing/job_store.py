"""What every `JobStore` promises, beside what `lineage_binding.py` compares."""

from dataclasses import replace
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job, JobEdge, RunState
from lineageflow_core.store.ports import JobStore, LastRuns, Stores, Word
from lineageflow_core.testing.facts import (
    ETL,
    EXPORT,
    ORDERS,
    REPORT,
    facts_of,
    in_state,
    of,
    put,
    version,
    wrote,
)
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import later, run_id

ALL: dict[str, Any] = {
    "namespace": None,
    "pattern": None,
    "states": (),
    "until": None,
    "offset": 0,
    "limit": 10,
}


class JobStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(JobStore, stores.jobs)

    def test_nothing_is_known_of_what_nobody_named(self, stores: Stores) -> None:
        store = stores.jobs
        assert () == store.list_jobs(namespace=None, after=None, limit=10).items
        assert ({}, {}) == (store.jobs([ETL]), store.words([ETL]))
        assert ([], {}) == (store.edges([ETL]), store.last_runs([ETL], until=None))
        assert () == store.list_runs(ETL, after=None, limit=10).items
        assert ((), 0) == _stretch(store.list_names(**ALL))
        assert ((), 0) == _stretch(store.list_run_ids(ETL, until=None, offset=0, limit=10))

    def test_what_an_event_names_is_known_although_it_says_nothing_of_it(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_words(jobs={ETL: {}})
        [job] = stores.jobs.list_jobs(namespace=None, after=None, limit=10).items
        assert (ETL, 0, None) == (job.job, job.runs, job.latest)

    def test_a_job_has_its_runs_newest_first_whatever_their_parent(self, stores: Stores) -> None:
        facts = [wrote(number, str(number), parent=run_id(9)) for number in (1, 3, 2)]
        put(stores, *facts)
        found = list(every(lambda after, _limit: stores.jobs.list_runs(ETL, after=after, limit=1)))
        assert [run_id(3), run_id(2), run_id(1)] == [run.id for run in found]
        known = stores.jobs.jobs([ETL, Job(namespace="airflow", name="other")])
        assert [(ETL, 3, found[0])] == [(job.job, job.runs, job.latest) for job in known.values()]

    def test_jobs_that_others_name_are_listed(self, stores: Stores) -> None:
        before = Job(namespace="airflow", name="before")
        facts = wrote(1, "1", job_edges=(JobEdge(source=before, target=ETL),))
        put(stores, facts)
        assert [before, ETL] == [
            each.job
            for each in every(
                lambda after, _limit: stores.jobs.list_jobs(namespace="airflow", after=after, limit=1)
            )
        ]

    def test_words_are_those_of_each_and_what_a_job_declares_is_none(self, stores: Stores) -> None:
        word, other = Word(b"1", b"{}"), Word(b"2", b"[[],[]]")
        with stores.lineage.write() as writer:
            writer.put_words(jobs={ETL: {"sql": word}}, declared={ETL: other, REPORT: other})
        assert {ETL: {"sql": word}} == stores.jobs.words([ETL, REPORT])

    def test_lists_are_cut_by_position_and_tell_how_long_they_are(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), of(REPORT, facts_of(3, at=3)))
        names = stores.jobs.list_names
        assert ((REPORT,), 2) == _stretch(names(**{**ALL, "offset": 1}))
        assert ((ETL,), 1) == _stretch(names(**{**ALL, "pattern": "T_"}))
        assert ((), 0) == _stretch(names(**{**ALL, "namespace": "file"}))
        with pytest.raises(InvalidInputError):
            names(**{**ALL, "offset": -1})

    def test_names_as_of_a_time_are_of_what_had_run_by_then(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), of(REPORT, facts_of(2, at=2)))
        assert ((ETL,), 1) == _stretch(stores.jobs.list_names(**{**ALL, "until": later(1)}))

    def test_jobs_are_chosen_by_the_state_of_their_latest_run(self, stores: Stores) -> None:
        failed = in_state(RunState.FAILED, wrote(3, None))
        put(stores, wrote(1, "1"), failed, of(REPORT, wrote(2, "2")))
        names = stores.jobs.list_names
        assert (ETL,) == names(**{**ALL, "states": [RunState.FAILED]}).items
        assert (REPORT,) == names(**{**ALL, "states": [RunState.COMPLETED]}).items
        assert (ETL, REPORT) == names(**{**ALL, "states": [RunState.COMPLETED, RunState.FAILED]}).items

    def test_the_runs_that_tell_what_a_job_does_are_the_last_and_the_last_complete_one(
        self, stores: Stores
    ) -> None:
        going = in_state(RunState.RUNNING, facts_of(4, at=4, reads=[version("1")]))
        silent = facts_of(5, at=5)
        put(stores, wrote(1, "1"), wrote(2, "2"), going, silent)
        last = stores.jobs.last_runs([ETL, REPORT], until=None)
        expected = LastRuns(first_at=later(1), latest=run_id(5), telling=(run_id(4), run_id(2)))
        assert {ETL: expected} == last
        then = stores.jobs.last_runs([ETL], until=later(1.5))[ETL]
        assert (run_id(1), (run_id(1),)) == (then.latest, then.telling)
        assert {} == stores.jobs.last_runs([ETL], until=later(0))

    def test_a_run_that_wrote_later_had_not_completed_then(self, stores: Stores) -> None:
        slow = wrote(2, "2")
        slow = replace(slow, writes=tuple(replace(io, at=later(9)) for io in slow.writes))
        put(stores, wrote(1, "1"), slow)
        then = stores.jobs.last_runs([ETL], until=later(5))[ETL]
        assert (run_id(2), run_id(1)) == then.telling

    def test_the_last_run_that_tells_of_columns_is_known(self, stores: Stores) -> None:
        edge = ColumnEdge(field="a", source=EXPORT, source_field="b")
        told = replace(wrote(1, "1"), columns={ORDERS: frozenset({edge})})
        put(stores, told, wrote(2, "2"))
        assert run_id(1) == stores.jobs.last_runs([ETL], until=None)[ETL].columns

    def test_runs_are_listed_newest_first_by_position(self, stores: Stores) -> None:
        put(stores, *(wrote(number, str(number)) for number in (1, 3, 2)), wrote(4, None))
        runs = stores.jobs.list_run_ids(ETL, until=None, offset=1, limit=2)
        assert ((run_id(3), run_id(2)), 4) == _stretch(runs)
        assert 2 == stores.jobs.list_run_ids(ETL, until=later(2), offset=0, limit=1).total

    @pytest.mark.parametrize("place", ["", "x", "[]", "[1]", '["a"]', '["a", 1]', "{}"])
    def test_what_is_no_place_in_a_list_is_refused(self, stores: Stores, place: str) -> None:
        with pytest.raises(InvalidInputError):
            stores.jobs.list_jobs(namespace=None, after=place, limit=1)


def _stretch(found: Any) -> tuple[Any, int]:
    return found.items, found.total
