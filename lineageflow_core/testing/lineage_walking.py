"""What every `LineageStore` promises to walks: the graph by keys is the graph.

What a walk finds is compared with a graph of plain Python, in which each way to come to a node is a node of
its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Direction, Evidence, Flow, Io, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Run
from lineageflow_core.service.graph import Question, trace
from lineageflow_core.service.nodes import Start
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import LineageStore, RunFacts, Stores
from lineageflow_core.testing.lineage_binding import DATASETS, World, new_facts, put
from lineageflow_core.testing.strategies import contract_settings
from lineageflow_core.testing.values import later

RUNS = "0123456"
DIRECTIONS = (Direction.UPSTREAM, Direction.DOWNSTREAM)
Way: TypeAlias = tuple[RunId | Version, object]
"""A run with the dataset over which one came to it, or a version with the run; None at the start."""


class LineageWalkingContract:
    """Needs the fixture `stores`."""

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_a_walk_finds_what_is_connected(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        facts = data.draw(st.lists(runs_of(world), max_size=7, unique_by=lambda each: each.run.id))
        put(stores.lineage, facts)
        plain = PlainGraph.of(facts)
        start = data.draw(starts(world, plain))
        depth, direction = data.draw(st.integers(0, 4)), data.draw(st.sampled_from(DIRECTIONS))
        evidence = data.draw(st.none() | st.sets(st.sampled_from(list(Evidence)), min_size=1))
        until = data.draw(st.none() | st.integers(0, 6).map(later))
        question = Question(
            direction=direction,
            depth=depth,
            limit=1000,
            evidence=None if evidence is None else sorted(evidence),
            until=until,
        )
        graph = trace(stores.lineage, start, question)
        plain = plain.only(evidence, until)
        ways = plain.ways(start, direction, depth)
        depths: dict[str, int] = {}
        for (node, _), far in ways.items():
            depths[format_node(node)] = min(far, depths.get(format_node(node), far))
        assert depths == {node.id: node.depth for node in graph.nodes}
        edges = plain.edges(ways, direction)
        assert edges == {(edge.source, edge.target): edge.evidence for edge in graph.edges}

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_what_does_not_fit_is_the_same_in_every_store(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        facts = data.draw(st.lists(runs_of(world), max_size=7, unique_by=lambda each: each.run.id))
        memory = MemoryStores()
        start = data.draw(starts(world, PlainGraph.of(facts)))
        for store, order in ((memory.lineage, facts), (stores.lineage, data.draw(st.permutations(facts)))):
            put(store, order)
        for direction in Direction:
            question = Question(direction=direction, depth=4, limit=data.draw(st.integers(1, 8)))
            graph = trace(stores.lineage, start, question)
            assert trace(memory.lineage, start, question) == graph
            assert len(graph.nodes) <= question.limit
            whole = trace(stores.lineage, start, replace(question, limit=1000))
            assert (len(whole.nodes) > question.limit) == graph.truncated
            assert graph.truncated or graph == whole


@dataclass(slots=True)
class PlainGraph:
    """All facts, as lists; each question looks at all of them."""

    runs: dict[RunId, Run] = field(default_factory=dict)
    reads: list[Io] = field(default_factory=list)
    writes: list[Io] = field(default_factory=list)
    flows: dict[tuple[RunId, DatasetName], set[DatasetName]] = field(default_factory=dict)
    inputs: dict[RunId, set[DatasetName]] = field(default_factory=dict)
    how: dict[tuple[RunId, DatasetName], Evidence] = field(default_factory=dict)
    evidence: set[Evidence] | None = None

    @classmethod
    def of(cls, facts: Sequence[RunFacts]) -> "PlainGraph":
        """Returns the graph that follows from facts."""
        store: LineageStore = MemoryStores().lineage
        put(store, facts)
        run_ids = [each.run.id for each in facts]
        graph = cls(
            runs=store.runs(run_ids),
            reads=store.reads(run_ids),
            writes=store.writes(run_ids),
            inputs=defaultdict(set),
        )
        for flow in store.flows(run_ids):
            graph.flows.setdefault((flow.run_id, flow.target), set())
            graph.how[flow.run_id, flow.target] = flow.evidence
            if flow.source is not None:
                graph.flows[flow.run_id, flow.target].add(flow.source)
        for read in graph.reads:
            graph.inputs[read.run_id].add(read.version.dataset)
        return graph

    def only(self, evidence: set[Evidence] | None, until: object) -> "PlainGraph":
        """Returns the graph to be walked."""
        ended = {
            run.id for run in self.runs.values() if run.ended_at is not None and _le(run.ended_at, until)
        }
        of_them = ended if until is not None else self.runs.keys()
        return replace(
            self,
            reads=[io for io in self.reads if io.run_id in of_them],
            writes=[io for io in self.writes if io.run_id in of_them],
            evidence=evidence,
        )

    def ways(self, start: Start, direction: Direction, depth: int) -> dict[Way, int]:
        """Returns all ways to come to nodes, with how many runs away they are."""
        found: dict[Way, int] = {}
        pending: list[tuple[Way, int]] = [((run.id, None), 0) for run in start.runs]
        pending += [((version, None), 0) for version in start.versions]
        while pending:
            way, far = pending.pop(0)
            if way in found or far > depth:
                continue
            found[way] = far
            for following, _ in self._following(way, direction):
                pending.append((following, far + (not isinstance(following[0], Version))))
        return found

    def edges(self, ways: dict[Way, int], direction: Direction) -> dict[tuple[str, str], Evidence]:
        """Returns the edges between ways that were found."""
        found = {}
        for way in ways:
            for following, how in self._following(way, direction):
                if following in ways:
                    ends = (format_node(way[0]), format_node(following[0]))
                    found[ends if direction is Direction.DOWNSTREAM else ends[::-1]] = how
        return found

    def _following(self, way: Way, direction: Direction) -> Iterator[tuple[Way, Evidence]]:
        down = direction is Direction.DOWNSTREAM
        node, came = way
        for io in self._beside(way, direction):
            how = io.evidence if isinstance(node, Version) is down else self._of_output(io)
            if self.evidence is not None and how not in self.evidence:
                continue
            if isinstance(node, Version):
                other = (io.run_id, came) if down else (came, io.run_id)
                if came is None or self._feeder(other[0], node) == other[1]:
                    yield (io.run_id, node.dataset), how
            elif came is None or self._fed(
                node, *((came, io.version.dataset) if down else (io.version.dataset, came))
            ):
                yield (io.version, node), how

    def _beside(self, way: Way, direction: Direction) -> list[Io]:
        down = direction is Direction.DOWNSTREAM
        node, came = way
        if isinstance(node, Version):
            # One that is not known is walked from where the walk starts, and never through.
            goes_on = node.version is not None or came is None
            return [io for io in (self.reads if down else self.writes) if io.version == node and goes_on]
        return [io for io in (self.writes if down else self.reads) if io.run_id == node]

    def _fed(self, run: RunId, source: object, target: object) -> bool:
        sources = self.flows.get((run, target))  # type: ignore[arg-type]
        return sources is None or source in sources

    def _feeder(self, reader: object, version: Version) -> RunId | None:
        [read] = [io for io in self.reads if io.run_id == reader and io.version == version]
        ended = self.runs[read.run_id].ended_at
        earlier = [
            (place_of_run(self.runs[write.run_id]).at, write.run_id)
            for write in self.writes
            if write.version == version
            and write.run_id != reader
            and (
                ended is None
                or place_of_run(self.runs[write.run_id]).at <= ended
                or (write.at is not None and read.at is not None and write.at <= read.at)
            )
        ]
        return max(earlier)[1] if earlier else None

    def _of_output(self, io: Io) -> Evidence:
        if io.evidence is Evidence.UNKNOWN:
            return io.evidence
        output = (io.run_id, io.version.dataset)
        if output in self.how:
            return self.how[output]
        return Evidence.EXPLICIT if len(self.inputs[io.run_id]) <= 1 else Evidence.CARTESIAN


def _le(one: object, other: object) -> bool:
    return other is not None and one <= other  # type: ignore[operator]


@st.composite
def runs_of(draw: st.DrawFn, world: World) -> RunFacts:
    """Draws facts about a run that touches few versions, so that they are connected."""
    versions = st.builds(
        lambda version, dataset: world.version(version, dataset=dataset),
        st.sampled_from([1, 2, None]),
        st.sampled_from(DATASETS),
    )
    sides = st.lists(versions, max_size=3, unique=True)
    at = draw(st.none() | st.integers(0, 4))
    facts = new_facts(world.run(draw(st.sampled_from(RUNS))), at=at, reads=draw(sides), writes=draw(sides))
    names = st.sampled_from(DATASETS).map(world.name)
    flows = st.builds(
        Flow,
        run_id=st.just(facts.run.id),
        target=names,
        source=st.none() | names,
        evidence=st.just(draw(st.sampled_from([Evidence.LINEAGE, Evidence.COLUMN]))),
    )
    ended = draw(st.none() | st.integers(0, 6))
    return replace(
        facts,
        run=replace(facts.run, ended_at=None if ended is None else later(ended)),
        flows=tuple(draw(st.lists(flows, max_size=2, unique=True))),
    )


@st.composite
def starts(draw: st.DrawFn, world: World, graph: PlainGraph) -> Start:
    """Draws where a walk starts."""
    versions = {io.version for io in (*graph.reads, *graph.writes)} | {world.version(1)}
    if draw(st.booleans()) and graph.runs:
        touched = {io.run_id for io in (*graph.reads, *graph.writes)}
        runs = [run for run in graph.runs.values() if run.id in touched] or list(graph.runs.values())
        return Start(runs=(draw(st.sampled_from(sorted(runs, key=lambda run: run.id))),))
    ordered = sorted(versions, key=format_node)
    return Start(
        versions=tuple(draw(st.lists(st.sampled_from(ordered), min_size=1, max_size=2, unique=True)))
    )
