"""What jobs declare, drawn where nothing stronger is known.

It is added to a graph once that is found: no walk (taint, paths, rollback) ever goes over it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from lineageflow_core.model.lineage import (
    DatasetName,
    Direction,
    Evidence,
    LineageEdge,
    LineageGraph,
    LineageNode,
    NodeKind,
    Version,
)
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Job
from lineageflow_core.service.declarations import Declarations
from lineageflow_core.service.nodes import version_order
from lineageflow_core.service.picture import node_order


def with_declared(
    graph: LineageGraph,
    said: Declarations,
    *,
    direction: Direction,
    depth: int,
    limit: int,
    jobs: Collection[Job] = (),
) -> LineageGraph:
    """Returns a graph that was traced, with what is declared about it.

    With `jobs` it is about them, and the graph is what was traced from what they would read.
    """
    said.learn({node.version.dataset for node in graph.nodes if node.version}, jobs)
    drawing = _Drawing(graph if not jobs else replace(graph, start=()), said, limit)
    for job in jobs:
        drawing.start(job)
    if direction is not Direction.DOWNSTREAM:
        drawing.walk(_reached(graph, upstream=True), jobs, depth, upstream=True)
    if direction is not Direction.UPSTREAM:
        reached = set[str]() if jobs else _reached(graph, upstream=False)
        drawing.walk(reached, jobs, depth, upstream=False)
    return drawing.graph()


def with_declaring(graph: LineageGraph, said: Declarations, jobs: Collection[Job]) -> LineageGraph:
    """Returns a part of the whole graph, with jobs that declare something, each between what is there."""
    said.learn(jobs=jobs)
    nodes = {node.id: node for node in graph.nodes}
    edges = {(edge.source, edge.target): edge for edge in graph.edges}
    for job in filter(said.declares, jobs):
        nodes[format_node(job)] = _job_node(job, 0)
        for written in (False, True):
            for version in said.ends(job, written=written):
                nodes.setdefault(format_node(version), _version_node(version, 0))
                edge = _edge(format_node(job), format_node(version), written=written)
                edges.setdefault((edge.source, edge.target), edge)
    return replace(graph, nodes=_in_order(nodes), edges=_edges_in_order(edges))


class _Drawing:
    """A graph that declarations are added to."""

    def __init__(self, graph: LineageGraph, said: Declarations, limit: int) -> None:
        self._said = said
        self._limit = limit
        self._nodes = {node.id: node for node in graph.nodes}
        self._edges = {(edge.source, edge.target): edge for edge in graph.edges}
        self._start = list(graph.start)
        self._truncated = graph.truncated

    def start(self, job: Job) -> None:
        """Adds a job that was asked about."""
        if self._add(_job_node(job, 0)):
            self._start.append(format_node(job))

    def walk(self, reached: Collection[str], jobs: Collection[Job], depth: int, *, upstream: bool) -> None:
        """Adds what is declared up, or down, the stream of some nodes and jobs, so far from the start."""
        layers: dict[int, dict[str, Version]] = defaultdict(dict)
        for node_id in reached:
            node = self._nodes[node_id]
            if node.version is not None:
                layers[node.depth][node_id] = node.version
        for job in jobs:
            layers[0] |= self._go_on(job, 0, upstream=upstream)
        done: set[Job] = set(jobs)
        while layers and (level := min(layers)) < depth:
            layer = layers.pop(level)
            self._said.learn({version.dataset for version in layer.values()})
            for node_id, version in sorted(layer.items(), key=lambda each: version_order(each[1])):
                for job in self._said.around(version, written=upstream):
                    if not self._add(_job_node(job, level + 1)):
                        continue
                    self._connect(format_node(job), node_id, written=upstream)
                    if job not in done:
                        done.add(job)
                        if found := self._go_on(job, level + 1, upstream=upstream):
                            layers[level + 1] |= found

    def graph(self) -> LineageGraph:
        """Returns what was drawn, with all edges counted that are not."""
        versions = [node.version for node in self._nodes.values() if node.version]
        self._said.learn({version.dataset for version in versions})
        return LineageGraph(
            start=tuple(sorted(self._start)),
            nodes=_in_order({node.id: self._counted(node) for node in self._nodes.values()}),
            edges=_edges_in_order(self._edges),
            truncated=self._truncated,
        )

    def _go_on(self, job: Job, level: int, *, upstream: bool) -> dict[str, Version]:
        """Adds what a job would read, or write; returns what of that is new."""
        if format_node(job) not in self._nodes:
            return {}
        new: dict[str, Version] = {}
        for version in self._touched(job, written=not upstream):
            node = _version_node(version, level)
            is_new = node.id not in self._nodes
            if self._add(node):
                self._connect(format_node(job), node.id, written=not upstream)
                if is_new:
                    new[node.id] = version
        return new

    def _touched(self, job: Job, *, written: bool) -> Iterator[Version]:
        """Yields what a job would touch: of what it would read, what is there now, if the graph shows it."""
        for dataset in self._said.of_job(job, written=written):
            now = [] if written else [each for each in self._said.in_force(dataset) if self._shows(each)]
            yield from now or [Version(namespace=dataset.namespace, name=dataset.name)]

    def _shows(self, version: Version) -> bool:
        return format_node(version) in self._nodes

    def _add(self, node: LineageNode) -> bool:
        """Adds a node if there is room; tells whether it is there."""
        if node.id not in self._nodes:
            if len(self._nodes) >= self._limit:
                self._truncated = True
                return False
            self._nodes[node.id] = node
        return True

    def _connect(self, job: str, version: str, *, written: bool) -> None:
        edge = _edge(job, version, written=written)
        self._edges.setdefault((edge.source, edge.target), edge)

    def _counted(self, node: LineageNode) -> LineageNode:
        """Returns a node with how many edges lead here, and on from here, that are declared and not drawn."""
        up, down = node.more_upstream, node.more_downstream
        if node.version is not None:
            writers, readers = (self._said.around(node.version, written=each) for each in (True, False))
            up += sum((format_node(job), node.id) not in self._edges for job in writers)
            down += sum((node.id, format_node(job)) not in self._edges for job in readers)
        elif node.job is not None:
            reads, writes = (self._said.of_job(node.job, written=each) for each in (False, True))
            up += len(reads) - len(self._datasets(edge[0] for edge in self._edges if edge[1] == node.id))
            down += len(writes) - len(self._datasets(edge[1] for edge in self._edges if edge[0] == node.id))
        return replace(node, more_upstream=up, more_downstream=down)

    def _datasets(self, nodes: Iterable[str]) -> set[DatasetName]:
        versions = (self._nodes[node].version for node in nodes)
        return {version.dataset for version in versions if version is not None}


def _job_node(job: Job, depth: int) -> LineageNode:
    return LineageNode(id=format_node(job), kind=NodeKind.JOB, depth=depth, job=job)


def _version_node(version: Version, depth: int) -> LineageNode:
    return LineageNode(id=format_node(version), kind=NodeKind.VERSION, depth=depth, version=version)


def _edge(job: str, version: str, *, written: bool) -> LineageEdge:
    source, target = (job, version) if written else (version, job)
    return LineageEdge(source=source, target=target, evidence=Evidence.DECLARED)


def _in_order(nodes: Mapping[str, LineageNode]) -> tuple[LineageNode, ...]:
    return tuple(sorted(nodes.values(), key=node_order))


def _edges_in_order(edges: Mapping[tuple[str, str], LineageEdge]) -> tuple[LineageEdge, ...]:
    return tuple(edges[ends] for ends in sorted(edges))


def _reached(graph: LineageGraph, *, upstream: bool) -> set[str]:
    """Returns what leads to the start of a graph, or what that leads to."""
    following: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        before, after = (edge.target, edge.source) if upstream else (edge.source, edge.target)
        following[before].append(after)
    found, pending = set(graph.start), list(graph.start)
    while pending:
        for node in following[pending.pop()]:
            if node not in found:
                found.add(node)
                pending.append(node)
    return found
