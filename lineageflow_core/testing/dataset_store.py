"""What every `DatasetStore` promises, beside what `lineage_binding.py` compares."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.gaps import Gap
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.store.ports import DatasetStore, RunFacts, Stores, Word
from lineageflow_core.testing.facts import ETL, EXPORT, ORDERS, REPORT, facts_of, of, put, version, wrote
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import later, run_id

ALL: dict[str, Any] = {"namespace": None, "pattern": None, "until": None, "offset": 0, "limit": 10}


class DatasetStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(DatasetStore, stores.datasets)

    def test_nothing_is_known_of_what_nobody_named(self, stores: Stores) -> None:
        store = stores.datasets
        assert () == store.list_namespaces(after=None, limit=10).items
        assert ({}, {}, {}) == (
            store.datasets([ORDERS]),
            store.words([ORDERS]),
            store.written([ORDERS], until=None),
        )
        assert ({ORDERS: ORDERS}, (ORDERS,)) == (store.first_names([ORDERS]), store.names(ORDERS))
        assert ([], []) == (store.wires([ORDERS], until=None), store.words_on("tags"))
        assert () == store.history(ORDERS, partition=None, after=None, limit=10).items
        assert () == store.list_tested(ORDERS, failed=None, after=None, limit=10).items
        assert ((), 0) == _stretch(store.list_names(**ALL))
        assert ((), 0) == _stretch(store.list_writes(ORDERS, until=None, offset=0, limit=10))

    def test_what_an_event_names_is_known_although_it_says_nothing_of_it(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_words(datasets={ORDERS: {}})
        [dataset] = stores.datasets.list_datasets(namespace=None, after=None, limit=10).items
        assert (ORDERS, 0, None) == (dataset.name, dataset.versions, dataset.current)

    def test_what_a_run_does_not_touch_any_more_is_not_known_by_it(self, stores: Stores) -> None:
        put(stores, wrote(1, "1", dataset=EXPORT))
        put(stores, wrote(1, "1"))
        assert [ORDERS] == [
            each.name for each in stores.datasets.list_datasets(namespace=None, after=None, limit=9).items
        ]

    def test_a_dataset_is_listed_once_under_its_first_name(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"))
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
        [dataset] = stores.datasets.list_datasets(namespace=None, after=None, limit=10).items
        assert EXPORT == dataset.name
        assert {EXPORT: dataset, ORDERS: dataset} == stores.datasets.datasets([EXPORT, ORDERS])
        assert () == stores.datasets.list_datasets(namespace="s3://lake", after=None, limit=10).items

    def test_the_type_of_a_dataset_is_what_was_said_last_under_any_name(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
            for name, stamp, said in ((ORDERS, b"2", "VIEW"), (EXPORT, b"1", "FILE")):
                word = Word(stamp, b'{"datasetType": "%s"}' % said.encode())
                writer.put_words(datasets={name: {"datasetType": word}})
        assert "VIEW" == stores.datasets.datasets([ORDERS])[ORDERS].dataset_type

    def test_namespaces_are_counted_and_paged(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", dataset=EXPORT))
        found = list(every(lambda after, _limit: stores.datasets.list_namespaces(after=after, limit=1)))
        assert [("airflow", 0, 1), ("file", 1, 0), ("s3://lake", 1, 0)] == [
            (each.namespace, each.datasets, each.jobs) for each in found
        ]

    def test_lists_are_cut_by_position_and_tell_how_long_they_are(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", dataset=EXPORT))
        names = stores.datasets.list_names
        assert ((ORDERS,), 2) == _stretch(names(**{**ALL, "offset": 1}))
        assert ((EXPORT,), 2) == _stretch(names(**{**ALL, "limit": 1}))
        assert ((EXPORT,), 1) == _stretch(names(**{**ALL, "namespace": "file"}))
        assert ((), 2) == _stretch(names(**{**ALL, "offset": 9}))
        for wrong in ({"offset": -1}, {"limit": 0}, {"limit": 1001}, {"offset": 1 << 31}):
            with pytest.raises(InvalidInputError):
                names(**{**ALL, **wrong})

    @pytest.mark.parametrize("pattern", ["ORD", "o%s", "or_ers", "%", ""])
    def test_names_are_found_by_a_part_of_them(self, stores: Stores, pattern: str) -> None:
        put(stores, wrote(1, "1"))
        assert (ORDERS,) == stores.datasets.list_names(**{**ALL, "pattern": pattern}).items

    @pytest.mark.parametrize("pattern", ["ÄRG", "ärg", "Rge", "%GER"])
    def test_all_alphabets_have_upper_and_lower_case(self, stores: Stores, pattern: str) -> None:
        names = [replace(ORDERS, name=name) for name in ("ÄRGER", "ärger")]
        jobs = [Job(namespace="airflow", name=each.name) for each in names]
        with stores.lineage.write() as writer:
            writer.put_words(datasets={name: {} for name in names}, jobs={job: {} for job in jobs})
        asked = {**ALL, "pattern": pattern}
        assert tuple(names) == stores.datasets.list_names(**asked).items
        assert tuple(jobs) == stores.jobs.list_names(**asked, states=()).items

    def test_a_name_is_found_by_what_stands_far_behind(self, stores: Stores) -> None:
        long = replace(ORDERS, name="x" * 300 + "Order")
        with stores.lineage.write() as writer:
            writer.put_words(datasets={long: {}})
        assert (long,) == stores.datasets.list_names(**{**ALL, "pattern": "xord"}).items

    @pytest.mark.parametrize("pattern", ["o.*", "order%x", "!o", "\\", "order_s"])
    def test_names_are_not_found_by_what_is_no_part_of_them(self, stores: Stores, pattern: str) -> None:
        put(stores, wrote(1, "1"))
        assert () == stores.datasets.list_names(**{**ALL, "pattern": pattern}).items

    def test_names_as_of_a_time_are_of_what_was_touched_by_then(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(3, "3", dataset=EXPORT))
        assert ((ORDERS,), 1) == _stretch(stores.datasets.list_names(**{**ALL, "until": later(1)}))

    def test_words_of_many_are_those_of_each_under_any_name(self, stores: Stores) -> None:
        first, second = Word(b"1", b"{}"), Word(b"2", b"[]")
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
            writer.put_words(datasets={ORDERS: {"tags": second, "x": first}, EXPORT: {"tags": first}})
        store = stores.datasets
        words = {"tags": second, "x": first}
        assert {ORDERS: words, EXPORT: words} == store.words([ORDERS, EXPORT])
        assert [(EXPORT, second)] == store.words_on("tags")
        assert {ORDERS: EXPORT, EXPORT: EXPORT} == store.first_names([ORDERS, EXPORT])
        assert (EXPORT, ORDERS) == store.names(ORDERS)

    def test_the_history_has_writes_newest_first_and_what_nobody_wrote(self, stores: Stores) -> None:
        unwritten = version("9")
        reader = facts_of(4, at=2.5, reads=[unwritten, version("1")])
        put(stores, wrote(1, "1"), wrote(2, None), wrote(3, "1"), reader)
        found = list(
            every(lambda after, _limit: stores.datasets.history(ORDERS, partition=None, after=after, limit=1))
        )
        assert [("1", 3), ("9", None), (None, 2), ("1", 1)] == [
            (each.io.version.version, each.run and int(each.run.id.replace("-", ""), 16)) for each in found
        ]
        assert run_id(4) == found[1].io.run_id

    def test_the_history_of_a_partition_is_its_own(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", partition="day=1"))
        page = stores.datasets.history(ORDERS, partition="day=1", after=None, limit=10)
        assert ["2"] == [each.io.version.version for each in page.items]

    def test_writes_are_listed_newest_first(self, stores: Stores) -> None:
        put(stores, *(wrote(number, str(number)) for number in (1, 3, 2)), wrote(4, None))
        writes = stores.datasets.list_writes(ORDERS, until=None, offset=0, limit=2)
        assert (["3", "2"], 3) == ([io.version.version for io in writes.items], writes.total)
        assert 1 == stores.datasets.list_writes(ORDERS, until=later(1), offset=0, limit=1).total

    def test_what_was_written_last_is_told_as_of_any_time(self, stores: Stores) -> None:
        put(stores, facts_of(1, at=1, reads=[version("0")]), wrote(2, "2"), wrote(3, "3"), wrote(4, None))
        written = stores.datasets.written
        assert {ORDERS: (later(1), "3")} == _last(written([ORDERS, EXPORT], until=None))
        assert {ORDERS: (later(1), "2")} == _last(written([ORDERS], until=later(2.5)))
        assert {ORDERS: (later(1), None)} == _last(written([ORDERS], until=later(1)))
        assert {} == written([ORDERS], until=later(0))

    def test_wires_say_which_job_read_or_wrote_a_dataset_each_once(self, stores: Stores) -> None:
        reader = of(REPORT, facts_of(3, at=3, reads=[version("1")]))
        put(stores, wrote(1, "1"), wrote(2, "2"), reader)
        wires = stores.datasets.wires([ORDERS, EXPORT], until=None)
        both = {
            Wire(dataset=ORDERS, job=ETL, written=True),
            Wire(dataset=ORDERS, job=REPORT, written=False),
        }
        assert (2, both) == (len(wires), set(wires))
        assert [ETL] == [wire.job for wire in stores.datasets.wires([ORDERS], until=later(2))]

    @pytest.mark.parametrize("place", ["", "x", "[]", "[1]", '["a"]', '[1, "x", "", ""]', '["a", 1]', "{}"])
    def test_what_is_no_place_in_a_list_is_refused(self, stores: Stores, place: str) -> None:
        store = stores.datasets
        for ask in (
            lambda: store.list_datasets(namespace=None, after=place, limit=1),
            lambda: store.history(ORDERS, partition=None, after=place, limit=1),
        ):
            with pytest.raises(InvalidInputError):
                ask()

    def test_gaps_are_counted_of_how_many_there_could_be(self, stores: Stores) -> None:
        going = replace(wrote(2, None).run, state=RunState.RUNNING, id=run_id(5))
        put(
            stores,
            wrote(1, "1"),
            facts_of(2, at=2, reads=[version(None), version(None, dataset=EXPORT)]),
            RunFacts(run=going, reads=(), writes=()),
            RunFacts(run=replace(going, id=run_id(4), started_at=later(9)), reads=(), writes=()),
        )
        assert [(2, 4), (1, 2), (1, 1), (1, 1), (0, 0)] == [
            (each.count, each.of) for each in stores.datasets.count_gaps()
        ]
        unended = every(lambda after, _limit: stores.jobs.list_unended(after=after, limit=1))
        assert [run_id(5), run_id(4)] == [run.id for run in unended]
        [lacking] = stores.datasets.list_lacking(Gap.UNPRODUCED_INPUT, after=None, limit=10).items
        assert EXPORT == lacking.name

    def test_lists_are_cleared_with_the_facts(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"))
        with stores.lineage.write() as writer:
            writer.clear()
        assert () == stores.datasets.list_namespaces(after=None, limit=10).items

    def test_what_is_known_has_one_digest_whatever_the_order(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_words(datasets={ORDERS: {}})
            before = writer.digests()
            writer.put_words(datasets={EXPORT: {}})
            both = writer.digests()
            writer.clear()
            writer.put_words(datasets={EXPORT: {}})
            writer.put_words(datasets={ORDERS: {}})
            assert (both, False) == (writer.digests(), before == both)


def _stretch(found: Any) -> tuple[Any, int]:
    return found.items, found.total


def _last(found: Any) -> dict[DatasetName, tuple[datetime | None, str | None]]:
    return {name: (each.first_at, each.last and each.last.version.version) for name, each in found.items()}
