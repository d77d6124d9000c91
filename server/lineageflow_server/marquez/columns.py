"""Pictures of column lineage: fields of datasets, and which fields they come from.

What fed a field is what the last runs that write its dataset say; of a version, what the very runs say that
lie around that version. An input that is not known by its field (a whole dataset) is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Version
from lineageflow_core.model.overview import JobCard, RunCard
from lineageflow_server.marquez.finding import find_dataset, find_job, find_node, find_version
from lineageflow_server.marquez.ids import NodeType, Reading, field_node
from lineageflow_server.marquez.pictures import (
    MOST_NODES,
    Picture,
    check_depth,
    check_exact,
    exact_graph,
    run_cards,
)
from lineageflow_server.marquez.shapes import Json, dataset_shape


class Field(NamedTuple):
    """A field of a dataset, or of one of its versions."""

    dataset: DatasetName
    version: Version | None
    name: str


class Fed(NamedTuple):
    """One field comes from another."""

    target: Field
    source: Field
    edge: ColumnEdge


def column_picture(
    catalog: Catalog,
    node: str,
    *,
    depth: int,
    with_downstream: bool,
    at: datetime | None,
    version: str | None,
) -> Picture:
    """Returns the fields that those of a dataset, or of what a job writes, come from; and go to."""
    depth = check_depth(depth)
    start = find_node(catalog, node, at=at)
    version = version or start.version
    check_exact(start, version, at)
    if version is None:
        fed, fields, truncated = _wired(catalog, start, depth, at)
    else:
        fed, fields, truncated = _exact(catalog, start, version, depth)
    shown = _walk(fields, fed, depth, upstream=True)
    if with_downstream:
        shown |= _walk(fields, fed, depth, upstream=False)
    picture = Picture(truncated=truncated or len(shown) > MOST_NODES)
    types = _types(catalog, shown, at)
    by_target: defaultdict[Field, list[Fed]] = defaultdict(list)
    for each in fed:
        by_target[each.target].append(each)
    for field in sorted(shown, key=_order)[:MOST_NODES]:
        data = _data(field, by_target[field], types.get((field.dataset, field.name)))
        picture.add(field_node(field.dataset, field.name, field.version), "DATASET_FIELD", data)
    for each in fed:
        source, target = each.source, each.target
        picture.connect(
            field_node(source.dataset, source.name, source.version),
            field_node(target.dataset, target.name, target.version),
        )
    return picture


def _wired(
    catalog: Catalog, start: Reading, depth: int, at: datetime | None
) -> tuple[list[Fed], list[Field], bool]:
    """Returns which field feeds which, as jobs are wired, and the fields to start from."""
    overview = catalog.overview
    if start.type is NodeType.JOB:
        names = find_job(catalog, start.job, at=at).writes
    else:
        names = (find_dataset(catalog, start.dataset, at=at).name,)
    wiring = overview.wiring(datasets=names, depth=depth, at=at, limit=MOST_NODES)
    jobs = overview.get_job_cards(wiring.jobs, at=at)
    runs = run_cards(catalog, [run for job in jobs for run in _telling(job)], at)
    fed: dict[Fed, None] = {}
    for job in jobs:
        told: set[DatasetName] = set()
        for run in _telling(job):  # the last one first, and of each output only what it says last
            outputs = {each.output for each in runs[run].columns} - told
            told |= outputs
            fed |= dict.fromkeys(
                each for each in _fed_by(runs[run], exact=False) if each.target.dataset in outputs
            )
    cards = overview.get_dataset_cards(names, at=at)
    fields = [
        Field(card.name, None, field["name"]) for card in cards for field in dataset_shape(card)["fields"]
    ]
    fields += [each.target for each in fed if each.target.dataset in names]
    if start.type is NodeType.FIELD:
        fields = [Field(names[0], None, start.field or "")]
    return list(fed), list(dict.fromkeys(fields)), wiring.truncated


def _exact(catalog: Catalog, start: Reading, version: str, depth: int) -> tuple[list[Fed], list[Field], bool]:
    """Returns which field feeds which among the versions around one, and the fields to start from."""
    card = find_version(catalog, start.dataset, version)
    assert card.version is not None  # a card of a version has one
    nodes, _, truncated = exact_graph(catalog, card.version, depth)
    runs = run_cards(catalog, [node.run.id for node in nodes.values() if node.run])
    fed = list(dict.fromkeys(each for run in runs.values() for each in _fed_by(run, exact=True)))
    if start.type is NodeType.FIELD:
        fields = [Field(card.name, card.version, start.field or "")]
    else:
        fields = [Field(card.name, card.version, field["name"]) for field in dataset_shape(card)["fields"]]
        fields += [each.target for each in fed if each.target.version == card.version]
    return fed, list(dict.fromkeys(fields)), truncated


def _telling(job: JobCard) -> list[RunId]:
    """Returns the runs that say where columns come from, the last one first."""
    return list(dict.fromkeys([*job.told_by, *([job.columns_by] if job.columns_by else [])]))


def _fed_by(run: RunCard, *, exact: bool) -> Iterator[Fed]:
    """Yields which field feeds which in one run; what feeds all of an output's fields feeds each."""
    reads, writes = _by_dataset(io.version for io in run.reads), _by_dataset(io.version for io in run.writes)
    for output in run.columns:
        named = {edge.field for edge in output.edges if edge.field}
        for edge in output.edges:
            if not edge.source_field:
                continue
            for name in [edge.field] if edge.field else sorted(named):
                for target in writes.get(output.output, []) if exact else [None]:
                    for source in reads.get(edge.source, []) if exact else [None]:
                        yield Fed(
                            Field(output.output, target, name),
                            Field(edge.source, source, edge.source_field),
                            edge,
                        )


