"""From what a walk found, which is keys, to the graph that is shown."""

from collections import Counter
from collections.abc import Collection, Mapping

from lineageflow_core.model.lineage import Evidence, LineageEdge, LineageGraph, LineageNode, NodeKind, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Run
from lineageflow_core.service.edges import Edge, Edges, edge_of
from lineageflow_core.service.found import Found, Node
from lineageflow_core.store.ports import Access, Key, LineageLook


def draw(
    look: LineageLook,
    edges: Edges,
    found: Found,
    *,
    alone: Collection[Version] = (),
    counts: bool = True,
) -> LineageGraph:
    """Returns a graph of what was found, and of versions `alone` that no run touched.

    Nodes stand by depth, runs before versions, then by name. `counts`: each tells how many edges more it has.
    """
    runs, versions = look.runs(found.runs), look.versions(found.versions)
    types = look.types(found.versions)
    accesses = [access for written in (False, True) for access in look.accesses(found.runs, written=written)]
    drawn = found.edges(look)
    more = _beyond(edges, accesses, drawn, versions) if counts else Counter()
    start = [format_node(version) for version in alone]
    start += [format_node(versions[key] if is_version else runs[key].id) for is_version, key in found.start]
    nodes = [
        _run_node(runs[key], depth, more[(False, key), False], more[(False, key), True])
        for key, depth in found.runs.items()
    ]
    nodes += [
        _version_node(versions[key], depth, types.get(key), more[(True, key), False], more[(True, key), True])
        for key, depth in found.versions.items()
    ]
    nodes += [_version_node(version, 0, None, 0, 0) for version in alone]
    nodes.sort(key=node_order)
    evidence = edges.evidence(access for access in accesses if edge_of(access) in drawn)
    names = _ids(runs, versions)
    return LineageGraph(
        start=tuple(sorted(start)),
        nodes=tuple(nodes),
        edges=tuple(
            sorted(
                (_drawn_edge(edge, names, how) for edge, how in evidence.items()),
                key=lambda edge: (edge.source, edge.target),
            )
        ),
        truncated=found.truncated,
    )


def node_order(node: LineageNode) -> tuple[int, bool, str]:
    """Returns what the nodes of a graph are sorted by: depth, then runs before versions, then name."""
    return node.depth, node.kind is NodeKind.VERSION, node.id


def node_ids(look: LineageLook, found: Found) -> dict[Node, str]:
    """Returns what nodes are called in a graph."""
    return _ids(look.runs(found.runs), look.versions(found.versions))


def _ids(runs: Mapping[Key, Run], versions: Mapping[Key, Version]) -> dict[Node, str]:
    names: dict[Node, str] = {(False, key): format_node(run.id) for key, run in runs.items()}
    return names | {(True, key): format_node(version) for key, version in versions.items()}


def _drawn_edge(edge: Edge, names: Mapping[Node, str], evidence: Evidence) -> LineageEdge:
    run, version = names[False, edge.run], names[True, edge.version]
    source, target = (run, version) if edge.written else (version, run)
    return LineageEdge(source=source, target=target, evidence=evidence)


def _beyond(
    edges: Edges, accesses: Collection[Access], drawn: Collection[Edge], versions: Mapping[Key, Version]
) -> Counter[tuple[Node, bool]]:
    """Counts the edges that are not shown, by node and by whether they lead on."""
    known = [key for key, version in versions.items() if version.version is not None]
    more: Counter[tuple[Node, bool]] = Counter()
    for written in (False, True):
        for run, version, *_ in edges.wanted(edges.of(known, written=written), written=written):
            if Edge(run, version, written) not in drawn:
                more[(True, version), not written] += 1
    for access in edges.wanted_of(accesses):
        if edge_of(access) not in drawn:
            more[(False, access.run), access.written] += 1
    return more


def _run_node(run: Run, depth: int, upstream: int, downstream: int) -> LineageNode:
    return LineageNode(
        id=format_node(run.id),
        kind=NodeKind.RUN,
        depth=depth,
        run=run,
        more_upstream=upstream,
        more_downstream=downstream,
    )


def _version_node(
    version: Version, depth: int, dataset_type: str | None, upstream: int, downstream: int
) -> LineageNode:
    return LineageNode(
        id=format_node(version),
        kind=NodeKind.VERSION,
        depth=depth,
        version=version,
        dataset_type=dataset_type,
        more_upstream=upstream,
        more_downstream=downstream,
    )
