"""Walking the graph of runs and versions.

The graph has two kinds of nodes: a run has edges from what it read and to what it wrote. Walks go breadth
first, a whole layer per question to the store, and remember what they saw, so cycles (equal content that
comes up again) end. A version that is not known exactly is shown and never walked through: whoever else
touched that dataset may have touched another version.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import (
    DatasetName,
    Direction,
    Impact,
    Io,
    LineageEdge,
    LineageGraph,
    LineageNode,
    NodeKind,
    Version,
)
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Run
from lineageflow_core.service.feeding import Feeding
from lineageflow_core.service.nodes import Start, in_order
from lineageflow_core.service.taint import derive
from lineageflow_core.store.ports import LineageStore

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

MAX_NODES = 10_000
"""More than any page or terminal shows; it bounds what one question may cost."""


def trace(store: LineageStore, start: Start, *, direction: Direction, depth: int, limit: int) -> LineageGraph:
    """Returns what fed the start or what it fed, up to `depth` runs away and `limit` nodes, nearest first."""
    if depth < 0 or not 1 <= limit <= MAX_NODES:
        raise InvalidInputError(
            f"depth {depth} and limit {limit} cannot be; depth is 0 or more, limit is 1 to {MAX_NODES}"
        )
    walk = _Walk(store, direction, limit)
    walk.run(_active(store, start.runs), start.versions, depth)
    return walk.graph()


def impact(
    store: LineageStore,
    start: Start,
    *,
    current: Callable[[Collection[Version]], Mapping[Version, tuple[str, ...]]],
) -> tuple[Impact, ...]:
    """Returns every version derived from the start, nearest first, then by name.

    The versions that a start names are left out, the outputs of a run are in. `current` tells for versions
    which branches hold them.
    """
    derived = derive(
        store, bad_writes=store.writes([run.id for run in start.runs]), bad_versions=start.versions
    )
    found = [item for item in derived if item.version not in start.versions]
    makers = store.runs(sorted({item.produced_by for item in found if item.produced_by}))
    branches = current([item.version for item in found])
    return tuple(
        Impact(
            version=item.version,
            degree=item.degree,
            produced_by=makers[item.produced_by],
            tainted=item.tainted,
            current=branches.get(item.version, ()),
            dataset_type=item.dataset_type,
        )
        for item in found
        if item.produced_by in makers
    )


def _active(store: LineageStore, runs: Sequence[Run]) -> list[Run]:
    """Leaves out runs that touched no data (pipelines whose steps do the work), unless none is left then."""
    run_ids = [run.id for run in runs]
    touched = {io.run_id for io in (*store.reads(run_ids), *store.writes(run_ids))}
    return [run for run in runs if run.id in touched] or list(runs)


def feeder(reader: Run, writers: Iterable[Run]) -> RunId | None:
    """Returns which of a version's writers fed `reader`: the last one that had started when it ended."""

    def started(run: Run) -> datetime:
        return run.started_at or run.ended_at or _BEFORE_ALL

    others = (run for run in writers if run.id != reader.id)
    earlier = (run for run in others if reader.ended_at is None or started(run) <= reader.ended_at)
    return max(((started(run), run.id) for run in earlier), default=(None, None))[1]


