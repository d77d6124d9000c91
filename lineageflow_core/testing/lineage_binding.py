"""What every `LineageStore` promises about what depends on several runs: names, and reads without a version.

The store in memory works these out for each question, so it is what the others are compared with.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.model.lineage import Evidence
from lineageflow_core.model.overview import Wire
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Stores, Word
from lineageflow_core.testing.lineage_answers import SEARCHES, assert_same_answers
from lineageflow_core.testing.lineage_world import JOB, Put, World, apply, new_facts, put, steps
from lineageflow_core.testing.strategies import contract_settings


class LineageBindingContract:
    """Needs the fixture `stores`, which are empty."""

    def test_a_read_is_of_what_was_there_when_its_run_started(self, stores: Stores) -> None:
        world = World()
        put(stores.lineage, [world.wrote("a", 1, at=1), world.wrote("b", 2, at=5), world.read("c", at=3)])
        [io] = stores.lineage.reads([world.run("c")])
        assert ("1", Evidence.AS_OF) == (io.version.version, io.evidence)
        assert [io] == stores.lineage.readers([io.version])

    def test_a_write_that_comes_late_is_what_was_read(self, stores: Stores) -> None:
        world = World()
        put(stores.lineage, [world.wrote("a", 1, at=1), world.read("c", at=3)])
        put(stores.lineage, [world.wrote("b", 2, at=2)])
        assert ["2"] == [io.version.version for io in stores.lineage.reads([world.run("c")])]
        assert [] == stores.lineage.readers([world.version(1)])

    def test_a_write_that_is_taken_back_was_not_read(self, stores: Stores) -> None:
        world = World()
        put(stores.lineage, [world.wrote("a", 1, at=1), world.wrote("b", 2, at=2), world.read("c", at=3)])
        put(stores.lineage, [new_facts(world.run("b"), at=2)])
        assert ["1"] == [io.version.version for io in stores.lineage.reads([world.run("c")])]

    def test_nothing_was_there_before_the_first_write(self, stores: Stores) -> None:
        world = World()
        put(stores.lineage, [world.wrote("a", 1, at=5), world.read("c", at=3)])
        [io] = stores.lineage.reads([world.run("c")])
        assert (None, Evidence.UNKNOWN) == (io.version.version, io.evidence)

    def test_a_run_does_not_read_what_it_writes(self, stores: Stores) -> None:
        world = World()
        both = new_facts(world.run("a"), at=1, reads=[world.version(None)], writes=[world.version(1)])
        put(stores.lineage, [both])
        assert [None] == [io.version.version for io in stores.lineage.reads([world.run("a")])]

    def test_the_whole_is_what_was_written_as_a_whole_and_each_partition_since(self, stores: Stores) -> None:
        world = World()
        put(
            stores.lineage,
            [
                world.wrote("a", 1, at=1, partition="x"),
                world.wrote("b", 2, at=2),
                world.wrote("c", 3, at=3, partition="x"),
                world.wrote("d", 4, at=4, partition="y"),
                world.read("e", at=5),
                world.read("f", at=5, partition="x"),
                world.read("0", at=5, partition="z"),
            ],
        )
        for run, versions in (("e", {"2", "3", "4"}), ("f", {"3"}), ("0", {"2"})):
            assert versions == {io.version.version for io in stores.lineage.reads([world.run(run)])}

    def test_names_of_one_dataset_are_one_dataset(self, stores: Stores) -> None:
        world = World()
        table, files = world.name("table"), world.name("files")
        put(
            stores.lineage,
            [
                world.wrote("a", 1, at=1, dataset="table"),
                world.read("b", at=2, dataset="files"),
            ],
        )
        assert (files,) == stores.datasets.names(files)
        with stores.lineage.write() as writer:
            writer.link([(table, files)])
        assert (files, table) == stores.datasets.names(table)
        [io] = stores.lineage.reads([world.run("b")])
        assert (files, "1") == (io.version.dataset, io.version.version)
        assert [world.run("a")] == [io.run_id for io in stores.lineage.writers([io.version])]

    def test_the_later_word_counts_whichever_comes_first(self, stores: Stores) -> None:
        name = World().name("a")
        for stamp in (b"2", b"1"):
            with stores.lineage.write() as writer:
                writer.put_words(datasets={name: {"schema": Word(stamp, b'"%s"' % stamp)}})
        with stores.lineage.write() as writer:
            writer.put_words(jobs={JOB: {"sql": Word(b"1", b"1")}}, declared={JOB: Word(b"1", b"[]")})
        assert {"schema": Word(b"2", b'"2"')} == stores.datasets.words([name])[name]
        assert {"sql": Word(b"1", b"1")} == stores.jobs.words([JOB])[JOB]

    def test_what_jobs_declare_is_found_by_dataset_under_any_name_and_by_job(self, stores: Stores) -> None:
        world = World()
        one, other = world.jobs()
        table, files, report = (world.name(name) for name in ("table", "files", "report"))
        for job, stamp, sides in (
            (one, b"2", ([table], [report])),
            (one, b"1", ([report], [])),  # which was said before
            (other, b"1", ([report], [files])),
        ):
            said = canonical_json([[[each.namespace, each.name] for each in side] for side in sides])
            apply(stores.lineage, [Put(declared=(job, Word(stamp, said)))])
        with stores.lineage.write() as writer:
            writer.link([(table, files)])
        reads, writes = (
            Wire(dataset=table, job=one, written=False),
            Wire(dataset=report, job=one, written=True),
        )
        wrote = Wire(dataset=files, job=other, written=True)
        read = Wire(dataset=report, job=other, written=False)
        assert sorted([reads, wrote]) == stores.lineage.declarations(datasets=[files])
        assert sorted([reads, writes]) == stores.lineage.declarations(jobs=[one])
        assert sorted([reads, writes, read]) == stores.lineage.declarations(datasets=[report], jobs=[one])
        assert [] == stores.lineage.declarations()

    @settings(contract_settings, max_examples=40)
    @given(data=st.data())
    def test_every_store_answers_as_the_one_in_memory(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        told = data.draw(st.lists(steps(world), max_size=8))
        searches = data.draw(st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=4, unique=True))
        oracle = MemoryStores()
        for each in (stores, oracle):
            apply(each.lineage, told)
        assert_same_answers(world, oracle, stores, searches=searches)

    @settings(contract_settings, max_examples=40)
    @given(data=st.data())
    def test_the_order_in_which_facts_come_does_not_matter(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        drawn = data.draw(st.lists(steps(world), max_size=6))
        # Facts about one run take the place of those before: of these, the last stay.
        told = list({step.facts.run.id if step.facts else step: step for step in drawn}.values())
        searches = data.draw(st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=4, unique=True))
        oracle = MemoryStores()
        apply(oracle.lineage, told)
        apply(stores.lineage, data.draw(st.permutations(told)))
        assert_same_answers(world, oracle, stores, searches=searches)
