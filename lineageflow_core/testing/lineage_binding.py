"""What every `LineageStore` promises about what depends on several runs: names, and reads without a version.

The store in memory works these out for each question, so it is what the others are compared with.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import TypeVar
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.model.gaps import Gap
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page, every
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.model.search import Condition, parse_search
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import DatasetStore, LineageStore, RunFacts, Stores, Word
from lineageflow_core.testing.strategies import contract_settings
from lineageflow_core.testing.values import later

JOB = Job(namespace="dagster", name="etl")
T = TypeVar("T")
Link = tuple[DatasetName, DatasetName]


@dataclass(frozen=True)
class Put:
    """One step: facts, or a link, or words, in a transaction of their own or with the one before."""

    facts: RunFacts | None = None
    link: Link | None = None
    words: tuple[DatasetName, str, Word] | None = None
    declared: tuple[Job, Word] | None = None
    joined: bool = False


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
        steps = data.draw(st.lists(_steps(world), max_size=8))
        searches = data.draw(st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=4, unique=True))
        oracle = MemoryStores()
        for each in (stores, oracle):
            apply(each.lineage, steps)
        assert_same_answers(world, oracle, stores, searches=searches)

    @settings(contract_settings, max_examples=40)
    @given(data=st.data())
    def test_the_order_in_which_facts_come_does_not_matter(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        drawn = data.draw(st.lists(_steps(world), max_size=6))
        # Facts about one run take the place of those before: of these, the last stay.
        steps = list({step.facts.run.id if step.facts else step: step for step in drawn}.values())
        searches = data.draw(st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=4, unique=True))
        oracle = MemoryStores()
        apply(oracle.lineage, steps)
        apply(stores.lineage, data.draw(st.permutations(steps)))
        assert_same_answers(world, oracle, stores, searches=searches)


class World:
    """Names that no other example has."""

    def __init__(self) -> None:
        self._id = uuid4()
        self._runs: dict[str, RunId] = {}

    def run(self, name: str) -> RunId:
        """Returns the id of the run with a name."""
        return RunId(str(self._id)[:-1] + name)

    def name(self, dataset: str) -> DatasetName:
        """Returns the name of a dataset; that of 'ours' is one of ours."""
        scheme = "lf" if dataset == "ours" else "s3"
        return DatasetName(namespace=f"{scheme}://{self._id.hex}", name=dataset)

    def jobs(self) -> list[Job]:
        """Returns jobs that no other example has."""
        return [Job(namespace=self._id.hex, name=name) for name in ("p", "q")]

    def version(self, version: int | None, *, dataset: str = "a", partition: str = "") -> Version:
        """Returns a version."""
        name = self.name(dataset)
        text = None if version is None else str(version)
        return Version(namespace=name.namespace, name=name.name, partition=partition, version=text)

    def wrote(
        self, run: str, version: int, *, at: float, dataset: str = "a", partition: str = ""
    ) -> RunFacts:
        """Returns facts about a run that wrote a version."""
        return new_facts(
            self.run(run), at=at, writes=[self.version(version, dataset=dataset, partition=partition)]
        )

    def read(self, run: str, *, at: float, dataset: str = "a", partition: str = "") -> RunFacts:
        """Returns facts about a run that read a dataset, and does not say which version."""
        return new_facts(
            self.run(run), at=at, reads=[self.version(None, dataset=dataset, partition=partition)]
        )


def new_facts(
    run: RunId, *, at: float | None, reads: Sequence[Version] = (), writes: Sequence[Version] = ()
) -> RunFacts:
    """Returns facts about a run of an instant."""
    instant = None if at is None else later(at)
    return RunFacts(
        run=Run(id=run, job=JOB, state=RunState.COMPLETED, started_at=instant),
        reads=tuple(_io(run, version, instant) for version in reads),
        writes=tuple(_io(run, version, instant) for version in writes),
    )


def _io(run: RunId, version: Version, at: datetime | None) -> Io:
    evidence = Evidence.UNKNOWN if version.version is None else Evidence.EXPLICIT
    return Io(run_id=run, version=version, evidence=evidence, at=at)


def put(store: LineageStore, facts: Sequence[RunFacts]) -> None:
    """Stores facts in one transaction."""
    apply(store, [Put(facts=each, joined=True) for each in facts])


def apply(store: LineageStore, steps: Sequence[Put]) -> None:
    """Does what the steps say."""
    groups: list[list[Put]] = []
    for step in steps:
        if step.joined and groups:
            groups[-1].append(step)
        else:
            groups.append([step])
    for group in groups:
        with store.write() as writer:
            for step in group:
                if step.facts is not None:
                    writer.put_facts(step.facts)
                if step.link is not None:
                    writer.link([step.link])
                if step.words is not None:
                    name, facet, word = step.words
                    writer.put_words(datasets={name: {facet: word}})
                if step.declared is not None:
                    job, word = step.declared
                    writer.put_words(jobs={job: {}}, declared={job: word})


def assert_same_answers(
    world: World, expected: Stores, actual: Stores, *, searches: Sequence[str] = ()
) -> None:
    """Asks both stores everything about a world."""
    runs = [world.run(name) for name in RUNS]
    names = [world.name(name) for name in DATASETS]
    versions = [
        replace(world.version(version, dataset=name, partition=partition))
        for name in DATASETS
        for partition in PARTITIONS
        for version in VERSIONS
    ]
    first_names = _first_names(expected.datasets, versions)
    asked: list[Callable[[LineageStore], object]] = [
        lambda store: set(store.reads(runs)),
        lambda store: set(store.writes(runs)),
        lambda store: set(store.readers(first_names)),
        lambda store: set(store.writers(first_names)),
        lambda store: set(store.flows(runs)),
        lambda store: store.columns(runs),
        lambda store: [
            store.runs_that_touched(name.namespace, after=after, limit=2)
            for name in names[1:]
            for after in (None, *runs)
        ],
        lambda store: [store.declarations(datasets=[name]) for name in names],
        lambda store: store.declarations(datasets=names[:1], jobs=world.jobs()),
        lambda store: [
            store.jobs_that_declare(namespace, after=after, limit=1)
            for namespace in sorted({name.namespace for name in names})
            for after in (None, *world.jobs())
        ],
    ]
    for ask in asked:
        assert ask(expected.lineage) == ask(actual.lineage)
    for question in _about_datasets(names, first_names, searches):
        assert question(expected.datasets) == question(actual.datasets)
    settled = settled_writes(actual.lineage, runs)
    may_be = settled_writes(expected.lineage, runs)
    assert may_be.keys() == settled.keys()
    assert {write for write in settled if settled[write]} <= {write for write in may_be if may_be[write]}
    edges = [
        [edge for edge in stores.jobs.edges([JOB]) if edge.source.namespace == str(world.name("a"))]
        for stores in (expected, actual)
    ]
    assert edges[0] == edges[1]


def settled_writes(store: LineageStore, run_ids: Sequence[RunId]) -> dict[tuple[RunId, Version], bool]:
    """Returns all writes of runs, and whether each is said to be settled: the same from both of its ends."""
    found: dict[tuple[RunId, Version], bool] = {}
    with store.look() as look:
        runs = {key: run_id for run_id, key in look.run_keys(run_ids).items()}
        for key, run_id in runs.items():
            writes = look.written_by([key])
            unsettled = {version for _, version in writes.unsettled}
            for version, name in look.versions(writes.settled | unsettled).items():
                found[run_id, name] = version in writes.settled
                back = look.writers([version])
                assert found[run_id, name] is (key in back.settled)
                assert found[run_id, name] is ((key, version) not in back.unsettled)
    return found


def _about_datasets(
    names: Sequence[DatasetName], versions: Sequence[Version], searches: Sequence[str]
) -> Iterator[Callable[[DatasetStore], object]]:
    yield lambda store: store.datasets(names)
    yield lambda store: store.words(names)
    yield lambda store: [store.names(name) for name in names]
    for namespace in sorted({name.namespace for name in names}):
        yield lambda store, namespace=namespace: every_page(  # type: ignore[misc]
            lambda after: store.list_datasets(namespace=namespace, after=after, limit=1)
        )
        yield lambda store: set(store.tested(versions))
    for gap in (Gap.UNPRODUCED_INPUT, Gap.OUTPUT_WITHOUT_SCHEMA, Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE):
        yield lambda store, gap=gap: _lacking(store, gap, names)  # type: ignore[misc]
        for conditions in map(parse_search, searches):
            meant = (_with_sources(each, names) for each in conditions)
            narrowed = (*meant, *parse_search(f'namespace:"{namespace}"'))
            yield lambda store, narrowed=narrowed: every_page(  # type: ignore[misc]
                lambda after: store.search(narrowed, now=later(3), after=after, limit=2)
            )
    for name, failed in product(names, (None, True, False)):
        yield lambda store, name=name, failed=failed: every_page(  # type: ignore[misc]
            lambda after: store.list_tested(name, failed=failed, after=after, limit=1)
        )
    for name, partition in product(names, (None, *PARTITIONS)):
        yield lambda store, name=name, partition=partition: every_page(  # type: ignore[misc]
            lambda after: store.history(name, partition=partition, after=after, limit=2)
        )


def _with_sources(condition: Condition, names: Sequence[DatasetName]) -> Condition:
    """Returns a condition with the datasets that it means, as a service would find them."""
    return replace(condition, sources=tuple(name for name in names if condition.text.matches(name.name)))


def _lacking(store: DatasetStore, gap: Gap, names: Sequence[DatasetName]) -> list[KnownDataset]:
    found = every_page(lambda after: store.list_lacking(gap, after=after, limit=1000))
    return [each for each in found if each.name in names]


def every_page(fetch: Callable[[str | None], Page[T]]) -> list[T]:
    """Returns the items of all pages."""
    return list(every(lambda after, _limit: fetch(after)))


def _first_names(store: DatasetStore, versions: Sequence[Version]) -> list[Version]:
    return list(dict.fromkeys(version.under(store.names(version.dataset)[0]) for version in versions))


RUNS = "01234567"
DATASETS = ("a", "b", "ours")
PARTITIONS = ("", "x", "y")
VERSIONS = (None, 1, 2)
WORDS = (
    ("documentation", b'{"description": "all b of a"}'),
    ("tags", b'{"tags": [{"key": "b", "value": "x"}]}'),
    ("tags", b'{"tags": [{"key": "A", "value": "true"}]}'),
    ("storage", b'{"layer": {"name": "a", "size": 3}}'),
    ("datasetType", b'{"datasetType": "B"}'),
    ("ownership", b'{"owners": [{"name": "team:a"}]}'),
    ("tags", None),
    ("schema", b'{"fields": [{"name": "b", "fields": [{"name": "A"}]}]}'),
    ("documentation", b'"no object"'),
)
SEARCHES = (
    "", "a", "A*", "-a", "ou?s", "a b", "-a -b", "tag:a", "-tag:b", "tag:b=x", "storage.layer.name:a",
    "storage.layer.size:3", "owner:*a", "column:b.a", "column:a", "kind:b", "kind:job", "kind:data*",
    "facet:tags", "state:completed", "-state:completed", "state:f*", "age:<2m", "age:>2m", "-age:<2m",
    "name:ours", "a tag:?", "nothing", "based_on:a", "based_on:*", "based_on+:b", "-based_on:ours a",
)  # fmt: skip


@st.composite
def _steps(draw: st.DrawFn, world: World) -> Put:
    joined = draw(st.booleans())
    names = st.sampled_from(DATASETS).map(world.name)
    kind = draw(st.integers(0, 10))
    if kind == 0:
        return Put(link=draw(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1])), joined=joined)
    if kind == 1:
        number, (facet, said) = draw(st.tuples(st.integers(0, 3), st.sampled_from(WORDS)))
        # Of one stamp there is one word: so what stands for it is part of the stamp.
        word = Word(b"%d%d" % (number, WORDS.index((facet, said))), said)
        return Put(words=(draw(names), facet, word), joined=joined)
    if kind == 2:
        some = st.lists(names, max_size=2, unique=True)
        wires = canonical_json([[[each.namespace, each.name] for each in draw(some)] for _ in range(2)])
        word = Word(b"%d" % draw(st.integers(0, 3)) + wires, wires)
        return Put(declared=(draw(st.sampled_from(world.jobs())), word), joined=joined)
    versions = st.builds(
        lambda version, dataset, partition: world.version(version, dataset=dataset, partition=partition),
        st.sampled_from(VERSIONS),
        st.sampled_from(DATASETS),
        st.sampled_from(PARTITIONS),
    )
    sides = st.lists(versions, max_size=3, unique=True)
    facts = new_facts(
        world.run(draw(st.sampled_from(RUNS))),
        at=draw(st.none() | st.integers(0, 4)),
        reads=draw(sides),
        writes=draw(sides),
    )
    edges = st.builds(
        ColumnEdge, field=st.sampled_from(["", "f"]), source=names, source_field=st.sampled_from("gh")
    )
    flows = st.builds(
        Flow,
        run_id=st.just(facts.run.id),
        target=names,
        source=st.none() | names,
        evidence=st.just(Evidence.LINEAGE),
    )
    tested = st.builds(
        Tested, run_id=st.just(facts.run.id), dataset=names, written=st.booleans(), failed=st.booleans()
    )
    return Put(
        facts=replace(
            facts,
            tested=tuple(
                draw(st.lists(tested, max_size=2, unique_by=lambda each: (each.dataset, each.written)))
            ),
            flows=tuple(draw(st.lists(flows, max_size=2, unique=True))),
            columns=draw(st.dictionaries(names, st.frozensets(edges, min_size=1, max_size=2), max_size=2)),
            job_edges=(JobEdge(source=Job(namespace=str(world.name("a")), name="before"), target=JOB),),
        ),
        joined=joined,
    )
