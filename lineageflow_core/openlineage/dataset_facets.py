"""Our facts about datasets as OpenLineage facets, and about one reading or writing of them.

Like `facets`, this imports openlineage-python, and is imported when an event is built.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from openlineage.client import facet_v2 as standard
from openlineage.client.generated.base import DatasetFacet, InputDatasetFacet, OutputDatasetFacet
from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet

from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.quality import Assertion, Outcome
from lineageflow_core.openlineage.about import About
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.facets import LineageFlowCommitDatasetFacet, PartitionContent, signed
from lineageflow_core.openlineage.vocabulary import Facet

_Transformation = standard.column_lineage_dataset.Transformation
_HIVE_SEGMENT = re.compile(r"(?P<name>[^=]+)=(?P<value>.*)", re.DOTALL)


def dataset_facets(access: DatasetAccess) -> dict[str, DatasetFacet]:
    """Returns the facets about a dataset as such: exact version, type, schema, what people say of it."""
    whole = _whole_snapshot(access)
    found: dict[str, DatasetFacet] = {
        Facet.OUR_COMMIT: LineageFlowCommitDatasetFacet(
            repository=access.repository,
            commit=access.commit,
            ref=access.ref,
            snapshot=whole,
            partitions=[]
            if whole
            else [
                PartitionContent(partition=snapshot.partition, snapshot=snapshot.snapshot)
                for snapshot in access.snapshots
            ],
        ),
        # A receiver that does not know our facet still tells versions apart: some partitions are not the
        # whole dataset, whose version is the commit then.
        Facet.VERSION: standard.dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=whole or access.commit
        ),
    }
    if access.dataset_type:
        found[Facet.TYPE] = standard.dataset_type_dataset.DatasetTypeDatasetFacet(
            datasetType=access.dataset_type
        )
    if access.schema:
        found[Facet.SCHEMA] = standard.schema_dataset.SchemaDatasetFacet(
            fields=[
                standard.schema_dataset.SchemaDatasetFacetFields(name=name, type=kind, ordinal_position=place)
                for place, (name, kind) in enumerate(access.schema, start=1)
            ]
        )
    return signed(found | _said(access.about or About()))


def input_facets(access: DatasetAccess) -> dict[str, InputDatasetFacet]:
    """Returns the facets about reading a dataset: which partitions, how much, what tests of it found."""
    found: dict[str, InputDatasetFacet] = {
        Facet.INPUT_STATISTICS: InputStatisticsInputDatasetFacet(**_statistics(access))
    }
    if condition := _partitions(access):
        found[Facet.SUBSET] = standard.base_subset_dataset.InputSubsetInputDatasetFacet(
            inputCondition=condition
        )
    if access.assertions:
        module = standard.data_quality_assertions_dataset
        found[Facet.ASSERTIONS] = module.DataQualityAssertionsDatasetFacet(
            assertions=[_assertion(each) for each in access.assertions if each.outcome is not Outcome.SKIPPED]
        )
    return signed(found)


def output_facets(access: DatasetAccess) -> dict[str, OutputDatasetFacet]:
    """Returns the facets about writing a dataset: which partitions, how much."""
    found: dict[str, OutputDatasetFacet] = {
        Facet.OUTPUT_STATISTICS: standard.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            **_statistics(access)
        )
    }
    if condition := _partitions(access):
        found[Facet.SUBSET] = standard.base_subset_dataset.OutputSubsetOutputDatasetFacet(
            outputCondition=condition
        )
    return signed(found)


def column_lineage(edges: Iterable[ColumnEdge]) -> dict[str, DatasetFacet]:
    """Returns the facet that says what the columns of something that was written come from, if anything."""
    fields: dict[str, dict[tuple[str, str, str], list[_Transformation]]] = {}
    for edge in edges:
        source = (edge.source.namespace, edge.source.name, edge.source_field)
        steps = fields.setdefault(edge.field, {}).setdefault(source, [])
        if edge.kind:
            steps.append(
                _Transformation(type=edge.kind, subtype=edge.subtype or None, masking=edge.masking or None)
            )
    said = {
        field: [
            standard.column_lineage_dataset.InputField(
                namespace=namespace, name=name, field=column, transformations=steps
            )
            for (namespace, name, column), steps in sources.items()
        ]
        for field, sources in fields.items()
    }
    if not said:
        return {}
    of_all = said.pop("", [])
    facet = standard.column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            field: standard.column_lineage_dataset.Fields(inputFields=inputs)
            for field, inputs in said.items()
        },
        dataset=of_all,
    )
    return signed({Facet.COLUMN_LINEAGE: facet})


def _said(about: About) -> dict[str, DatasetFacet]:
    found: dict[str, DatasetFacet] = {}
    if about.description:
        found[Facet.DOCUMENTATION] = standard.documentation_dataset.DocumentationDatasetFacet(
            description=about.description
        )
    if about.owners:
        found[Facet.OWNERSHIP] = standard.ownership_dataset.OwnershipDatasetFacet(
            owners=[standard.ownership_dataset.Owner(name=owner) for owner in about.owners]
        )
    if about.tags:
        module = standard.tags_dataset
        found[Facet.TAGS] = module.TagsDatasetFacet(
            tags=[module.TagsDatasetFacetFields(key=key, value=value) for key, value in about.tags]
        )
    return found


def _assertion(said: Assertion) -> standard.data_quality_assertions_dataset.Assertion:
    return standard.data_quality_assertions_dataset.Assertion(
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


def _partitions(access: DatasetAccess) -> standard.base_subset_dataset.PartitionSubsetCondition | None:
    partitions = sorted({snapshot.partition for snapshot in access.snapshots if snapshot.partition})
    if not partitions:
        return None
    module = standard.base_subset_dataset
    return module.PartitionSubsetCondition(
        partitions=[
            module.Partition(identifier=partition, dimensions=_dimensions(partition))
            for partition in partitions
        ]
    )


def _dimensions(partition: str) -> dict[str, str]:
    """Hive-style segments (`month=2013-07`) name their dimension; others have only a place."""
    dimensions = {}
    for place, segment in enumerate(partition.split("/")):
        named = _HIVE_SEGMENT.fullmatch(segment)
        dimensions[named["name"] if named else f"level_{place}"] = named["value"] if named else segment
    return dimensions
