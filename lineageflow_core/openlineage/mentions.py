"""What an event says of a dataset where it names it: which version, which partitions, which exact content."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from lineageflow_core.model.json_values import as_object, as_objects
from lineageflow_core.openlineage.parse import DatasetMention, parse_name, parse_text
from lineageflow_core.openlineage.vocabulary import Facet

Content: TypeAlias = tuple[str, str]
"""A partition of a dataset of ours, and its snapshot."""

Naming: TypeAlias = tuple[int, str, str]
"""When an event named a version, in microseconds; the partition, and the version."""

MOST_NAMINGS = 10_000
"""The last of a set are the last of all, however it is put together: so that no record grows without end."""


def contents_of(facet: object) -> set[Content]:
    """Reads our commit facet: the exact content of the whole dataset or of partitions."""
    if not isinstance(facet, dict):
        return set()
    entries: list[Mapping[str, Any]] = [{"partition": "", "snapshot": facet.get("snapshot")}]
    entries += as_objects(facet.get("partitions"))
    return {
        (partition, snapshot)
        for each in entries
        if (partition := parse_name(each.get("partition"))) is not None
        and (snapshot := parse_text(each.get("snapshot")))
    }


def version_of(facet: object) -> str | None:
    """Reads the version facet."""
    return parse_text(as_object(facet).get("datasetVersion")) or None


def partitions_of(facet: object) -> list[str]:
    """Reads the subset facet: the partitions that were read or written; '' is the whole dataset."""
    subset = as_object(facet)
    condition = as_object(subset.get("inputCondition") or subset.get("outputCondition"))
    if condition.get("type") != "partition":
        return [""]
    named = {_partition(each) for each in as_objects(condition.get("partitions"))}
    return sorted(named) if named and "" not in named else [""]


def _partition(entry: Mapping[str, Any]) -> str:
    dimensions = texts_of(as_object(entry.get("dimensions")).items())
    by_dimension = "/".join(f"{name}={value}" for name, value in dimensions.items())
    return parse_name(entry.get("identifier")) or parse_name(by_dimension) or ""


def texts_of(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """Keeps pairs that have a name and a value; values that are no strings are written as JSON."""
    texts = (
        (parse_text(key), parse_text(value if isinstance(value, str) else json.dumps(value, sort_keys=True)))
        for key, value in pairs
        if value is not None
    )
    return {key: value for key, value in texts if key and value is not None}


def namings_of(mention: DatasetMention, moment: int | None) -> list[Naming]:
    """Returns the versions that a mention names, at an instant in microseconds."""
    version = version_of(mention.facets.get(Facet.VERSION))
    if version is None or moment is None:
        return []
    partitions = partitions_of(mention.own.get(Facet.SUBSET) or mention.facets.get(Facet.SUBSET))
    return [(moment, partition, version) for partition in partitions][-MOST_NAMINGS:]


def last_namings(some: list[Naming], others: list[Naming]) -> list[Naming]:
    """Returns the last of two lists that are in order, as one."""
    if not some or not others or some == others:
        return some or others
    return sorted({*some, *others})[-MOST_NAMINGS:]
