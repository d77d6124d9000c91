"""The ways that data went from one thing to another: the shortest first.

The walk from the one finds what can lie between; then ways are tried in the order of how long they would be
at least, so the first that arrive are the shortest. Each step is checked as the walk checks it: a run hands
on what fed its output, and a version is handed on by the run whose write of it was read.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator

from lineageflow_core.model.lineage import Direction
from lineageflow_core.service.edges import Edge, Edges
from lineageflow_core.service.found import Found, Node, leading_to
from lineageflow_core.service.walk import walk
from lineageflow_core.store.ports import Key, LineageLook, Touch

MAX_NODES = 10_000
"""What may lie between; it bounds what one question may cost."""
_MAX_TRIED = 100_000


def ways_between(
    look: LineageLook, edges: Edges, start: Collection[Node], end: Collection[Node], *, depth: int, limit: int
) -> tuple[list[tuple[Node, ...]], Found, bool]:
    """Returns ways from a start to an end, what lies on them, and whether there may be more."""
    found = walk(
        look,
        edges,
        direction=Direction.DOWNSTREAM,
        runs=[key for is_version, key in start if not is_version],
        versions=[key for is_version, key in start if is_version],
        depth=depth,
        limit=MAX_NODES,
    )
    between = leading_to(look, found, end, direction=Direction.DOWNSTREAM)
    search = _Search(look, edges, between, end, depth)
    ways = list(search.ways(limit + 1))
    on_them = {node for way in ways[:limit] for node in way}
    kept = Found(
        runs={key: between.runs[key] for is_version, key in on_them if not is_version},
        versions={key: between.versions[key] for is_version, key in on_them if is_version},
        followed=between.followed,
        crossed=between.crossed,
        start=between.start & on_them,
    )
    return ways[:limit], kept, found.truncated or len(ways) > limit or search.gave_up


class _Search:
    """Tries ways, the shortest first."""

    def __init__(
        self, look: LineageLook, edges: Edges, found: Found, end: Collection[Node], depth: int
    ) -> None:
        self.gave_up = False
        self._depth = depth
        self._edges = edges
        self._start = found.start
        self._end = frozenset(end)
        self._next: dict[Node, list[Node]] = defaultdict(list)
        before: dict[Node, list[Node]] = defaultdict(list)
        for edge in found.edges(look):
            source, target = _ends(edge)
            self._next[source].append(target)
            before[target].append(source)
        self._far = _distances(before, self._end)
        self._datasets = {
            (access.run, access.version): access.dataset
            for written in (False, True)
            for access in look.accesses(found.runs, written=written)
        }
        edges.learn_flows(found.runs)
        reads = [read for read in edges.of(found.versions, written=False) if read[0] in found.runs]
        writes: dict[Key, list[Touch]] = defaultdict(list)
        for write in edges.of(found.versions, written=True):
            writes[write[1]].append(write)
        feeders = edges.feeders(reads, writes)
        self._feeders = {read[:2]: feeder for read, feeder in zip(reads, feeders, strict=True)}

    def ways(self, limit: int) -> Iterator[tuple[Node, ...]]:
        tried: list[tuple[Node, ...]] = [
            (node,) for node in sorted(self._start, key=str) if node in self._far
        ]
        # By how long it would be; of two that are as long, the one that was found first.
        pending = [(self._far[way[-1]], turn) for turn, way in enumerate(tried)]
        heapq.heapify(pending)
        while pending and limit:
            if len(tried) > _MAX_TRIED:
                self.gave_up = True
                return
            way = tried[heapq.heappop(pending)[1]]
            if way[-1] in self._end and len(way) > 1:
                limit -= 1
                yield way
                continue
            for node in self._next[way[-1]]:
                if (
                    node in self._far
                    and node not in way
                    and self._fits(way, node)
                    and self._goes_on(way, node)
                ):
                    heapq.heappush(pending, (len(way) + self._far[node], len(tried)))
                    tried.append((*way, node))

    def _fits(self, way: tuple[Node, ...], node: Node) -> bool:
        """Tells whether a way on over the node can end within the depth; a run that it starts at is none."""
        steps = len(way) + self._far[node]
        starts_at_version = way[0][0]
        return (steps + starts_at_version) // 2 <= self._depth

    def _goes_on(self, way: tuple[Node, ...], node: Node) -> bool:
        """Tells whether what came this way goes on to the node."""
        if len(way) == 1:
            return True
        (_, before), (is_version, here), (_, after) = way[-2], way[-1], node
        if is_version:
            return self._feeders.get((after, here)) == before
        return self._edges.fed(here, self._datasets[here, before], self._datasets[here, after])


def _ends(edge: Edge) -> tuple[Node, Node]:
    run, version = (False, edge.run), (True, edge.version)
    return (run, version) if edge.written else (version, run)


def _distances(before: dict[Node, list[Node]], end: Collection[Node]) -> dict[Node, int]:
    """Returns how many edges each node is from the nearest end, of those from which one can be reached."""
    far = dict.fromkeys(end, 0)
    frontier = list(far)
    while frontier:
        following = [node for each in frontier for node in before[each] if node not in far]
        far |= {node: far[each] + 1 for each in frontier for node in before[each] if node not in far}
        frontier = list(dict.fromkeys(following))
    return far
