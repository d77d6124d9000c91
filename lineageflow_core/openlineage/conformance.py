"""What of an event's facets is not as the specification has them: why a receiver makes nothing of a facet.

Nothing here is asked when an event comes: whatever can be understood of a facet is, and all of it is kept.
This is for whoever wonders why so little was.

No package ships the facets' schemas. openlineage-python's classes are generated from them: each has a
facet's fields, their types, and which of them are required. They are of the version of it that is installed,
so a field that came later is told of as unknown.
"""

import pkgutil
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from lineageflow_core.model.json_values import as_object

_SUFFIXES = ("InputDatasetFacet", "OutputDatasetFacet", "DatasetFacet", "JobFacet", "RunFacet")
_KEYS = {
    "SQL": "sql",
    "ProcessingEngine": "processing_engine",
    "DatasetVersion": "version",
    "Datasource": "dataSource",
    "InputSubset": "subset",
    "OutputSubset": "subset",
}
"""Keys that are not what their schemas are called."""
_PLACES = {
    "RunFacet": "run.facets",
    "JobFacet": "job.facets",
    "DatasetFacet": "facets",
    "InputDatasetFacet": "inputFacets",
    "OutputDatasetFacet": "outputFacets",
}
_JSON = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
_META = ("_producer", "_schemaURL")


class Departure(NamedTuple):
    """One thing that is not as it should be."""

    place: str
    """Where in the event, as in `inputs[0].facets.schema.fields[2].name`."""
    said: str
    """What is wrong there."""


def departures(event: object) -> Iterator[Departure]:
    """Yields what of an event's facets departs from the specification. Never raises for what it holds."""
    told = as_object(event)
    for name in ("run", "job"):
        yield from _facets(as_object(told.get(name)), f"{name}.", {"facets": f"{name}.facets"})
    yield from _facets(as_object(told.get("dataset")), "dataset.", {"facets": "facets"})
    for side, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        listed = told.get(side)
        for index, dataset in enumerate(listed if isinstance(listed, list) else ()):
            yield from _facets(as_object(dataset), f"{side}[{index}].", {"facets": "facets", own: own})


def _facets(entity: Mapping[str, Any], where: str, places: Mapping[str, str]) -> Iterator[Departure]:
    for name, place in places.items():
        for key, facet in as_object(entity.get(name)).items():
            at = f"{where}{name}.{key}"
            if as_object(facet).get("_deleted") is True:
                continue
            if not isinstance(facet, dict):
                yield Departure(at, "a facet is an object")
                continue
            yield from (Departure(at, f"{meta} is missing") for meta in _META if meta not in facet)
            yield from _departures(facet, key, place, at)


def _departures(facet: Mapping[str, Any], key: str, place: str, at: str) -> Iterator[Departure]:
    known = _standard()
    if key in known[place]:
        yield from _misfits(facet, known[place][key], at)
        return
    elsewhere = [other for other, keys in known.items() if key in keys]
    if elsewhere:
        yield Departure(at, f"it belongs into {' or '.join(elsewhere)}")
        return
    plain = {re.sub("[_-]", "", each).lower(): each for each in known[place]}
    near = get_close_matches(re.sub("[_-]", "", key).lower(), list(plain), n=1, cutoff=0.9)
    if near:
        yield Departure(at, f"no standard facet is called so: did the producer mean {plain[near[0]]!r}?")


def _misfits(value: Mapping[str, Any], kind: Any, at: str) -> Iterator[Departure]:
    fields = _fields_of(kind)
    for name in sorted(value.keys() - fields.keys()):
        if not name.startswith("_"):
            yield Departure(f"{at}.{name}", "the specification has no such field")
    for name, (expected, is_required) in fields.items():
        if name in value:
            yield from _mismatches(value[name], expected, f"{at}.{name}")
        elif is_required:
            yield Departure(f"{at}.{name}", "it is missing")


def _mismatches(value: Any, kind: Any, at: str) -> Iterator[Departure]:
    """Compares a value with a type, as far as the generated classes use any."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        likely = [each for each in parts if (each is type(None)) == (value is None)]
        yield from min((list(_mismatches(value, each, at)) for each in likely or parts), key=len)
    elif origin is list and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _mismatches(each, parts[0], f"{at}[{index}]")
    elif origin is dict and isinstance(value, dict):
        for key, each in value.items():
            yield from _mismatches(each, parts[1], f"{at}.{key}")
    elif _fields_of(kind) and isinstance(value, dict):
        yield from _misfits(value, kind, at)
    elif origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        allowed = parts or [each.value for each in kind]
        if value not in allowed:
            yield Departure(at, f"it is one of {', '.join(map(str, allowed))}")
    elif kind is not Any and not _is_of(value, origin or kind):
        yield Departure(at, f"it is {_named(type(value))}, and should be {_named(origin or kind)}")


def _is_of(value: Any, kind: Any) -> bool:
    return type(value) is kind or (kind is float and type(value) is int)


def _named(kind: Any) -> str:
    return "null" if kind is type(None) else _JSON.get(kind, "an object")


@cache
def _fields_of(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Returns the fields of a generated class: the type of each, and whether it is required."""
    import attr

    if not (isinstance(kind, type) and attr.has(kind)):
        return {}
    found = attr.fields(attr.resolve_types(kind))
    return {each.name: (each.type, each.default is attr.NOTHING) for each in found if each.name[0] != "_"}


@cache
def _standard() -> dict[str, dict[str, type]]:
    """Returns the classes of all facets, standard ones and ours, by place and key."""
    from openlineage.client import generated
    from openlineage.client.generated import base

    from lineageflow_core.openlineage.facets import OWN_FACETS

    for module in pkgutil.iter_modules(generated.__path__, f"{generated.__name__}."):
        import_module(module.name)
    own = {kind: str(key) for key, kind in OWN_FACETS.items()}
    found: dict[str, dict[str, type]] = {}
    for name, place in _PLACES.items():
        kinds = getattr(base, name).__subclasses__()
        found[place] = {
            own.get(kind) or _key_of(kind): kind for kind in kinds if _is_published(kind) or kind in own
        }
    return found


def _is_published(kind: type) -> bool:
    return kind.__module__.startswith("openlineage.client.generated.")


def _key_of(kind: type) -> str:
    name = next(kind.__name__.removesuffix(each) for each in _SUFFIXES if kind.__name__.endswith(each))
    return _KEYS.get(name) or name[0].lower() + name[1:]
