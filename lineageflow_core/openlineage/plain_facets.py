"""Facets as an event has them: plain JSON that says who made it, by which schema, and what it has to say.

The schemas of standard facets are those of openlineage-python's classes, which a test compares. The classes
themselves take longer to import than a short step runs, so nothing here imports them.
"""

from collections.abc import Mapping
from typing import Any, Final

from lineageflow_core.openlineage.vocabulary import SPECIFICATION, producer

PlainFacet = dict[str, Any]

STANDARD: Final[Mapping[str, str]] = {
    "ColumnLineageDatasetFacet": "1-2-0/ColumnLineageDatasetFacet",
    "DataQualityAssertionsDatasetFacet": "1-1-0/DataQualityAssertionsDatasetFacet",
    "DatasetTypeDatasetFacet": "1-0-1/DatasetTypeDatasetFacet",
    "DatasetVersionDatasetFacet": "1-0-1/DatasetVersionDatasetFacet",
    "DocumentationDatasetFacet": "1-1-0/DocumentationDatasetFacet",
    "DocumentationJobFacet": "1-1-0/DocumentationJobFacet",
    "ErrorMessageRunFacet": "1-0-1/ErrorMessageRunFacet",
    "ExecutionParametersRunFacet": "1-0-0/ExecutionParametersRunFacet",
    "InputStatisticsInputDatasetFacet": "1-0-0/InputStatisticsInputDatasetFacet",
    "InputSubsetInputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet",
    "JobDependenciesRunFacet": "1-0-1/JobDependenciesRunFacet",
    "JobTypeJobFacet": "2-0-4/JobTypeJobFacet",
    "OutputStatisticsOutputDatasetFacet": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "OutputSubsetOutputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet",
    "OwnershipDatasetFacet": "1-0-1/OwnershipDatasetFacet",
    "OwnershipJobFacet": "1-0-1/OwnershipJobFacet",
    "ParentRunFacet": "1-2-0/ParentRunFacet",
    "ProcessingEngineRunFacet": "1-1-1/ProcessingEngineRunFacet",
    "SchemaDatasetFacet": "1-2-0/SchemaDatasetFacet",
    "SourceCodeLocationJobFacet": "1-1-0/SourceCodeLocationJobFacet",
    "TagsDatasetFacet": "1-0-0/TagsDatasetFacet",
    "TagsJobFacet": "1-0-0/TagsJobFacet",
}
"""The standard facets that we write, by class name: the version and file of the schema of each."""


def standard(name: str, /, **said: Any) -> PlainFacet:
    """Returns a standard facet, by its class name; what is None is left out."""
    return _made(f"https://openlineage.io/spec/facets/{STANDARD[name]}.json#/$defs/{name}", said)


def own(name: str, /, **said: Any) -> PlainFacet:
    """Returns one of our own facets, by its class name; what is None is left out."""
    return _made(schema_url(name), said)


def part(**said: Any) -> dict[str, Any]:
    """Returns a part of a facet; what is None is left out."""
    return {name: value for name, value in said.items() if value is not None}


def schema_url(facet: str) -> str:
    """Returns the immutable address of the schema of one of our facets, by its class name."""
    return f"{SPECIFICATION}/1-0-0/{facet}.json#/$defs/{facet}"


def _made(schema: str, said: Mapping[str, Any]) -> PlainFacet:
    return {"_producer": producer(), "_schemaURL": schema, **part(**said)}
