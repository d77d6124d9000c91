"""Walking the columns of exact versions: what each was made of, and what was made of it.

Runs say which column of an output comes from which column of which dataset; which versions those were, the
graph of runs and versions says. Where a run says nothing of the columns of an output, the walk ends there,
and that is told: nothing is guessed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.column_lineage import ColumnGraph, ColumnLink, ColumnNode, format_column
from lineageflow_core.model.lineage import Direction, Evidence, Version
from lineageflow_core.openlineage.parse import parse_text
from lineageflow_core.openlineage.vocabulary import Facet
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.ports import Access, Key, KeyedColumnEdge, LineageLook, Touch, Word

MAX_COLUMNS = 10_000
ALL = ""
"""Stands for all columns of a version."""


class _Place(NamedTuple):
    """A column of a version."""

    version: Key
    column: str


class _Way(NamedTuple):
    """A column, and the run from which the walk came to it; None at the start."""

    place: _Place
    came: Key | None


class _Step(NamedTuple):
    """One column edge at exact versions."""

    source: _Place
    target: _Place
    run: Key
    edge: KeyedColumnEdge


def check_question(direction: Direction, depth: int, limit: int) -> None:
    """Raises InvalidInputError for what cannot be asked."""
    if direction is Direction.BOTH:
        raise InvalidInputError("columns are traced one way at a time: upstream or downstream")
    if depth < 0 or not 1 <= limit <= MAX_COLUMNS:
        raise InvalidInputError(
            f"depth {depth} and limit {limit} cannot be; depth is 0 or more, limit is 1 to {MAX_COLUMNS}"
        )


def trace_columns(
    lake: Lake,
    versions: Sequence[Version],
    column: str | None,
    *,
    direction: Direction,
    depth: int,
    limit: int,
) -> ColumnGraph:
    """Returns what a column of versions, or each of them, comes from, or feeds, so many runs away."""
    exact = [version for version in versions if version.version is not None]
    with lake.lineage.look() as look:
        keys = look.version_keys(exact)
        if column is not None:
            start = [_Place(key, column) for key in keys.values()]
        else:
            start = sorted(_columns(lake, look, keys), key=lambda place: place.column)
        walk = _Walk(look, limit, upstream=direction is Direction.UPSTREAM)
        walk.run(start, depth)
        return walk.graph()


def _columns(lake: Lake, look: LineageLook, keys: Mapping[Version, Key]) -> set[_Place]:
    """Returns all columns of versions that anybody said anything of."""
    found: set[_Place] = set()
    words = lake.datasets.words({version.dataset for version in keys})
    for version, key in keys.items():
        names = _in_schema(words.get(version.dataset, {}))
        touches = (*look.reads_of([key]), *look.writes_of([key]))
        runs = {touch[0] for touch in touches}
        datasets = {
            access.dataset
            for written in (False, True)
            for access in look.accesses(runs, written=written)
            if access.version == key
        }
        for edge in look.columns(runs):
            names |= {edge.field} if edge.target in datasets else set()
            names |= {edge.source_field} if edge.source in datasets else set()
        found |= {_Place(key, name) for name in (names - {ALL} or {ALL})}
    return found


def _in_schema(words: Mapping[str, Word]) -> set[str]:
    said = words[Facet.SCHEMA].read() if Facet.SCHEMA in words else None
    fields = said.get("fields") if isinstance(said, dict) else None
    listed = fields if isinstance(fields, list) else []
    names = (parse_text(each.get("name")) for each in listed if isinstance(each, dict))
    return {name for name in names if name}


@dataclass(slots=True)
class _Walk:
    look: LineageLook
    limit: int
    upstream: bool
    edges: Edges = field(init=False)
    depths: dict[_Place, int] = field(default_factory=dict)
    steps: dict[_Step, None] = field(default_factory=dict)
    unknown: set[_Place] = field(default_factory=set)
    placeholders: set[Key] = field(default_factory=set)
    """Versions that are not known: they are shown, and never walked through."""
    ways: set[_Way] = field(default_factory=set)
    truncated: bool = False

    def __post_init__(self) -> None:
        self.edges = Edges(self.look)

    def run(self, start: Sequence[_Place], depth: int) -> None:
        frontier = [_Way(place, None) for place in start if self._enter(place, 0)]
        for level in range(1, depth + 1):
            new: dict[_Way, None] = {}
            for step in self._steps(frontier) if frontier else ():
                place = step.source if self.upstream else step.target
                way = _Way(place, step.run)
                if self._enter(place, level):
                    self.steps[step] = None
                    if way not in self.ways and place.version not in self.placeholders:
                        new[way] = None
            self.ways.update(new)
            frontier = list(new)

    def graph(self) -> ColumnGraph:
        versions = self.look.versions({place.version for place in self.depths})
        runs = self.look.runs({step.run for step in self.steps})
        names = {place: format_column(versions[place.version], place.column) for place in self.depths}
        nodes = [
            ColumnNode(
                id=names[place],
                version=versions[place.version],
                column=place.column,
                depth=depth,
                is_known=place not in self.unknown,
            )
            for place, depth in self.depths.items()
        ]
        links = {
            ColumnLink(
                source=names[step.source],
                target=names[step.target],
                run=runs[step.run].id,
                kind=step.edge.kind,
                subtype=step.edge.subtype,
                masking=step.edge.masking,
            )
            for step in self.steps
        }
        return ColumnGraph(
            columns=tuple(sorted(nodes, key=lambda node: (node.depth, node.id))),
            links=tuple(sorted(links)),
            truncated=self.truncated,
        )

    def _steps(self, frontier: Sequence[_Way]) -> Iterator[_Step]:
        """Yields the column edges that lead on, in an order that is the same in every store."""
        versions = {way.place.version for way in frontier}
        reads, writes = (self.edges.of(versions, written=each) for each in (False, True))
        over = writes if self.upstream else reads
        runs = {touch[0] for touch in over}
        told: dict[Key, list[KeyedColumnEdge]] = defaultdict(list)
        for edge in self.look.columns(runs):
            told[edge.run_id].append(edge)
        accesses = {written: _by_run(self.look.accesses(runs, written=written)) for written in (False, True)}
        self.placeholders |= {
            access.version
            for sides in accesses.values()
            for some in sides.values()
            for access in some
            if access.evidence is Evidence.UNKNOWN
        }
        connected = self._connected(frontier, reads, writes)
        here = {
            (access.run, access.version): access.dataset
            for access in self.look.accesses(runs, written=self.upstream)
        }
        found: list[_Step] = []
        for way in frontier:
            for run in connected[way]:
                dataset = here[run, way.place.version]
                steps = list(self._over(run, way.place, dataset, told[run], accesses[not self.upstream][run]))
                is_told = bool(steps) or (self.upstream and not accesses[False][run])
                if not is_told and (self.upstream or self._may_go_on(run, dataset, told[run], accesses)):
                    self.unknown.add(way.place)
                found += steps
        names = self.look.versions({place.version for step in found for place in (step.source, step.target)})
        found.sort(
            key=lambda step: (
                format_column(names[step.source.version], step.source.column),
                format_column(names[step.target.version], step.target.column),
                step.edge[3:],
            )
        )
        yield from found

    def _over(
        self,
        run: Key,
        place: _Place,
        dataset: Key,
        told: Collection[KeyedColumnEdge],
        others: Collection[Access],
    ) -> Iterator[_Step]:
        """Yields the steps from a column over one run to columns of what it read, or wrote."""
        for edge in told:
            near, far = (edge.target, edge.source) if self.upstream else (edge.source, edge.target)
            column, other = (
                (edge.field, edge.source_field) if self.upstream else (edge.source_field, edge.field)
            )
            if near != dataset or not (ALL in {column, place.column} or column == place.column):
                continue
            for access in others:
                if access.dataset == far:
                    end = _Place(access.version, other)
                    yield _Step(end, place, run, edge) if self.upstream else _Step(place, end, run, edge)

    def _may_go_on(
        self,
        run: Key,
        dataset: Key,
        told: Collection[KeyedColumnEdge],
        accesses: dict[bool, dict[Key, list[Access]]],
    ) -> bool:
        """Tells whether a run wrote anything that this dataset fed, of whose columns it says nothing."""
        said = {edge.target for edge in told}
        self.edges.learn_flows([run])
        return any(
            access.dataset not in said and self.edges.fed(run, dataset, access.dataset)
            for access in accesses[True][run]
        )

    def _connected(
        self, frontier: Sequence[_Way], reads: Sequence[Touch], writes: Sequence[Touch]
    ) -> dict[_Way, list[Key]]:
        """Returns the runs that made what the walk came from, or that read it."""
        by_version: dict[Key, list[Touch]] = defaultdict(list)
        for write in writes:
            by_version[write[1]].append(write)
        feeders = dict(zip((read[:2] for read in reads), self.edges.feeders(reads, by_version), strict=True))
        connected: dict[_Way, list[Key]] = {}
        for way in frontier:
            version = way.place.version
            if self.upstream:
                fed = None if way.came is None else feeders.get((way.came, version))
                connected[way] = [
                    write[0] for write in by_version[version] if way.came is None or write[0] == fed
                ]
            else:
                connected[way] = [
                    read[0]
                    for read in reads
                    if read[1] == version and (way.came is None or feeders[read[:2]] == way.came)
                ]
        return connected

    def _enter(self, place: _Place, depth: int) -> bool:
        """Adds a column if there is room; tells whether it is there."""
        if place not in self.depths:
            if len(self.depths) >= self.limit:
                self.truncated = True
                return False
            self.depths[place] = depth
        return True


def _by_run(accesses: Collection[Access]) -> dict[Key, list[Access]]:
    found: dict[Key, list[Access]] = defaultdict(list)
    for access in accesses:
        found[access.run].append(access)
    return found
