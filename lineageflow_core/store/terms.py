"""What names and facets are found by: the index of searches.

A term is a field and a value in lower case. All terms of a facet follow from its last word, and all terms of
a name from the name: so the index follows from what it is of, whatever the order in which that came.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from lineageflow_core.model.json_values import as_objects
from lineageflow_core.model.search import LONGEST
from lineageflow_core.store.ports import Word

Term: TypeAlias = tuple[str, str]
"""A field, and a value."""

NAME, WORD, TEXT = "name", "word", "text"
WORD_FIELDS = (NAME, WORD, "column", "tag", "owner", TEXT)
"""Where a word without a field is looked for."""

_MOST = 2000
"""Terms of one facet."""
_MOST_VALUES = 50
"""Values that are found by their way in a facet."""
_DEEPEST = 20
_SEGMENT = re.compile(r"[^/.:\s]+")
_WORD = re.compile(r"[^\W_]+")
_UNINDEXED = frozenset({"columnLineage", "lineage", "sourceCode", "sql", "symlinks", "lineageflow_commit"})
"""Facets that are long, and about others or about text: only that they are there is found."""


def name_terms(namespace: str, name: str) -> set[Term]:
    """Returns what a dataset or job is found by for its name."""
    words = {*_SEGMENT.findall(name), *_WORD.findall(name)}
    found = {("namespace", namespace), (NAME, name), *((WORD, word) for word in words)}
    return {(field, _value(value)) for field, value in found}


def facet_terms(facet: str, word: Word) -> set[Term]:
    """Returns what a dataset or job is found by for one facet; nothing where the facet was taken back."""
    said = word.read()
    if not isinstance(said, Mapping):
        return set()
    found = _READERS.get(facet, _values(facet))(said) if facet not in _UNINDEXED else iter(())
    return {("facet", _value(facet)), *((field, _value(value)) for field, value in islice(found, _MOST))}


def _value(value: str) -> str:
    text = value if value.isascii() else value.encode("utf-8", "replace").decode()
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").lower()[:LONGEST]


def _columns(said: Mapping[str, Any]) -> Iterator[Term]:
    yield from (("column", name) for name in _fields(said.get("fields"), "", _DEEPEST))


def _fields(fields: object, around: str, depth: int) -> Iterator[str]:
    for each in as_objects(fields):
        name = each.get("name")
        if isinstance(name, str) and name:
            yield name
            if around:
                yield around + name
            if depth:
                yield from _fields(each.get("fields"), f"{around}{name}.", depth - 1)


def _tags(said: Mapping[str, Any]) -> Iterator[Term]:
    for each in as_objects(said.get("tags")):
        key, value = each.get("key"), each.get("value")
        if isinstance(key, str) and key:
            yield "tag", key
            if isinstance(value, str) and value.lower() not in {"", "true", "false"}:
                yield "tag", value
                yield "tag", f"{key}={value}"


def _owners(said: Mapping[str, Any]) -> Iterator[Term]:
    for each in as_objects(said.get("owners")):
        name = each.get("name")
        if isinstance(name, str) and name:
            yield "owner", name
            yield "owner", re.split("[:/]", name)[-1] or name  # team:data, user:ada


def _description(said: Mapping[str, Any]) -> Iterator[Term]:
    text = said.get("description")
    yield from ((TEXT, word) for word in _WORD.findall(text if isinstance(text, str) else ""))


def _types(said: Mapping[str, Any]) -> Iterator[Term]:
    for key in ("datasetType", "subType", "jobType", "integration", "processingType"):
        value = said.get(key)
        if isinstance(value, str) and value:
            yield "kind", value


def _values(facet: str) -> Callable[[Mapping[str, Any]], Iterator[Term]]:
    def found(said: Mapping[str, Any]) -> Iterator[Term]:
        yield from islice(_leaves(facet, said, _DEEPEST), _MOST_VALUES)

    return found


def _leaves(way: str, said: Any, depth: int) -> Iterator[Term]:
    if isinstance(said, Mapping) and depth:
        for key, each in said.items():
            if not key.startswith("_"):
                yield from _leaves(f"{way}.{key}", each, depth - 1)
    elif isinstance(said, list) and depth:
        for each in said:
            yield from _leaves(way, each, depth - 1)
    elif isinstance(said, str | int | float):
        yield _value(way), str(said).lower() if isinstance(said, bool) else str(said)[:LONGEST]


_READERS: dict[str, Callable[[Mapping[str, Any]], Iterator[Term]]] = {
    "schema": _columns,
    "tags": _tags,
    "ownership": _owners,
    "documentation": _description,
    "datasetType": _types,
    "jobType": _types,
}
