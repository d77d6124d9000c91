"""Walking the graph of runs and versions, by the store's keys.

The graph has two kinds of nodes: a run has edges from what it read and to what it wrote. Walks go breadth
first, a whole layer per question to the store, and remember what they saw, so cycles (equal content that
comes up again) end. A version that is not known exactly is found and never walked through: whoever else
touched that dataset may have touched another version.

Most versions have one writer, whose write is settled (`store.ports.Writes`), and most runs say nothing of
what fed what: over those, a layer is two questions whose answers are sets of nodes. The others are looked at
one by one, with how the walk came to them; and so is everything where not all edges are to be followed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lineageflow_core.model.lineage import Direction
from lineageflow_core.service.edges import Edges, T
from lineageflow_core.service.found import Crossed, Found
from lineageflow_core.service.nodes import version_order
from lineageflow_core.store.ports import NO_TIME, Key, KnownTouch, LineageLook, Touch

Ways: TypeAlias = dict[Key, list[KnownTouch]]
"""Versions, with how the walk came to each in the last layer; by nothing, where it starts."""

_ALWAYS = NO_TIME - 1
_NEVER = -NO_TIME


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


@dataclass(slots=True)
class _Versions:
    """Versions to go on from."""

    plain: set[Key] = field(default_factory=set)
    """Those to which it does not matter how the walk came: all of their writes are settled. Upstream that has
    yet to be found out."""
    ways: Ways = field(default_factory=dict)
    readers: set[Key] = field(default_factory=set)
    """Upstream, the runs from which the walk came to the plain ones."""

    def __bool__(self) -> bool:
        return bool(self.plain or self.ways)


@dataclass(slots=True)
class _Runs:
    """Runs to go on from."""

    plain: set[Key]
    """Those that say nothing of what fed what."""
    telling: set[Key]
    """Those that do, to which the walk came over another dataset than before."""


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
        start: Ways = {version: [] for version in found.versions}
        frontier = self._next_versions(_Runs(set(found.runs), set()), 0)
        frontier.ways = start | frontier.ways
        for level in range(1, depth + 1):
            if not frontier:
                break
            frontier = self._next_versions(self._next_runs(frontier, level), level)
        return found

    def _next_runs(self, frontier: _Versions, level: int) -> _Runs:
        """Returns the runs that the walk comes to, those among them to which it comes in a new way."""
        reached, plain = self._across(frontier)
        ways = frontier.ways
        touches = (self._writers(ways) if self._upstream else self._readers(ways)) if ways else []
        touches = self._edges.wanted(touches, written=self._upstream)
        self._crossed(plain, are_versions=True, written=self._upstream)
        self._found.followed.append((self._upstream, touches))
        reached |= {touch[0] for touch in touches}
        new = self._that_fit(
            reached.difference(self._found.runs),
            lambda: [*self._edges.of(plain, written=self._upstream), *touches],
            0,
        )
        self._found.runs |= dict.fromkeys(new, level)
        telling = self._edges.telling(new)
        self._over |= {run: set() for run in telling}
        return _Runs(new - telling, self._reached_over(reached, plain, touches))

    def _across(self, frontier: _Versions) -> tuple[set[Key], set[Key]]:
        """Returns the runs across plain versions, and those versions; what is not, joins the others."""
        plain = frontier.plain
        if not plain:
            return set(), plain
        if not self._upstream:
            return self._look.readers(plain), plain
        writes = self._look.writers(plain)
        if not writes.unsettled:
            return writes.settled, plain
        unsettled = {version for _, version in writes.unsettled}
        for touch in self._look.reads_by(frontier.readers):
            if touch[1] in unsettled and touch[3] and touch[:2] not in self._reached:
                frontier.ways.setdefault(touch[1], []).append(touch)
        return writes.settled, plain - unsettled

    def _readers(self, ways: Ways) -> Sequence[Touch]:
        """Returns the reads that were fed by a run from which the walk came."""
        reads = self._edges.of(ways, written=False)
        fed_since = {version: came[0][2] if came else _ALWAYS for version, came in ways.items()}
        several = self._look.rewritten([version for version, came in ways.items() if came])
        self._unsettle(several, ways)
        fed_since |= {version: _NEVER for version, at in fed_since.items() if at == NO_TIME}
        fed_since |= dict.fromkeys(several, _NEVER)
        own = {touch[:2] for came in ways.values() for touch in came}  # no run is fed by itself
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
            if all(feeder != came[0] for came in ways[read[1]])
        }
        return [read for read in reads if read[:2] not in stray]

    def _writers(self, ways: Ways) -> Sequence[Touch]:
        """Returns the writes that fed a run from which the walk came."""
        found: list[Touch] = []
        asked: list[KnownTouch] = []
        writes = self._writes_of(ways)
        for version, some in writes.items():
            came = ways[version]
            writer, _, at = some[0]
            is_one = len(some) == 1 and at > NO_TIME
            if not came or (is_one and any(at <= read[2] and read[0] != writer for read in came)):
                found += some
            else:
                asked += came
                self._unsettle([version], ways)
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

    def _next_versions(self, runs: _Runs, level: int) -> _Versions:
        """Returns the versions that the walk comes to, those among them to which it comes in a new way."""
        written, there = not self._upstream, self._found.versions
        reached, touches = self._out_of(runs.plain) if runs.plain else (set(), [])
        if runs.telling:
            touches += self._that_were_fed(self._edges.by(runs.telling, written=written), runs.telling)
        touches = list(self._edges.wanted(touches, written=written))
        self._found.followed.append((written, touches))
        fresh = [touch for touch in touches if touch[1] not in there or touch[1] in self._unsettled]
        new = reached.difference(there)
        new |= {touch[1] for touch in fresh}.difference(there)
        new = self._that_fit(new, lambda: [*self._edges.by(runs.plain, written=written), *fresh], 1)
        frontier = _Versions(plain=reached & new, readers=runs.plain)
        if self._upstream:
            frontier.plain |= reached & self._unsettled
        there |= dict.fromkeys(new, level)
        for touch in fresh:
            version, is_known = touch[1], touch[3]
            if is_known and (version in new or self._is_another_way(touch)):
                frontier.ways.setdefault(version, []).append(touch)
        return frontier

    def _out_of(self, runs: set[Key]) -> tuple[set[Key], list[KnownTouch]]:
        """Returns the plain versions that lie behind plain runs, and how the walk comes to others."""
        written = not self._upstream
        if not self._edges.are_all:
            return set(), list(self._edges.by(runs, written=written))
        self._crossed(runs, are_versions=False, written=written)
        if self._upstream:
            return self._look.read_by(runs), []
        writes = self._look.written_by(runs)
        if not writes.unsettled:
            return writes.settled, []
        unsettled = set(writes.unsettled)
        touches = self._look.writes_by({run for run, _ in unsettled})
        return writes.settled, [touch for touch in touches if touch[:2] in unsettled]

    def _crossed(self, nodes: set[Key], *, are_versions: bool, written: bool) -> None:
        if nodes:
            self._found.crossed.append(Crossed(nodes, are_versions, written))

    def _is_another_way(self, touch: KnownTouch) -> bool:
        """Tells whether the walk comes to a version that it knows by a way that may lead on to more."""
        return touch[1] in self._unsettled and touch[:2] not in self._reached

    def _writes_of(self, versions: Collection[Key]) -> dict[Key, list[Touch]]:
        found: dict[Key, list[Touch]] = defaultdict(list)
        for touch in self._edges.of(versions, written=True):
            found[touch[1]].append(touch)
        return found

    def _unsettle(self, versions: Collection[Key], ways: Ways) -> None:
        """Takes note that other ways to these versions may lead on to more."""
        self._unsettled.update(versions)
        self._reached.update(came[:2] for version in versions for came in ways[version])

    def _reached_over(self, runs: set[Key], plain: set[Key], touches: Sequence[Touch]) -> set[Key]:
        """Takes note of the datasets over which the walk comes to runs; returns the runs where one is new."""
        telling = self._over.keys() & runs
        if not telling:
            return set()
        followed = {touch[:2] for touch in touches}
        again: set[Key] = set()
        for access in self._look.accesses(telling, written=self._upstream):
            over = self._over[access.run]
            if access.dataset not in over and (access.version in plain or access[:2] in followed):
                over.add(access.dataset)
                again.add(access.run)
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

    def _that_fit(self, new: set[Key], touches: Callable[[], Sequence[T]], end: int) -> set[Key]:
        """Leaves as many new nodes as there is room for: those whose names come first, in every store.

        `touches` lead to all of them; `end` is where in a touch the nodes stand.
        """
        if len(new) <= self._room:
            return new
        self._found.truncated = True
        found = [touch for touch in touches() if touch[end] in new]
        names = self._look.versions({touch[1] for touch in found})
        times = self._edges.times({touch[0] for touch in found})
        found.sort(key=lambda touch: (version_order(names[touch[1]]), times[touch[0]].id))
        return set(list(dict.fromkeys(touch[end] for touch in found))[: self._room])

    @property
    def _room(self) -> int:
        return self._limit - len(self._found.runs) - len(self._found.versions)
