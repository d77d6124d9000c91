"""The published schemas of the standard facets, as openlineage-python's classes have them.

No package ships the schemas themselves, but those classes are generated from them: each names the schema that
it is made of, and has its fields, their types, and which of them are required.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attr
from openlineage.client import generated
from openlineage.client.generated.base import BaseFacet

OFFICIAL = "https://openlineage.io/spec/"


def departures(event: Mapping[str, Any]) -> list[str]:
    """Returns what of an event's standard facets is not as the schema has it that they name."""
    return [f"{place}{problem}" for place, facet in _facets(event) for problem in _departures(facet)]


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in ("run", "job", "dataset"):
        yield from _at(f"{name}.facets", event.get(name, {}).get("facets"))
    for side, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        for index, dataset in enumerate(event.get(side) or ()):
            for place in ("facets", own):
                yield from _at(f"{side}[{index}].{place}", dataset.get(place))


def _at(place: str, facets: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((f"{place}.{key}", facet) for key, facet in (facets or {}).items())


def _departures(facet: Mapping[str, Any]) -> Iterator[str]:
    schema = facet.get("_schemaURL", "")
    if not schema.startswith(OFFICIAL):
        return
    published = _published().get(schema)
    if published is None:
        yield f": {schema} is not published"
        return
    yield from _mismatches({key: value for key, value in facet.items() if key[0] != "_"}, published, "")


def _mismatches(value: Any, kind: Any, place: str) -> Iterator[str]:
    """Compares a value with a type of Python, as far as the generated classes use any."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        yield from min((list(_mismatches(value, each, place)) for each in parts), key=len)
    elif origin is list and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _mismatches(each, parts[0], f"{place}[{index}]")
    elif origin is dict and isinstance(value, dict):
        for key, each in value.items():
            yield from _mismatches(each, parts[1], f"{place}.{key}")
    elif attr.has(kind) and isinstance(value, dict):
        yield from _misfits(value, kind, place)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if value not in [each.value for each in kind]:
            yield f"{place} is {value!r}"
    elif kind is not Any and (attr.has(kind) or type(value) is not (origin or kind)):
        yield f"{place} is {value!r}"


def _misfits(value: Mapping[str, Any], kind: Any, place: str) -> Iterator[str]:
    fields = {each.name: each for each in attr.fields(attr.resolve_types(kind)) if each.name[0] != "_"}
    yield from (f"{place}.{name} is unknown" for name in sorted(value.keys() - fields.keys()))
    for name, each in fields.items():
        if name in value:
            yield from _mismatches(value[name], each.type, f"{place}.{name}")
        elif each.default is attr.NOTHING:
            yield f"{place}.{name} is missing"


@cache
def _published() -> dict[str, type[BaseFacet]]:
    for module in pkgutil.iter_modules(generated.__path__, f"{generated.__name__}."):
        import_module(module.name)
    found: dict[str, type[BaseFacet]] = {}
    waiting: list[type[BaseFacet]] = [BaseFacet]
    while waiting:
        waiting += (each := waiting.pop()).__subclasses__()
        found[each._get_schema()] = each
    return found
