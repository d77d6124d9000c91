"""What every `LineageStore` promises."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.store.ports import LineageStore, RunFacts, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.strategies import contract_settings, run_facts
from lineageflow_core.testing.values import later, new_facts, new_ios, new_run, new_version, run_id


class RunFactsContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(LineageStore, stores.lineage)

    @contract_settings
    @given(facts=run_facts())
    def test_facts_are_kept_exactly(self, stores: Stores, facts: RunFacts) -> None:
        put(stores, facts)
        run = facts.run.id
        assert {run: facts.run} == stores.lineage.runs([run])
        assert set(facts.reads) == set(stores.lineage.reads([run]))
        assert set(facts.writes) == set(stores.lineage.writes([run]))
        for side, find in (
            (facts.reads, stores.lineage.readers),
            (facts.writes, stores.lineage.writers),
        ):
            found = find([io.version for io in side])
            assert set(side) == {io for io in found if io.run_id == run}

    def test_what_is_not_known_is_not_found(self, stores: Stores) -> None:
        nothing = (
            stores.lineage.runs([run_id(1)]),
            stores.lineage.steps([run_id(1)]),
            stores.lineage.reads([run_id(1)]),
            stores.lineage.writes([]),
            stores.lineage.readers([new_version("a")]),
            stores.lineage.writers([]),
        )
        assert ({}, [], [], [], [], []) == nothing

    def test_what_was_put_with_facts_is_kept(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_facts(new_facts(new_run(1)), b"record")
        assert {run_id(1): b"record"} == stores.lineage.records([run_id(1), run_id(2)])

    def test_new_facts_about_a_run_replace_the_old_ones(self, stores: Stores) -> None:
        a, b, c = (new_version(name) for name in "abc")
        put(stores, new_facts(new_run(1, state=RunState.RUNNING), reads=[a], writes=[b]))
        run = new_run(1, job="renamed", parent=run_id(9))
        put(stores, new_facts(run, reads=[b], writes=[c]))
        assert {run.id: run} == stores.lineage.runs([run.id])
        assert list(new_ios(run, [b])) == stores.lineage.reads([run.id])
        assert list(new_ios(run, [c])) == stores.lineage.writers([a, b, c])
        assert [] == stores.lineage.readers([a])
        assert [run] == stores.lineage.steps([run_id(9)])

    def test_versions_differ_in_any_part(self, stores: Stores) -> None:
        version = new_version("a", "1", "p")
        others = [
            replace(version, namespace="lf://trains"),
            replace(version, name="b"),
            replace(version, partition=""),
            replace(version, version="2"),
            replace(version, version=None),
        ]
        for number, each in enumerate([version, *others]):
            put(stores, new_facts(new_run(number), writes=[each]))
        for number, each in enumerate([version, *others]):
            assert [run_id(number)] == [io.run_id for io in stores.lineage.writers([each])]

    def test_a_run_may_write_what_it_reads(self, stores: Stores) -> None:
        run, version = new_run(1), new_version("a")
        put(stores, new_facts(run, reads=[version], writes=[version]))
        found = (stores.lineage.readers([version]), stores.lineage.writers([version]))
        assert (list(new_ios(run, [version])), list(new_ios(run, [version]))) == found

    def test_many_runs_and_versions_are_asked_for_at_once(self, stores: Stores) -> None:
        runs = [new_run(number) for number in range(1201)]
        versions = [new_version("a", str(number)) for number in range(1201)]
        put(stores, *(new_facts(run, writes=[each]) for run, each in zip(runs, versions, strict=True)))
        expected = {run.id: version for run, version in zip(runs, versions, strict=True)}
        written = stores.lineage.writes([run.id for run in runs])
        assert expected == {io.run_id: io.version for io in written}
        assert expected == {io.run_id: io.version for io in stores.lineage.writers(versions)}
        assert {run.id: run for run in runs} == stores.lineage.runs([run.id for run in runs])

    @contract_settings
    @given(order=st.permutations(range(6)))
    def test_the_order_in_which_facts_came_does_not_show(self, stores: Stores, order: list[int]) -> None:
        pipeline = run_id(99)
        runs = [
            new_run(number, parent=pipeline, started_at=later(number % 3) if number else None)
            for number in range(6)
        ]
        put(stores, *(new_facts(runs[number]) for number in order))
        assert [run_id(number) for number in (0, 3, 1, 4, 2, 5)] == [
            run.id for run in stores.lineage.steps([pipeline])
        ]
        assert [run_id(number) for number in (5, 2, 4, 1, 3, 0)] == ids_of(list_runs(stores, parent=pipeline))

    def test_runs_are_listed_newest_first_in_pages(self, stores: Stores) -> None:
        minutes = {1: 5, 2: 9, 3: 5, 4: 0, 5: 9}
        put(stores, *(new_facts(new_run(key, started_at=later(at))) for key, at in minutes.items()))
        first = list_runs(stores, limit=2)
        second = list_runs(stores, after=first.next, limit=2)
        third = list_runs(stores, after=second.next, limit=2)
        assert [run_id(number) for number in (5, 2, 3, 1, 4)] == [
            *ids_of(first),
            *ids_of(second),
            *ids_of(third),
        ]
        assert third.next is None

    def test_a_run_without_start_stands_at_its_end(self, stores: Stores) -> None:
        put(
            stores,
            new_facts(new_run(1, started_at=later(1))),
            new_facts(new_run(2, started_at=None, ended_at=later(2))),
            new_facts(new_run(3, started_at=later(3))),
        )
        assert [run_id(3), run_id(2), run_id(1)] == ids_of(list_runs(stores))

    def test_runs_are_listed_by_job_state_and_parent(self, stores: Stores) -> None:
        put(
            stores,
            new_facts(new_run(1)),
            new_facts(new_run(2, state=RunState.FAILED)),
            new_facts(new_run(3, job="other")),
            new_facts(new_run(4, parent=run_id(1))),
        )
        assert [run_id(3), run_id(2), run_id(1)] == ids_of(list_runs(stores))
        assert [run_id(2), run_id(1)] == ids_of(list_runs(stores, job="flights.clean"))
        assert [run_id(2)] == ids_of(list_runs(stores, state=RunState.FAILED))
        assert [run_id(4)] == ids_of(list_runs(stores, parent=run_id(1)))
        assert [] == ids_of(list_runs(stores, job="nothing"))

    @contract_settings
    @given(parents=st.lists(st.tuples(st.integers(1, 4), st.none() | st.integers(1, 5)), max_size=8))
    def test_runs_that_are_each_others_parents_stand_in_lists_once(
        self, stores: Stores, parents: list[tuple[int, int | None]]
    ) -> None:
        put(stores, *(new_facts(new_run(number)) for number in range(1, 5)))
        said: dict[int, int | None] = dict.fromkeys(range(1, 5))
        for number, parent in parents:
            said[number] = parent if parent != number else None
            above = run_id(parent) if parent is not None and parent != number else None
            put(stores, new_facts(new_run(number, parent=above)))

        def below(number: int | None) -> list[int]:
            """Goes down, and must not go round."""
            listed = ids_of(list_runs(stores, parent=run_id(number) if number else None))
            if number is not None:
                assert set(listed) == {run.id for run in stores.lineage.steps([run_id(number)])}
            numbers = sorted(each for each in range(1, 5) if run_id(each) in listed)
            return [*numbers, *(each for found in numbers for each in below(found))]

        assert [1, 2, 3, 4] == sorted([*below(None), *below(5)])
        roots = ids_of(list_runs(stores))
        assert {run_id(number) for number, parent in said.items() if parent is None} <= set(roots)

    def test_the_first_of_a_loop_stands_above_whichever_came_first(self, stores: Stores) -> None:
        facts = [new_facts(new_run(number, parent=run_id(number % 3 + 1))) for number in (2, 3, 1)]
        put(stores, *facts)
        assert [run_id(1)] == ids_of(list_runs(stores))
        assert [run_id(3)] == ids_of(list_runs(stores, parent=run_id(1)))
        assert {facts[2].run.id: facts[2].run} == stores.lineage.runs([run_id(1)])
        put(stores, new_facts(new_run(2)))  # and goes round no more
        assert [run_id(2)] == ids_of(list_runs(stores))
        assert [run_id(1)] == ids_of(list_runs(stores, parent=run_id(2)))

    @pytest.mark.parametrize("after", ["", "x", "12.x"])
    def test_a_place_that_no_page_gave_is_refused(self, stores: Stores, after: str) -> None:
        with pytest.raises(InvalidInputError):
            list_runs(stores, after=after)


def put(stores: Stores, *facts: RunFacts) -> None:
    """Stores facts in one transaction."""
    with stores.lineage.write() as writer:
        for each in facts:
            writer.put_facts(each)


def list_runs(
    stores: Stores,
    *,
    job: str | None = None,
    state: RunState | None = None,
    parent: RunId | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Run]:
    """Returns a page of runs."""
    return stores.lineage.list_runs(job=job, state=state, parent=parent, after=after, limit=limit)


def ids_of(page: Page[Run]) -> list[RunId]:
    """Returns the ids of a page's runs."""
    return [run.id for run in page.items]
