"""Facts about runs whose names no other example has: written by hand, or drawn, and put into a store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from hypothesis import strategies as st

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.store.ports import LineageStore, RunFacts, Word
from lineageflow_core.testing.values import later

JOB = Job(namespace="dagster", name="etl")
Link = tuple[DatasetName, DatasetName]
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


@dataclass(frozen=True)
class Put:
    """One step: facts, or a link, or words, in a transaction of their own or with the one before."""

    facts: RunFacts | None = None
    link: Link | None = None
    words: tuple[DatasetName, str, Word] | None = None
    declared: tuple[Job, Word] | None = None
    joined: bool = False


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


@st.composite
def steps(draw: st.DrawFn, world: World) -> Put:
    """Draws a step about a world."""
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
