"""Pictures of lineage as Marquez draws them: datasets and jobs, with edges at both of their ends.

Without a version, a picture shows how jobs are wired: what each reads and writes, now or as of a time. With a
version of a dataset, it shows the very runs and versions that fed that one and were fed by it; there, a
dataset or a job may stand several times, each with the version or the run that it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Direction, LineageEdge, LineageNode, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.overview import DatasetCard, JobCard, RunCard
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_server.marquez.finding import find_node, find_version
from lineageflow_server.marquez.ids import NodeType, Reading, dataset_node, job_node
from lineageflow_server.marquez.shapes import Json, dataset_shape, job_shape

MOST_NODES = 2000
"""In one picture."""
MOST_DEPTH = 100


class Picture:
    """Nodes and edges, as they are drawn."""

    def __init__(self, *, truncated: bool) -> None:
        self.truncated = truncated
        """More was reachable than there is room for."""
        self._nodes: dict[str, tuple[str, Json]] = {}
        self._edges: dict[tuple[str, str], None] = {}

    def add(self, node: str, kind: str, data: Json) -> None:
        """Adds a node."""
        self._nodes[node] = (kind, data)

    def connect(self, origin: str, destination: str) -> None:
        """Adds an edge: data goes from one node to the other."""
        self._edges[origin, destination] = None

    def shape(self) -> Json:
        """Returns the picture, without edges to what is not in it."""
        before: defaultdict[str, list[Json]] = defaultdict(list)
        behind: defaultdict[str, list[Json]] = defaultdict(list)
        for origin, destination in self._edges:
            if origin in self._nodes and destination in self._nodes:
                edge = {"origin": origin, "destination": destination}
                before[destination].append(edge)
                behind[origin].append(edge)
        return {
            "graph": [
                {"id": node, "type": kind, "data": data, "inEdges": before[node], "outEdges": behind[node]}
                for node, (kind, data) in sorted(self._nodes.items())
            ]
        }


def lineage_picture(
    catalog: Catalog, node: str, *, depth: int, at: datetime | None, version: str | None
) -> Picture:
    """Returns what lies up and down the stream of a dataset or a job."""
    depth = check_depth(depth)
    start = find_node(catalog, node, at=at)
    version = version or start.version
    check_exact(start, version, at)
    if version is None:
        return _wired(catalog, start, depth, at)
    return _exact(catalog, find_version(catalog, start.dataset, version), depth)


def check_exact(start: Reading, version: str | None, at: datetime | None) -> None:
    """Raises InvalidInputError where a picture of exact versions is asked for that there is none of."""
    if version is not None and start.type is NodeType.JOB:
        raise InvalidInputError("pictures of exact versions start from a dataset: give a job no version")
    if version is not None and at is not None:
        raise InvalidInputError("a version is what it is at any time: give `at` or `version`, not both")


def check_depth(depth: int) -> int:
    """Returns how far to walk. Raises InvalidInputError."""
    if depth < 0:
        raise InvalidInputError(f"a picture goes 0 or more jobs far, not {depth}")
    return min(depth, MOST_DEPTH)


def run_cards(catalog: Catalog, run_ids: Iterable[RunId], at: datetime | None = None) -> dict[RunId, RunCard]:
    """Returns cards of runs, by id, a page of them at a time."""
    wanted = list(dict.fromkeys(run_ids))
    found: dict[RunId, RunCard] = {}
    for start in range(0, len(wanted), MAX_LIMIT):
        cards = catalog.overview.get_run_cards(wanted[start : start + MAX_LIMIT], at=at)
        found |= {card.run.id: card for card in cards}
    return found


def latest_of(catalog: Catalog, jobs: Iterable[JobCard], at: datetime | None = None) -> dict[RunId, RunCard]:
    """Returns the latest runs of jobs."""
    return run_cards(catalog, [card.latest.id for card in jobs if card.latest], at)


def exact_graph(
    catalog: Catalog, version: Version, depth: int
) -> tuple[dict[str, LineageNode], list[LineageEdge], bool]:
    """Returns nodes and edges around a version, both ways, and whether there are more."""
    nodes: dict[str, LineageNode] = {}
    edges: dict[LineageEdge, None] = {}
    truncated = False
    for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM):
        found = catalog.lineage.trace(
            format_node(version), direction=direction, depth=depth, limit=MOST_NODES // 2
        )
        nodes |= {node.id: node for node in found.nodes}
        edges |= dict.fromkeys(found.edges)
        truncated |= found.truncated
    return nodes, list(edges), truncated


def _wired(catalog: Catalog, start: Reading, depth: int, at: datetime | None) -> Picture:
    is_job = start.type is NodeType.JOB
    found = catalog.overview.wiring(
        datasets=[] if is_job else [start.dataset],
        jobs=[start.job] if is_job else [],
        depth=depth,
        at=at,
        limit=MOST_NODES,
    )
    picture = Picture(truncated=found.truncated)
    jobs = catalog.overview.get_job_cards(found.jobs, at=at)
    latest = latest_of(catalog, jobs, at)
    for job in jobs:
        run = latest.get(job.latest.id) if job.latest else None
        picture.add(job_node(job.job), "JOB", job_shape(job, run, [run] if run else []))
    for dataset in catalog.overview.get_dataset_cards(found.datasets, at=at):
        picture.add(dataset_node(dataset.name), "DATASET", dataset_shape(dataset))
    for wire in found.wires:
        ends = dataset_node(wire.dataset), job_node(wire.job)
        picture.connect(*(reversed(ends) if wire.written else ends))
    return picture


def _exact(catalog: Catalog, start: DatasetCard, depth: int) -> Picture:
    assert start.version is not None  # a card of a version has one
    nodes, edges, truncated = exact_graph(catalog, start.version, depth)
    runs = run_cards(catalog, [node.run.id for node in nodes.values() if node.run])
    wanted = [run.run.job for run in runs.values()] + [node.job for node in nodes.values() if node.job]
    jobs = {card.job: card for card in catalog.overview.get_job_cards(wanted)}
    said = _said_of(runs)
    names: dict[str, str] = {}
    picture = Picture(truncated=truncated)
    for node in nodes.values():
        if node.version is not None:
            names[node.id] = dataset_node(node.version.dataset, node.version)
            card = said.get(node.version) or DatasetCard(
                name=node.version.dataset, version=node.version, dataset_type=node.dataset_type
            )
            picture.add(names[node.id], "DATASET", dataset_shape(card))
        elif node.run is not None:
            names[node.id] = job_node(node.run.job, node.run.id)
            run = runs[node.run.id]
            picture.add(names[node.id], "JOB", job_shape(_job_of(run, jobs[run.run.job]), run, [run]))
        elif node.job is not None:
            names[node.id] = job_node(node.job)
            picture.add(names[node.id], "JOB", job_shape(jobs[node.job], None, []))
    for edge in edges:
        picture.connect(names[edge.source], names[edge.target])
    return picture


def _said_of(runs: Mapping[RunId, RunCard]) -> dict[Version, DatasetCard]:
    """Returns a card of each version that one of these runs wrote, or read."""
    found: dict[Version, DatasetCard] = {}
    for written in (False, True):
        for run in runs.values():
            accesses = run.write_facets if written else run.read_facets
            facets: dict[DatasetName, Any] = {each.dataset: each.facets for each in accesses}
            for io in run.writes if written else run.reads:
                if written or io.version not in found:
                    found[io.version] = DatasetCard(
                        name=io.version.dataset,
                        version=io.version,
                        dataset_type=io.dataset_type,
                        first_at=io.at if written else None,
                        written_at=io.at if written else None,
                        run=run.run if written else None,
                        facets=facets.get(io.version.dataset, {}),
                    )
    return found


def _job_of(run: RunCard, job: JobCard) -> JobCard:
    """Returns a job as one of its runs knew it."""
    return JobCard(
        job=job.job,
        first_at=job.first_at,
        latest=run.run,
        parent=job.parent,
        reads=tuple(sorted({io.version.dataset for io in run.reads})),
        writes=tuple(sorted({io.version.dataset for io in run.writes})),
        told_by=(run.run.id,),
        facets=run.job_facets,
    )