class _Walk:
    """One walk, in one direction.

    Equal content is one version, so a version can have several writers. What fed a reader is the last of them
    that had started when the reader ended; no other writer and reader of it are connected.
    """

    def __init__(self, store: LineageStore, direction: Direction, limit: int) -> None:
        self._store = store
        self._upstream = direction is Direction.UPSTREAM
        self._limit = limit
        self._start: list[str] = []
        self._depths: dict[RunId | Version, int] = {}
        self._types: dict[Version, str | None] = {}
        self._edges: dict[LineageEdge, None] = {}
        self._reached_by: dict[Version, set[RunId]] = {}
        """The runs from which the walk came to a version; none where it started there."""
        self._reached_over: dict[RunId, set[DatasetName]] = {}
        """The datasets over which the walk came to a run; none where it started there."""
        self._feeding = Feeding()
        self._truncated = False

    def run(self, runs: Iterable[Run], versions: Iterable[Version], depth: int) -> None:
        new_runs = [run.id for run in runs if self._enter(run.id, 0)]
        new_versions = [version for version in versions if self._enter(version, 0)]
        self._reached_by = {version: set() for version in new_versions}
        self._start = [format_node(node) for node in self._depths]
        new_versions += self._next_versions(new_runs, 0)
        for level in range(1, depth + 1):
            if not new_versions:
                return
            new_runs = self._next_runs(new_versions, level)
            new_versions = self._next_versions(new_runs, level)

    def graph(self) -> LineageGraph:
        runs = self._store.runs([node for node in self._depths if not isinstance(node, Version)])
        untyped = [node for node in self._depths if isinstance(node, Version) and not self._types.get(node)]
        self._types |= {io.version: io.dataset_type for io in self._store.writers(untyped) if io.dataset_type}
        nodes = [self._node(node, depth, runs) for node, depth in self._depths.items()]
        return LineageGraph(
            start=tuple(self._start),
            nodes=tuple(nodes),
            edges=tuple(self._edges),
            truncated=self._truncated,
        )

    def _next_runs(self, versions: Iterable[Version], level: int) -> list[RunId]:
        exact = [version for version in versions if version.version is not None]
        writes = self._store.writers(exact)
        ios = writes if self._upstream else self._store.readers(exact)
        near = {run for version in exact for run in self._reached_by[version]}
        runs = self._store.runs(sorted({io.run_id for io in (*writes, *ios)} | near))
        writers: dict[Version, list[Run]] = {version: [] for version in exact}
        for io in writes:
            writers[io.version].append(runs[io.run_id])
        again: dict[RunId, None] = {}
        for io in in_order(io for io in ios if self._is_connected(io, runs, writers[io.version])):
            is_new = self._follow(io, io.run_id, level, read=not self._upstream)
            over = (
                self._reached_over.setdefault(io.run_id, set())
                if is_new
                else self._reached_over.get(io.run_id)
            )
            if over is not None and io.run_id in self._depths and io.version.dataset not in over:
                over.add(io.version.dataset)
                again[io.run_id] = None
        return list(again)

    def _next_versions(self, run_ids: Sequence[RunId], level: int) -> list[Version]:
        ios = self._store.reads(run_ids) if self._upstream else self._store.writes(run_ids)
        self._feeding.add(self._store.flows(run_ids))
        read = self._upstream
        again: dict[Version, None] = {}
        for io in in_order(io for io in ios if self._is_fed(io)):
            self._follow(io, io.version, level, read=read)
            reached_by = self._reached_by.setdefault(io.version, set())
            if io.version in self._depths and io.run_id not in reached_by:
                reached_by.add(io.run_id)
                again[io.version] = None
        return list(again)

    def _is_connected(self, io: Io, runs: Mapping[RunId, Run], writers: Sequence[Run]) -> bool:
        """Tells whether a run is writer or reader to one from which the walk came to the version."""
        near = self._reached_by[io.version]
        if not near:
            return True
        if self._upstream:
            return any(feeder(runs[reader], writers) == io.run_id for reader in near)
        return feeder(runs[io.run_id], writers) in near

    def _is_fed(self, io: Io) -> bool:
        """Tells whether what a run read or wrote has to do with what the walk came to the run over."""
        over = self._reached_over.get(io.run_id)
        if over is None:
            return True
        here = io.version.dataset
        if self._upstream:
            return any(self._feeding.fed(io.run_id, here, target) for target in over)
        return any(self._feeding.fed(io.run_id, source, here) for source in over)

    def _follow(self, io: Io, end: RunId | Version, level: int, *, read: bool) -> bool:
        """Adds an edge and the node at its far end, if there is room; tells whether the node is new."""
        self._types[io.version] = self._types.get(io.version) or io.dataset_type
        is_new = self._enter(end, level)
        if end in self._depths:
            run, version = format_node(io.run_id), format_node(io.version)
            source, target = (version, run) if read else (run, version)
            self._edges[LineageEdge(source=source, target=target, evidence=io.evidence)] = None
        return is_new

    def _enter(self, node: RunId | Version, depth: int) -> bool:
        """Adds a node if it is new and there is room; tells whether it did."""
        if node in self._depths:
            return False
        if len(self._depths) >= self._limit:
            self._truncated = True
            return False
        self._depths[node] = depth
        return True

    def _node(self, node: RunId | Version, depth: int, runs: Mapping[RunId, Run]) -> LineageNode:
        if isinstance(node, Version):
            return LineageNode(
                id=format_node(node),
                kind=NodeKind.VERSION,
                depth=depth,
                version=node,
                dataset_type=self._types.get(node),
            )
        return LineageNode(id=format_node(node), kind=NodeKind.RUN, depth=depth, run=runs.get(node))
