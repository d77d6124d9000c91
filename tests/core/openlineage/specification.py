"""What OpenLineage asks of an event, as JSON Schema, from the published facts of core 2-0-2.

openlineage-python ships no schemas, so the structure that a receiver may count on is written down here: what
is required, of what type and format, and for each standard facet that we send, its required fields. The
`$id` is the specification's own, so that the references in our facets' schemas find it.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from lineageflow_core.openlineage.facets import OWN_FACETS, schema_text

CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
URI = {"type": "string", "format": "uri"}
RUN_REFERENCE = {
    "type": "object",
    "properties": {"runId": {"type": "string", "format": "uuid"}},
    "required": ["runId"],
}
JOB_REFERENCE = {
    "type": "object",
    "properties": {"namespace": TEXT, "name": TEXT},
    "required": ["namespace", "name"],
}


def facet(*required: str, **properties: Any) -> dict[str, Any]:
    """Returns the schema of a facet with these properties."""
    return {
        "$ref": "#/$defs/BaseFacet",
        "type": "object",
        "properties": properties,
        "required": list(required),
    }


def items(*required: str, **properties: Any) -> dict[str, Any]:
    """Returns the schema of a list of objects with these properties."""
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": list(required)},
    }


def facets(**known: Any) -> dict[str, Any]:
    """Returns the schema of a place for facets, of which these are known."""
    return {"type": "object", "properties": known, "additionalProperties": {"$ref": "#/$defs/BaseFacet"}}


def own(key: str) -> dict[str, Any]:
    """Returns a reference to the schema of one of our facets, which lies beside the code."""
    schema = json.loads(schema_text(OWN_FACETS[key].__name__))
    return {"$ref": f"{schema['$id']}#/$defs/{OWN_FACETS[key].__name__}"}


PARTITIONS = {
    "type": "object",
    "properties": {
        "type": {"const": "partition"},
        "partitions": items("dimensions", dimensions={"type": "object"}, identifier=TEXT),
    },
    "required": ["type", "partitions"],
}
ABOUT = {
    "documentation": facet("description", description=TEXT),
    "ownership": facet(owners=items("name", name=TEXT)),
    "tags": facet(tags=items("key", "value", key=TEXT, value=TEXT)),
}
INPUT_FIELDS = items(
    "namespace",
    "name",
    "field",
    namespace=TEXT,
    name=TEXT,
    field=TEXT,
    transformations=items("type", type=TEXT, subtype=TEXT, masking={"type": "boolean"}),
)
ASSERTIONS = items(
    "assertion",
    "success",
    assertion=TEXT,
    success={"type": "boolean"},
    severity=TEXT,
    name=TEXT,
    actual=TEXT,
    params={"type": "object"},
)
STATISTICS = facet(rowCount=COUNT, size=COUNT, fileCount=COUNT)


def datasets(place: str, **known: Any) -> dict[str, Any]:
    """Returns the schema of the list of inputs or outputs, whose own facets stand at `place`."""
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "namespace": TEXT,
                "name": TEXT,
                "facets": facets(
                    version=facet("datasetVersion", datasetVersion=TEXT),
                    datasetType=facet("datasetType", datasetType=TEXT),
                    schema=facet(fields=items("name", name=TEXT, type=TEXT, ordinal_position=COUNT)),
                    columnLineage=facet(
                        "fields",
                        fields={
                            "type": "object",
                            "additionalProperties": {
                                "type": "object",
                                "properties": {"inputFields": INPUT_FIELDS},
                                "required": ["inputFields"],
                            },
                        },
                        dataset=INPUT_FIELDS,
                    ),
                    lineageflow_commit=own("lineageflow_commit"),
                    **ABOUT,
                ),
                place: facets(**known),
            },
            "required": ["namespace", "name"],
        },
    }


SPECIFICATION = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": CORE,
    "$ref": "#/$defs/RunEvent",
    "$defs": {
        "BaseFacet": {
            "type": "object",
            "properties": {"_producer": URI, "_schemaURL": URI},
            "required": ["_producer", "_schemaURL"],
        },
        "RunFacet": {"$ref": "#/$defs/BaseFacet"},
        "DatasetFacet": {"$ref": "#/$defs/BaseFacet", "properties": {"_deleted": {"type": "boolean"}}},
        "RunEvent": {
            "type": "object",
            "properties": {
                "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
                "eventTime": {"type": "string", "format": "date-time"},
                "producer": URI,
                "schemaURL": URI,
                "run": {
                    **RUN_REFERENCE,
                    "properties": {
                        **RUN_REFERENCE["properties"],  # type: ignore[dict-item]
                        "facets": facets(
                            parent=facet(
                                "run",
                                "job",
                                run=RUN_REFERENCE,
                                job=JOB_REFERENCE,
                                root={
                                    "type": "object",
                                    "properties": {"run": RUN_REFERENCE, "job": JOB_REFERENCE},
                                    "required": ["run", "job"],
                                },
                            ),
                            errorMessage=facet(
                                "message", "programmingLanguage", message=TEXT, programmingLanguage=TEXT
                            ),
                            processing_engine=facet("version", version=TEXT, name=TEXT),
                            executionParameters=facet(parameters=items("key", key=TEXT, value=TEXT)),
                            jobDependencies=facet(
                                upstream=items("job", job=JOB_REFERENCE, run=RUN_REFERENCE)
                            ),
                            lineageflow_environment=own("lineageflow_environment"),
                        ),
                    },
                },
                "job": {
                    **JOB_REFERENCE,
                    "properties": {
                        **JOB_REFERENCE["properties"],  # type: ignore[dict-item]
                        "facets": facets(
                            sourceCodeLocation=facet(
                                "type", "url", type=TEXT, url=URI, repoUrl=TEXT, version=TEXT, path=TEXT
                            ),
                            jobType=facet(
                                "processingType",
                                "integration",
                                processingType={"enum": ["BATCH", "STREAMING", "SERVICE"]},
                                integration=TEXT,
                                jobType=TEXT,
                            ),
                            **ABOUT,
                        ),
                    },
                },
                "inputs": datasets(
                    "inputFacets",
                    inputStatistics=STATISTICS,
                    dataQualityAssertions=facet("assertions", assertions=ASSERTIONS),
                    subset=facet("inputCondition", inputCondition=PARTITIONS),
                ),
                "outputs": datasets(
                    "outputFacets",
                    outputStatistics=STATISTICS,
                    subset=facet("outputCondition", outputCondition=PARTITIONS),
                ),
            },
            "required": ["run", "job", "eventTime", "producer", "schemaURL"],
        },
    },
}

FORMATS = FormatChecker(("uuid",))


@FORMATS.checks("date-time")
def _is_instant(value: object) -> bool:
    """RFC 3339, which needs a zone."""
    try:
        return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    """RFC 3986, as far as a scheme and no white space."""
    return not isinstance(value, str) or (bool(urlsplit(value).scheme) and len(value.split()) == 1)


def problems(event: dict[str, Any]) -> list[str]:
    """Returns what of an event breaks the specification or the schemas of our facets."""
    schemas = [json.loads(schema_text(cls.__name__)) for cls in OWN_FACETS.values()]
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in [SPECIFICATION, *schemas]
    )
    validator = Draft202012Validator(SPECIFICATION, registry=registry, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]
