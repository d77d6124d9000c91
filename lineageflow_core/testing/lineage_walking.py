"""What every `LineageStore` promises to walks: the graph by keys is the graph.

What a walk finds is compared with a graph of plain Python, in which each way to come to a node is a node of
its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.model.column_lineage import format_column
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Direction, Evidence, Flow, Io, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Run
from lineageflow_core.service.columns import trace_columns
from lineageflow_core.service.graph import Question, paths, trace
from lineageflow_core.service.nodes import Start
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import LineageStore, RunFacts, Stores
from lineageflow_core.testing.lineage_answers import settled_writes
from lineageflow_core.testing.lineage_world import DATASETS, World, new_facts, put
from lineageflow_core.testing.strategies import contract_settings
from lineageflow_core.testing.values import later

RUNS = "0123456"
COLUMNS = ("f", "g")
DIRECTIONS = (Direction.UPSTREAM, Direction.DOWNSTREAM)
Way: TypeAlias = tuple[RunId | Version, object]
"""A run with the dataset over which one came to it, or a version with the run; None at the start."""


class LineageWalkingContract:
    """Needs the fixture `stores`."""

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_a_walk_finds_what_is_connected(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        facts = data.draw(histories(world))
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

    def test_what_is_written_once_and_read_afterwards_is_settled(self, stores: Stores) -> None:
        world = World()
        first, second = world.version(1), world.version(1, dataset="b")
        put(stores.lineage, [new_facts(world.run("0"), at=1, writes=[first])])
        put(stores.lineage, [new_facts(world.run("1"), at=1, reads=[first], writes=[second])])
        put(stores.lineage, [new_facts(world.run("2"), at=3, reads=[first, second])])
        writes = {(world.run("0"), first): True, (world.run("1"), second): True}
        assert writes == settled_writes(stores.lineage, [world.run(name) for name in RUNS])

    @pytest.mark.parametrize("other", ["a writer", "an earlier reader", "a reader without a time", "itself"])
    def test_whatever_contradicts_it_unsettles_a_write_in_any_order(self, stores: Stores, other: str) -> None:
        world = World()
        version = world.version(1)
        [wrote, *more] = {
            "a writer": [
                new_facts(world.run("0"), at=1, writes=[version]),
                new_facts(world.run("1"), at=2, writes=[version]),
            ],
            "an earlier reader": [
                new_facts(world.run("0"), at=1, writes=[version]),
                new_facts(world.run("1"), at=0, reads=[version]),
            ],
            "a reader without a time": [
                new_facts(world.run("0"), at=1, writes=[version]),
                new_facts(world.run("1"), at=None, reads=[version]),
            ],
            "itself": [new_facts(world.run("0"), at=1, reads=[version], writes=[version])],
        }[other]
        for facts in ([wrote, *more], [*more, wrote]):
            for each in facts:
                put(stores.lineage, [each])
            found = settled_writes(stores.lineage, [each.run.id for each in facts])
            assert {False} == set(found.values())
            with stores.lineage.write() as writer:
                writer.clear()

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_what_does_not_fit_is_the_same_in_every_store(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        facts = data.draw(histories(world))
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

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_the_ways_between_two_things_are_the_shortest_there_are(
        self, stores: Stores, data: st.DataObject
    ) -> None:
        world = World()
        facts = data.draw(histories(world))
        put(stores.lineage, facts)
        plain = PlainGraph.of(facts)
        source, target = data.draw(starts(world, plain)), data.draw(starts(world, plain))
        depth, limit = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([1, 2, 100]))
        found = paths(stores.lineage, source, target, depth=depth, limit=limit)
        ways = plain.paths(source, target, depth) or plain.paths(target, source, depth)
        assert sorted(map(len, ways))[:limit] == [len(path) for path in found.paths]
        assert len(set(found.paths)) == len(found.paths)
        assert {*found.paths} <= ways
        assert (len(ways) > limit) <= found.truncated
        steps = {step for path in found.paths for step in pairwise(path)}
        assert steps <= {(edge.source, edge.target) for edge in found.graph.edges}
        assert {node for path in found.paths for node in path} == {node.id for node in found.graph.nodes}

    @settings(contract_settings, max_examples=30)
    @given(data=st.data())
    def test_columns_come_from_what_the_maps_of_runs_say(self, stores: Stores, data: st.DataObject) -> None:
        world = World()
        facts = data.draw(histories(world))
        put(stores.lineage, facts)
        plain = PlainGraph.of(facts)
        versions = sorted({io.version for io in (*plain.reads, *plain.writes)}, key=format_node)
        start = data.draw(st.lists(st.sampled_from(versions), max_size=2, unique=True)) if versions else []
        direction, depth = data.draw(st.sampled_from(DIRECTIONS)), data.draw(st.integers(0, 4))
        column = data.draw(st.sampled_from(["", *COLUMNS]))
        lake = Lake(stores, lambda: later(0))
        graph = trace_columns(lake, start, column, direction=direction, depth=depth, limit=1000)
        depths, links = plain.columns_from(start, column, direction, depth)
        assert depths == {node.id: node.depth for node in graph.columns}
        assert links == {(link.source, link.target, link.run) for link in graph.links}
        assert not graph.truncated


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
    columns: dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]] = field(default_factory=dict)

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
            columns=store.columns(run_ids),
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

    def paths(self, source: Start, target: Start, depth: int) -> set[tuple[str, ...]]:
        """Returns all ways from one thing to another that come to nothing twice."""
        ends = {run.id for run in target.runs} | set(target.versions)
        found: set[tuple[str, ...]] = set()
        first: list[RunId | Version] = [run.id for run in source.runs]
        first += source.versions
        pending: list[tuple[Way, ...]] = [((node, None),) for node in first]
        while pending:
            path = pending.pop()
            if len(path) > 1 and path[-1][0] in ends:
                found.add(tuple(format_node(node) for node, _ in path))
                continue
            for following, _ in self._following(path[-1], Direction.DOWNSTREAM):
                longer = (*path, following)
                runs = sum(not isinstance(node, Version) for node, _ in longer[1:])
                if runs <= depth and following[0] not in {node for node, _ in path}:
                    pending.append(longer)
        return found

    def columns_from(
        self, start: Sequence[Version], column: str, direction: Direction, depth: int
    ) -> tuple[dict[str, int], set[tuple[str, str, RunId]]]:
        """Returns all columns that are connected with one of some versions, with how far away they are."""
        pending: list[tuple[Version, str, RunId | None, int]] = [
            (version, column, None, 0) for version in start if version.version
        ]
        depths = {format_column(version, column): 0 for version, *_ in pending}
        links: set[tuple[str, str, RunId]] = set()
        seen: set[tuple[Version, str, RunId | None]] = set()
        while pending:
            version, name, came, far = pending.pop(0)
            if (version, name, came) in seen or far == depth:
                continue
            seen.add((version, name, came))
            for other, there, run in self._over_columns(version, name, came, direction):
                ends = format_column(version, name), format_column(other, there)
                depths.setdefault(ends[1], far + 1)
                links.add((*(ends if direction is Direction.DOWNSTREAM else ends[::-1]), run))
                pending.append((other, there, run, far + 1))
        return depths, links

    def _over_columns(
        self, version: Version, name: str, came: RunId | None, direction: Direction
    ) -> Iterator[tuple[Version, str, RunId]]:
        down = direction is Direction.DOWNSTREAM
        for (run, _), _ in self._following((version, came), direction):
            assert not isinstance(run, Version)
            for io in self._beside((run, None), direction):
                output = io.version if down else version
                for edge in self.columns.get((run, output.dataset), ()):
                    near, far = (edge.source_field, edge.field) if down else (edge.field, edge.source_field)
                    source = version if down else io.version
                    if edge.source == source.dataset and (near == name or "" in {near, name}):
                        yield io.version, far, run

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
def histories(draw: st.DrawFn, world: World) -> list[RunFacts]:
    """Draws facts about up to seven runs: about each whatever, or most reads of what was written before."""
    facts = draw(st.lists(runs_of(world), max_size=7, unique_by=lambda each: each.run.id))
    if draw(st.booleans()):
        return facts
    written: list[Version] = []
    for number, each in enumerate(facts):
        if draw(st.integers(0, 5)):
            outputs = draw(st.lists(st.sampled_from(DATASETS), max_size=3, unique=True))
            writes = [world.version(10 + number, dataset=name) for name in outputs]
            reads = draw(st.lists(st.sampled_from(written), max_size=3, unique=True)) if written else []
            tidy = new_facts(each.run.id, at=number, reads=reads, writes=writes)
            facts[number] = replace(each, reads=tidy.reads, writes=tidy.writes)
            written += writes
    return facts


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
    fields = st.sampled_from(["", *COLUMNS])
    edges = st.builds(ColumnEdge, field=fields, source=names, source_field=fields)
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
        columns=draw(st.dictionaries(names, st.frozensets(edges, min_size=1, max_size=3), max_size=2)),
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
