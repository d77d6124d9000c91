"""The OpenAPI document: FastAPI's, made as exact as the answers are.

An answer holds every field of its value, also those that have a default, so that a generated client need
not ask whether they are there.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lineageflow_core.wire.problem import MEDIA_TYPE
from lineageflow_server.access.guard import SECURITY_SCHEME

_SCHEMA_PREFIX = "#/components/schemas/"


def describe(app: FastAPI) -> dict[str, Any]:
    """Returns the OpenAPI document of `app`."""
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    schemas = document["components"]["schemas"]
    document["components"]["securitySchemes"] = {SECURITY_SCHEME: {"type": "http", "scheme": "bearer"}}
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    asked = _reachable(schemas, [operation.get("requestBody", {}) for operation in operations])
    for name, schema in schemas.items():
        properties = schema.get("properties", {})
        if properties and name not in asked:
            schema["required"] = list(properties)
        for each in properties.values():
            each.pop("title", None)
    for operation in operations:
        content = operation["responses"]["default"]["content"]
        content[MEDIA_TYPE] = content.pop("application/json")
    return document


def _reachable(schemas: dict[str, Any], roots: Any) -> set[str]:
    found: set[str] = set()
    pending = list(_references(roots))
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(_references(schemas[name]))
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.removeprefix(_SCHEMA_PREFIX)
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
