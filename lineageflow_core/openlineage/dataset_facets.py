"""Our facts about datasets as OpenLineage facets, and about one reading or writing of them."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.quality import Assertion, Outcome
from lineageflow_core.openlineage.about import About
from lineageflow_core.openlineage.access import DatasetAccess, PlannedWrite
from lineageflow_core.openlineage.plain_facets import PlainFacet, own, part, standard
from lineageflow_core.openlineage.vocabulary import Facet

_HIVE_SEGMENT = re.compile(r"(?P<name>[^=]+)=(?P<value>.*)", re.DOTALL)


def dataset_facets(access: DatasetAccess) -> dict[str, PlainFacet]:
    """Returns the facets about a dataset as such: exact version, type, schema, what people say of it."""
    whole = _whole_snapshot(access)
    parts = [] if whole else access.snapshots
    found = {
        Facet.OUR_COMMIT.value: own(
            "LineageFlowCommitDatasetFacet",
            repository=access.repository,
            commit=access.commit,
            ref=access.ref,
            snapshot=whole,
            partitions=[part(partition=each.partition, snapshot=each.snapshot) for each in parts],
        ),
        # A receiver that does not know our facet still tells versions apart: some partitions are not the
        # whole dataset, whose version is the commit then.
        Facet.VERSION.value: standard("DatasetVersionDatasetFacet", datasetVersion=whole or access.commit),
    }
    if access.dataset_type:
        found[Facet.TYPE.value] = standard("DatasetTypeDatasetFacet", datasetType=access.dataset_type)
    if access.schema:
        fields = [
            part(name=name, type=kind, ordinal_position=place)
            for place, (name, kind) in enumerate(access.schema, start=1)
        ]
        found[Facet.SCHEMA.value] = standard("SchemaDatasetFacet", fields=fields)
    return found | _said(access.about or About())


def input_facets(access: DatasetAccess) -> dict[str, PlainFacet]:
    """Returns the facets about reading a dataset: which partitions, how much, what tests of it found."""
    found = {
        Facet.INPUT_STATISTICS.value: standard("InputStatisticsInputDatasetFacet", **_statistics(access))
    }
    if condition := _partitions(access):
        found[Facet.SUBSET.value] = standard("InputSubsetInputDatasetFacet", inputCondition=condition)
    if access.assertions:
        found[Facet.ASSERTIONS.value] = standard(
            "DataQualityAssertionsDatasetFacet",
            assertions=[
                _assertion(each) for each in access.assertions if each.outcome is not Outcome.SKIPPED
            ],
        )
    return found


def output_facets(access: DatasetAccess) -> dict[str, PlainFacet]:
    """Returns the facets about writing a dataset: which partitions, how much."""
    found = {
        Facet.OUTPUT_STATISTICS.value: standard("OutputStatisticsOutputDatasetFacet", **_statistics(access))
    }
    if condition := _partitions(access):
        found[Facet.SUBSET.value] = standard("OutputSubsetOutputDatasetFacet", outputCondition=condition)
    return found


def planned_facets(plan: PlannedWrite) -> dict[str, PlainFacet]:
    """Returns the facets about a writing that did not come to be: which partitions it was to be of."""
    condition = _subset(plan.partitions)
    if condition is None:
        return {}
    return {Facet.SUBSET.value: standard("OutputSubsetOutputDatasetFacet", outputCondition=condition)}


def column_lineage(edges: Iterable[ColumnEdge]) -> dict[str, PlainFacet]:
    """Returns the facet that says what the columns of something that was written come from, if anything."""
    fields: dict[str, dict[tuple[str, str, str], list[dict[str, Any]]]] = {}
    for edge in edges:
        source = (edge.source.namespace, edge.source.name, edge.source_field)
        steps = fields.setdefault(edge.field, {}).setdefault(source, [])
        if edge.kind:
            steps.append(part(type=edge.kind, subtype=edge.subtype or None, masking=edge.masking or None))
    said = {
        field: [
            part(namespace=namespace, name=name, field=column, transformations=steps)
            for (namespace, name, column), steps in sources.items()
        ]
        for field, sources in fields.items()
    }
    if not said:
        return {}
    of_all = said.pop("", [])
    by_field = {field: part(inputFields=inputs) for field, inputs in said.items()}
    return {
        Facet.COLUMN_LINEAGE.value: standard("ColumnLineageDatasetFacet", fields=by_field, dataset=of_all)
    }


def _said(about: About) -> dict[str, PlainFacet]:
    found: dict[str, PlainFacet] = {}
    if about.description:
        found[Facet.DOCUMENTATION.value] = standard(
            "DocumentationDatasetFacet", description=about.description
        )
    if about.owners:
        owners = [part(name=owner) for owner in about.owners]
        found[Facet.OWNERSHIP.value] = standard("OwnershipDatasetFacet", owners=owners)
    if about.tags:
        tags = [part(key=key, value=value) for key, value in about.tags]
        found[Facet.TAGS.value] = standard("TagsDatasetFacet", tags=tags)
    return found


def _assertion(said: Assertion) -> dict[str, Any]:
    return part(
        assertion=said.assertion,
        success=said.outcome is Outcome.PASSED,
        column=said.column,
        severity=said.severity,
        name=said.name,
        description=said.description,
        expected=said.expected,
        actual=said.actual,
        content=said.content,
        params=dict(said.params),
    )


def _whole_snapshot(access: DatasetAccess) -> str | None:
    only = access.snapshots[0]
    return only.snapshot if len(access.snapshots) == 1 and not only.partition else None


def _statistics(access: DatasetAccess) -> Mapping[str, Any]:
    return {
        "rowCount": access.rows,
        "size": sum(snapshot.size for snapshot in access.snapshots),
        "fileCount": sum(snapshot.objects for snapshot in access.snapshots),
    }


def _partitions(access: DatasetAccess) -> dict[str, Any] | None:
    return _subset({snapshot.partition for snapshot in access.snapshots if snapshot.partition})


def _subset(keys: Collection[str]) -> dict[str, Any] | None:
    partitions = sorted(keys)
    if not partitions:
        return None
    named = [part(dimensions=_dimensions(partition), identifier=partition) for partition in partitions]
    return part(partitions=named, type="partition")


def _dimensions(partition: str) -> dict[str, str]:
    """Hive-style segments (`month=2013-07`) name their dimension; others have only a place."""
    dimensions = {}
    for place, segment in enumerate(partition.split("/")):
        named = _HIVE_SEGMENT.fullmatch(segment)
        dimensions[named["name"] if named else f"level_{place}"] = named["value"] if named else segment
    return dimensions
