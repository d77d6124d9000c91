"""Whether the facets of our events are as the specification has them that they name."""

from collections.abc import Iterator, Mapping
from typing import Any

from lineageflow_core.openlineage import conformance

OFFICIAL = "https://openlineage.io/spec/"


def departures(event: Mapping[str, Any]) -> list[str]:
    """Returns what of an event's facets departs from the specification, and what names no schema of it."""
    published = {kind._get_schema() for kinds in conformance._standard().values() for kind in kinds.values()}  # type: ignore[attr-defined]  # all have it
    unknown = (url for url in _schemas(event) if url.startswith(OFFICIAL) and url not in published)
    return [
        *(f"{place}: {said}" for place, said in conformance.departures(event)),
        *(f"{url} is not published" for url in unknown),
    ]


def _schemas(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from filter(None, [value.get("_schemaURL")])
        for each in value.values():
            yield from _schemas(each)
    elif isinstance(value, list):
        for each in value:
            yield from _schemas(each)
