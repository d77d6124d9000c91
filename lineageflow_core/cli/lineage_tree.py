"""A lineage graph as a tree: runs and versions in turn, from what was asked about outwards.

What comes up twice is drawn once and then only named. Siblings that are alike (versions of one dataset, runs
of one job) stand together on one line where there are many, so that twelve months are not twelve trees.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.cli import cells
from lineageflow_core.cli.versions import dataset_cell, version_cell
from lineageflow_core.model.lineage import Direction, LineageGraph, LineageNode

MANY = 5
"""From so many on, siblings that are alike stand together."""
DEEPEST = 100
"""Levels that are drawn: nobody reads lines that begin so far to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limb:
    """A node of the tree with what hangs on it."""

    nodes: tuple[LineageNode, ...]
    """One, or several that are alike."""
    repeated: bool
    """Drawn further up already, with all that hangs on it."""
    limbs: tuple["Limb", ...]
    goes_on: bool
    """What hangs on it is too deep to be drawn."""


def grow(graph: LineageGraph, direction: Direction) -> tuple[Limb, ...]:
    """Returns the tree of a graph walked in one direction: a limb for each start, or group of them."""
    return _Growth(graph, direction).limbs(graph.start)


def lines(limbs: Sequence[Limb], home: str | None, *, before: str = "") -> Iterator[tuple[str, cells.Cell]]:
    """Yields the drawing: the branches in front, and what they lead to."""
    for number, limb in enumerate(limbs, start=1):
        is_last = number == len(limbs)
        yield before + ("└─ " if is_last else "├─ "), label(limb, home)
        yield from lines(limb.limbs, home, before=before + ("   " if is_last else "│  "))


def label(limb: Limb, home: str | None) -> cells.Cell:
    """Returns what a limb is, in few words."""
    named = _several(limb.nodes, home) if len(limb.nodes) > 1 else node_cell(limb.nodes[0], home)
    if limb.repeated:
        return cells.Cell(named.plain, (*named.parts, ("  (shown above)", "dim")))
    if limb.goes_on:
        return cells.Cell(named.plain, (*named.parts, ("  (goes on: ask from here)", "dim")))
    return named


def node_cell(node: LineageNode, home: str | None) -> cells.Cell:
    """Returns a version or run in few words."""
    if node.version is not None:
        named = version_cell(node.version, home)
        kind = ((f"  {node.dataset_type.lower()}", "dim"),) if node.dataset_type else ()
        return cells.Cell(named.plain, (*named.parts, *kind))
    if node.job is not None:
        return cells.Cell(node.id, ((node.job.name, "name"), ("  declared, no run", "dim")))
    if node.run is None:
        return cells.text(node.id, "run")
    run = node.run
    facts = cells.joined(
        (cells.run_chip(run), cells.labelled("code", cells.code(run.code)), cells.when(run.started_at)),
        between="  ",
    )
    return cells.Cell(node.id, facts.parts)


def _several(nodes: Sequence[LineageNode], home: str | None) -> cells.Cell:
    first = nodes[0]
    if first.version is not None:
        partitions = sorted({node.version.partition for node in nodes if node.version})
        what = "partition" if len(partitions) == len(nodes) else "version"
        span = f" {partitions[0]} … {partitions[-1]}" if partitions[0] != partitions[-1] else ""
        dataset = dataset_cell(first.version, home)
        shown = (*dataset.parts, (f"{span}  {cells.plural(len(nodes), what)}", "dim"))
    else:
        job = first.run.job.name if first.run else first.id
        facts = (
            cells.text(job, "name"),
            cells.text(cells.plural(len(nodes), "run"), "dim"),
            cells.labelled("last", cells.when(_latest(nodes))),
        )
        shown = cells.joined(facts, between="  ").parts
    return cells.Cell(",".join(node.id for node in nodes), shown)


def _latest(nodes: Iterable[LineageNode]) -> datetime | None:
    return max((node.run.started_at for node in nodes if node.run and node.run.started_at), default=None)


class _Growth:
    """Grows limbs, remembering what was drawn."""

    def __init__(self, graph: LineageGraph, direction: Direction) -> None:
        self._nodes = {node.id: node for node in graph.nodes}
        self._next: dict[str, list[str]] = defaultdict(list)
        for edge in graph.edges:
            if direction is Direction.UPSTREAM:
                self._next[edge.target].append(edge.source)
            else:
                self._next[edge.source].append(edge.target)
        self._drawn: set[str] = set()

    def limbs(self, ids: Iterable[str], level: int = 1) -> tuple[Limb, ...]:
        return tuple(self._limb(group, level) for group in self._groups(ids))

    def _limb(self, group: Sequence[str], level: int) -> Limb:
        new = [node for node in group if node not in self._drawn]
        self._drawn.update(new)
        following = dict.fromkeys(found for node in new for found in self._next[node])
        return Limb(
            nodes=tuple(self._nodes[node] for node in group),
            repeated=not new and any(self._next[node] for node in group),
            limbs=self.limbs(following, level + 1) if level < DEEPEST else (),
            goes_on=level == DEEPEST and bool(following),
        )

    def _groups(self, ids: Iterable[str]) -> Iterator[list[str]]:
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for node in ids:
            if node in self._nodes:
                alike[_kind(self._nodes[node])].append(node)
        for group in alike.values():
            if len(group) >= MANY:
                yield group
            else:
                yield from ([node] for node in group)


def _kind(node: LineageNode) -> tuple[str, ...]:
    if node.version is not None:
        return "version", node.version.namespace, node.version.name
    if node.run is not None:
        return "run", node.run.job.namespace, node.run.job.name
    return "run", node.id
