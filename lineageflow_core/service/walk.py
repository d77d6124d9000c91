"""Walking the graph of runs and versions, by the store's keys.

The graph has two kinds of nodes: a run has edges from what it read and to what it wrote. Walks go breadth
first, a whole layer per question to the store, and remember what they saw, so cycles (equal content that
comes up again) end. A version that is not known exactly is found and never walked through: whoever else
touched that dataset may have touched another version.

Most versions have one writer, and most runs say nothing of what fed what: for those, a layer is operations on
sets. Only the others are looked at one by one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lineageflow_core.model.lineage import Direction
from lineageflow_core.service.edges import Edge, Edges, T
from lineageflow_core.service.nodes import version_order
from lineageflow_core.store.ports import NO_TIME, Key, KnownTouch, LineageLook, Touch

Node: TypeAlias = tuple[bool, Key]
"""Whether it is a version (else a run), and its key."""
Frontier: TypeAlias = dict[Key, list[KnownTouch]]
"""Versions to go on from, with how the walk came to each in the last layer; by nothing, where it starts."""

_ALWAYS = NO_TIME - 1
_NEVER = -NO_TIME


@dataclass(slots=True, kw_only=True)
class Found:
    """What a walk came to, with how many runs away from the start it is."""

    runs: dict[Key, int] = field(default_factory=dict)
    versions: dict[Key, int] = field(default_factory=dict)
    followed: list[tuple[bool, Sequence[tuple[Key, ...]]]] = field(default_factory=list)
    """What was followed, also to nodes for which there was no room: whether written, with runs and versions
    (and more)."""
    start: set[Node] = field(default_factory=set)
    truncated: bool = False
    """There was more than there was room for."""

    def edges(self) -> set[Edge]:
        """Returns the edges between what was found."""
        return {
            Edge(touch[0], touch[1], written)
            for written, touches in self.followed
            for touch in touches
            if touch[0] in self.runs and touch[1] in self.versions
        }


def walk(
    look: LineageLook,
    edges: Edges,
    *,
    direction: Direction,
    runs: Collection[Key] = (),
    versions: Collection[Key] = (),
    depth: int,
    limit: int,
) -> Found:
    """Walks from these runs and versions, `depth` runs far; the nearest `limit` nodes are found."""
    return _Walk(look, edges, direction, limit).run(runs, versions, depth)


class _Walk:
    """One walk, in one direction."""

    def __init__(self, look: LineageLook, edges: Edges, direction: Direction, limit: int) -> None:
        self._look = look
        self._edges = edges
        self._upstream = direction is Direction.UPSTREAM
        self._limit = limit
        self._found = Found()
        self._unsettled: set[Key] = set()
        """Versions of which another way to them may lead on to more."""
        self._reached: set[tuple[Key, Key]] = set()
        """From which runs the walk came to those."""
        self._over: dict[Key, set[Key]] = {}
        """The datasets over which the walk came to runs that say what fed what."""

    def run(self, runs: Collection[Key], versions: Collection[Key], depth: int) -> Found:
        found = self._found
        for there, nodes in ((found.runs, runs), (found.versions, versions)):
            new = list(dict.fromkeys(nodes))[: self._room]
            found.truncated |= len(new) < len(set(nodes))
            there.update(dict.fromkeys(new, 0))
        found.start = {(False, run) for run in found.runs} | {(True, version) for version in found.versions}
        frontier: Frontier = {version: [] for version in found.versions}
        frontier |= self._next_versions(list(found.runs), 0)
        for level in range(1, depth + 1):
            if not frontier:
                break
            frontier = self._next_versions(self._next_runs(frontier, level), level)
        return found

    def _next_runs(self, frontier: Frontier, level: int) -> Collection[Key]:
        """Returns the runs that the walk comes to, those among them to which it comes in a new way."""
        touches = self._writers(frontier) if self._upstream else self._readers(frontier)
        touches = self._edges.wanted(touches, written=self._upstream)
        self._found.followed.append((self._upstream, touches))
        runs = self._found.runs
        new = self._that_fit({touch[0] for touch in touches} - runs.keys(), touches, 0)
        telling = self._edges.telling(new)
        self._over |= {run: set() for run in telling}
        runs |= dict.fromkeys(new, level)
        return new | self._reached_over(touches) if self._over else new

    def _readers(self, frontier: Frontier) -> Sequence[Touch]:
        """Returns the reads that were fed by a run from which the walk came."""
        reads = self._edges.of(frontier, written=False)
        fed_since = {version: came[0][2] if came else _ALWAYS for version, came in frontier.items()}
        several = self._look.rewritten([version for version, came in frontier.items() if came])
        self._unsettle(several, frontier)
        fed_since |= {version: _NEVER for version, at in fed_since.items() if at == NO_TIME}
        fed_since |= dict.fromkeys(several, _NEVER)
        own = {touch[:2] for came in frontier.values() for touch in came}  # no run is fed by itself
        writers = {run for run, _ in own}
        unclear = [
            read for read in reads if read[2] < fed_since[read[1]] or (read[0] in writers and read[:2] in own)
        ]
        if not unclear:
            return reads
        feeders = self._edges.feeders(unclear, self._writes_of({read[1] for read in unclear}))
        stray = {
            read[:2]
            for read, feeder in zip(unclear, feeders, strict=True)
            if all(feeder != came[0] for came in frontier[read[1]])
        }
        return [read for read in reads if read[:2] not in stray]

    def _writers(self, frontier: Frontier) -> Sequence[Touch]:
        """Returns the writes that fed a run from which the walk came."""
        found: list[Touch] = []
        asked: list[KnownTouch] = []
        writes = self._writes_of(frontier)
        for version, some in writes.items():
            came = frontier[version]
            writer, _, at = some[0]
            is_one = len(some) == 1 and at > NO_TIME
            if not came or (is_one and any(at <= read[2] and read[0] != writer for read in came)):
                found += some
            else:
                asked += came
                self._unsettle([version], frontier)
        if asked:
            feeders = self._edges.feeders(asked, writes)
            feeding = {(feeder, read[1]) for read, feeder in zip(asked, feeders, strict=True)}
            found += [
                write
                for version in {read[1] for read in asked}
                for write in writes[version]
                if write[:2] in feeding
            ]
        return found

    def _next_versions(self, runs: Collection[Key], level: int) -> Frontier:
        """Returns the versions that the walk comes to, those among them to which it comes in a new way."""
        if not runs:
            return {}
        written = not self._upstream
        touches = self._edges.by(runs, written=written)
        if telling := self._over.keys() & runs:
            touches = self._that_were_fed(touches, telling)
        touches = self._edges.wanted(touches, written=written)
        self._found.followed.append((written, touches))
        there = self._found.versions
        fresh = [touch for touch in touches if touch[1] not in there or touch[1] in self._unsettled]
        new = self._that_fit({touch[1] for touch in fresh} - there.keys(), fresh, 1)
        there |= dict.fromkeys(new, level)
        frontier: Frontier = {}
        for touch in fresh:
            version, is_known = touch[1], touch[3]
            if is_known and (version in new or self._is_another_way(touch)):
                frontier.setdefault(version, []).append(touch)
        return frontier

    def _is_another_way(self, touch: KnownTouch) -> bool:
        """Tells whether the walk comes to a version that it knows by a way that may lead on to more."""
        return touch[1] in self._unsettled and touch[:2] not in self._reached

    def _writes_of(self, versions: Collection[Key]) -> dict[Key, list[Touch]]:
        found: dict[Key, list[Touch]] = defaultdict(list)
        for touch in self._edges.of(versions, written=True):
            found[touch[1]].append(touch)
        return found

    def _unsettle(self, versions: Collection[Key], frontier: Frontier) -> None:
        """Takes note that other ways to these versions may lead on to more."""
        self._unsettled.update(versions)
        self._reached.update(came[:2] for version in versions for came in frontier[version])

    def _reached_over(self, touches: Iterable[Touch]) -> set[Key]:
        """Takes note of the datasets over which the walk comes to runs; returns the runs where one is new."""
        telling = {touch[0] for touch in touches} & self._over.keys()
        datasets = {
            access[:2]: access.dataset for access in self._look.accesses(telling, written=self._upstream)
        }
        again: set[Key] = set()
        for touch in touches:
            if touch[0] in telling and datasets[touch[:2]] not in self._over[touch[0]]:
                self._over[touch[0]].add(datasets[touch[:2]])
                again.add(touch[0])
        return again

    def _that_were_fed(self, touches: Iterable[T], telling: Collection[Key]) -> list[T]:
        """Leaves what has to do with the datasets over which the walk came to the runs."""
        stray = {
            access[:2]
            for access in self._look.accesses(telling, written=not self._upstream)
            if not any(
                self._edges.fed(access.run, access.dataset, over)
                if self._upstream
                else self._edges.fed(access.run, over, access.dataset)
                for over in self._over[access.run]
            )
        }
        return [touch for touch in touches if touch[:2] not in stray]

    def _that_fit(self, new: set[Key], touches: Iterable[T], end: int) -> set[Key]:
        """Leaves as many new nodes as there is room for: those whose names come first, in every store.

        `end` is where in a touch the nodes stand.
        """
        if len(new) <= self._room:
            return new
        self._found.truncated = True
        touches = [touch for touch in touches if touch[end] in new]
        names = self._look.versions({touch[1] for touch in touches})
        times = self._edges.times({touch[0] for touch in touches})
        touches.sort(key=lambda touch: (version_order(names[touch[1]]), times[touch[0]].id))
        return set(list(dict.fromkeys(touch[end] for touch in touches))[: self._room])

    @property
    def _room(self) -> int:
        return self._limit - len(self._found.runs) - len(self._found.versions)


def both_ways(look: LineageLook, upstream: Found, downstream: Found, *, limit: int) -> Found:
    """Returns what was found either way: the nearest, half of them each way where room is short."""
    depths = _depths(downstream)
    for node, depth in _depths(upstream).items():
        depths[node] = min(depth, depths.get(node, depth))
    kept = list(depths)
    if len(depths) > limit:
        names = _names(look, depths)
        ups, downs = (
            sorted(found, key=lambda node: (found[node], names[node]))
            for found in (_depths(upstream), _depths(downstream))
        )
        # Whatever leads to a node stands before it, so the first of them hang together.
        kept = list(dict.fromkeys([*ups[: limit // 2], *downs, *ups]))[:limit]
    return Found(
        runs={key: depths[False, key] for is_version, key in kept if not is_version},
        versions={key: depths[True, key] for is_version, key in kept if is_version},
        followed=[*upstream.followed, *downstream.followed],
        start=(upstream.start | downstream.start).intersection(kept),
        truncated=upstream.truncated or downstream.truncated or len(kept) < len(depths),
    )


def nearest(look: LineageLook, found: Found, limit: int) -> Found:
    """Returns the nearest of what was found; every node of it is reached from the start within it."""
    return both_ways(look, found, Found(), limit=limit)


def _depths(found: Found) -> dict[Node, int]:
    nodes: dict[Node, int] = {(False, run): depth for run, depth in found.runs.items()}
    return nodes | {(True, version): depth for version, depth in found.versions.items()}


def _names(look: LineageLook, nodes: Collection[Node]) -> dict[Node, tuple[bool, tuple[str, ...]]]:
    """Returns what nodes of one depth are sorted by: runs first, which lead to versions."""
    runs = look.times([key for is_version, key in nodes if not is_version])
    versions = look.versions([key for is_version, key in nodes if is_version])
    names: dict[Node, tuple[bool, tuple[str, ...]]] = {
        (False, key): (False, (times.id,)) for key, times in runs.items()
    }
    return names | {(True, key): (True, version_order(version)) for key, version in versions.items()}


def leading_to(found: Found, ends: Iterable[Node], *, direction: Direction) -> Found:
    """Returns what lies between the start of a walk and some nodes that it found, with both ends."""
    before: dict[Node, list[Edge]] = defaultdict(list)
    for edge in found.edges():
        is_into_version = edge.written is (direction is Direction.DOWNSTREAM)
        before[is_into_version, edge.version if is_into_version else edge.run].append(edge)
    pending = list(ends)
    kept = set(pending)
    while pending:
        node = pending.pop()
        for edge in before[node]:
            end = (not node[0], edge.run if node[0] else edge.version)
            if end not in kept:
                kept.add(end)
                pending.append(end)
    kept |= found.start
    return Found(
        runs={run: depth for run, depth in found.runs.items() if (False, run) in kept},
        versions={version: depth for version, depth in found.versions.items() if (True, version) in kept},
        followed=found.followed,
        start=found.start,
        truncated=found.truncated,
    )
