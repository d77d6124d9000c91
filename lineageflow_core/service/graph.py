"""Answering questions about the graph of runs and versions: what fed something, and what it fed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.lineage import Direction, Evidence, LineageGraph, LineagePaths
from lineageflow_core.model.run import Run
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.found import Found, Node, both_ways, leading_to, nearest
from lineageflow_core.service.nodes import Start
from lineageflow_core.service.paths import ways_between
from lineageflow_core.service.picture import draw, node_ids
from lineageflow_core.service.walk import walk
from lineageflow_core.store.ports import Key, LineageLook, LineageStore

MAX_NODES = 10_000
"""More than any page or terminal shows; it bounds what one question may cost."""
MAX_PATHS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which part of the graph is asked for. Raises InvalidInputError for what cannot be."""

    direction: Direction
    depth: int
    limit: int
    evidence: Sequence[Evidence] | None = None
    dataset_types: Sequence[str] | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.depth < 0 or not 1 <= self.limit <= MAX_NODES:
            raise InvalidInputError(
                f"depth {self.depth} and limit {self.limit} cannot be; depth is 0 or more, limit is 1 to "
                f"{MAX_NODES}"
            )

    @property
    def follows_declared(self) -> bool:
        """Whether what jobs declare is of interest."""
        return follows_declared(self.evidence, self.dataset_types, self.until)


def follows_declared(
    evidence: Sequence[Evidence] | None, dataset_types: Sequence[str] | None, until: datetime | None
) -> bool:
    """Tells whether what jobs declare is of interest: it says so of no time, and of no type."""
    return (evidence is None or Evidence.DECLARED in evidence) and until is None and dataset_types is None


def trace(store: LineageStore, start: Start, question: Question) -> LineageGraph:
    """Returns what fed the start, or what it fed, or both, nearest first."""
    active = _active(store, start.runs)
    with store.look() as look:
        edges = Edges(look, evidence=question.evidence, until=in_utc(question.until))
        # One that is not known is walked from all the same: it stands for whatever was read so.
        keys = look.version_keys(start.versions)
        untouched = [version for version in start.versions if version not in keys]
        alone = untouched[: question.limit]
        versions = [keys[version] for version in start.versions if version in keys]
        run_keys = look.run_keys([run.id for run in active])
        runs = [run_keys[run.id] for run in active if run.id in run_keys]
        found = _find(look, edges, question, runs, versions, limit=question.limit - len(alone))
        found.truncated |= len(alone) < len(untouched)
        return draw(look, edges, found, alone=alone)


def part(store: LineageStore, run_ids: Sequence[RunId]) -> LineageGraph:
    """Returns the graph of some runs and all that they touched."""
    with store.look() as look:
        runs = look.run_keys(run_ids).values()
        touched = {written: look.accesses(runs, written=written) for written in (False, True)}
        found = Found(
            runs=dict.fromkeys(runs, 0),
            versions={access.version: 0 for accesses in touched.values() for access in accesses},
            followed=[*touched.items()],
        )
        return draw(look, Edges(look), found, counts=False)


def paths(store: LineageStore, source: Start, target: Start, *, depth: int, limit: int) -> LineagePaths:
    """Returns how data went from the source to the target; else from the target to the source."""
    if depth < 1 or not 1 <= limit <= MAX_PATHS:
        raise InvalidInputError(
            f"depth {depth} and limit {limit} cannot be; depth is 1 or more, limit is 1 to {MAX_PATHS}"
        )
    with store.look() as look:
        edges = Edges(look)
        one, other = (_nodes(look, start, _active(store, start.runs)) for start in (source, target))
        ways, found, truncated = ways_between(look, edges, one, other, depth=depth, limit=limit)
        if not ways:
            ways, found, is_short = ways_between(look, edges, other, one, depth=depth, limit=limit)
            truncated |= is_short
        graph = draw(look, edges, found)
        names = node_ids(look, found)
    return LineagePaths(
        paths=tuple(
            sorted((tuple(names[node] for node in way) for way in ways), key=lambda each: (len(each), each))
        ),
        graph=graph,
        truncated=truncated,
    )


def _nodes(look: LineageLook, start: Start, active: Sequence[Run]) -> list[Node]:
    runs, versions = look.run_keys([run.id for run in active]), look.version_keys(start.versions)
    return [(False, key) for key in runs.values()] + [(True, key) for key in versions.values()]


def _find(
    look: LineageLook,
    edges: Edges,
    question: Question,
    runs: Collection[Key],
    versions: Collection[Key],
    *,
    limit: int,
) -> Found:
    def one_way(direction: Direction) -> Found:
        room = limit if question.dataset_types is None else MAX_NODES
        found = walk(
            look,
            edges,
            direction=direction,
            runs=runs,
            versions=versions,
            depth=question.depth,
            limit=room,
        )
        if question.dataset_types is None:
            return found
        wanted = {each.upper() for each in question.dataset_types}
        types = look.types(found.versions)
        of_type = [(True, version) for version, kind in types.items() if kind.upper() in wanted]
        return nearest(look, leading_to(look, found, of_type, direction=direction), limit)

    if question.direction is not Direction.BOTH:
        return one_way(question.direction)
    return both_ways(look, one_way(Direction.UPSTREAM), one_way(Direction.DOWNSTREAM), limit=limit)


def _active(store: LineageStore, runs: Sequence[Run]) -> list[Run]:
    """Leaves out runs that touched no data (pipelines whose steps do the work), unless none is left then."""
    run_ids = [run.id for run in runs]
    touched = {io.run_id for io in (*store.reads(run_ids), *store.writes(run_ids))}
    return [run for run in runs if run.id in touched] or list(runs)
