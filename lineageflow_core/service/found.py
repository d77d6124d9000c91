"""What walks of the graph of runs and versions come to, and how parts of that are put together."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeAlias

from lineageflow_core.model.lineage import Direction
from lineageflow_core.service.edges import Edge
from lineageflow_core.service.nodes import version_order
from lineageflow_core.store.ports import Key, LineageLook

Node: TypeAlias = tuple[bool, Key]
"""Whether it is a version (else a run), and its key."""


class Crossed(NamedTuple):
    """Nodes of which a walk followed all reads, or all writes."""

    nodes: set[Key]
    are_versions: bool
    """Else they are runs."""
    written: bool
    """Their writes were followed, else their reads."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What a walk came to, with how many runs away from the start it is."""

    runs: dict[Key, int] = field(default_factory=dict)
    versions: dict[Key, int] = field(default_factory=dict)
    followed: list[tuple[bool, Sequence[tuple[Key, ...]]]] = field(default_factory=list)
    """What was followed, also to nodes for which there was no room: whether written, with runs and versions
    (and more)."""
    crossed: list[Crossed] = field(default_factory=list)
    """What was followed besides: it is asked for again by whoever wants to see it."""
    start: set[Node] = field(default_factory=set)
    truncated: bool = False
    """There was more than there was room for."""

    def edges(self, look: LineageLook) -> set[Edge]:
        """Returns the edges between what was found, at the same look."""
        return {
            Edge(touch[0], touch[1], written)
            for written, touches in (*self.followed, *map(partial(self._touches, look), self.crossed))
            for touch in touches
            if touch[0] in self.runs and touch[1] in self.versions
        }

    def _touches(self, look: LineageLook, crossed: Crossed) -> tuple[bool, Sequence[tuple[Key, ...]]]:
        there = self.versions if crossed.are_versions else self.runs
        nodes = [node for node in crossed.nodes if node in there]
        ask: Callable[[Collection[Key]], Sequence[tuple[Key, ...]]]
        if crossed.are_versions:
            ask = look.writes_of if crossed.written else look.reads_of
        else:
            ask = look.writes_by if crossed.written else look.reads_by
        return crossed.written, ask(nodes) if nodes else []


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
        crossed=[*upstream.crossed, *downstream.crossed],
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


def leading_to(look: LineageLook, found: Found, ends: Iterable[Node], *, direction: Direction) -> Found:
    """Returns what lies between the start of a walk and some nodes that it found, with both ends."""
    before: dict[Node, list[Edge]] = defaultdict(list)
    for edge in found.edges(look):
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
        crossed=found.crossed,
        start=found.start,
        truncated=found.truncated,
    )