def _by_dataset(versions: Iterable[Version]) -> dict[DatasetName, list[Version]]:
    found: defaultdict[DatasetName, list[Version]] = defaultdict(list)
    for version in versions:
        if version.version is not None:
            found[version.dataset].append(version)
    return found


def _walk(start: Iterable[Field], fed: Iterable[Fed], depth: int, *, upstream: bool) -> set[Field]:
    following: defaultdict[Field, set[Field]] = defaultdict(set)
    for each in fed:
        near, far = (each.target, each.source) if upstream else (each.source, each.target)
        following[near].add(far)
    found = set(start)
    frontier = set(found)
    for _ in range(depth):
        frontier = {far for near in frontier for far in following[near]} - found
        found |= frontier
    return found


def _types(
    catalog: Catalog, fields: Iterable[Field], at: datetime | None
) -> dict[tuple[DatasetName, str], str | None]:
    cards = catalog.overview.get_dataset_cards(sorted({field.dataset for field in fields}), at=at)
    return {
        (card.name, field["name"]): field["type"] for card in cards for field in dataset_shape(card)["fields"]
    }


def _data(field: Field, fed: Iterable[Fed], kind: str | None) -> Json:
    inputs = [
        {
            "namespace": each.source.dataset.namespace,
            "dataset": each.source.dataset.name,
            "field": each.source.name,
            **_how(each.edge),
        }
        for each in fed
    ]
    first: Mapping[str, object] = inputs[0] if inputs else {}
    return {
        "namespace": field.dataset.namespace,
        "dataset": field.dataset.name,
        "field": field.name,
        "fieldType": kind,
        "transformationDescription": first.get("transformationDescription"),
        "transformationType": first.get("transformationType"),
        "inputFields": inputs,
    }


def _how(edge: ColumnEdge) -> Json:
    return {
        "transformationDescription": "masked" if edge.masking else "",
        "transformationType": edge.subtype or edge.kind,
    }


def _order(field: Field) -> tuple[str, str, str, str]:
    version = field.version
    text = f"{version.partition}@{version.version}" if version else ""
    return field.dataset.namespace, field.dataset.name, field.name, text
