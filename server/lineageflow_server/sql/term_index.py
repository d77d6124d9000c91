"""The index of searches: what each name and each facet is found by (`store.terms`).

It follows from the names that have a row and from the last word on each facet, and is written with them.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from sqlalchemy import Connection, Table

from lineageflow_core.store.ports import Word
from lineageflow_core.store.terms import Term, facet_terms, name_terms
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.bulk import delete_rows, insert_rows
from lineageflow_server.sql.rows import Values, identity

_OF_NAME = ""
_TERMS = {
    tables.jobs.name: ("job", tables.job_terms),
    tables.datasets.name: ("dataset", tables.dataset_terms),
}


def index_names(connection: Connection, table: Table, named: Iterable[tuple[int, Values]]) -> None:
    """Makes new rows of `table`, with their keys, found by their names."""
    owner, terms = _TERMS[table.name]
    rows = [
        _row(owner, key, _OF_NAME, term)
        for key, values in named
        for term in sorted(name_terms(values["namespace"], values["name"]))
    ]
    insert_rows(connection, terms, rows)


def index_words(
    connection: Connection,
    table: Table,
    words: Mapping[tuple[int, str], Word],
    *,
    instead_of: Collection[tuple[int, str]],
) -> None:
    """Makes rows of `table`, by key and facet, found by these words; some take the place of others."""
    owner, terms = _TERMS[table.name]
    changed = {place: word for place, word in words.items() if place[1] != _OF_NAME}
    old = [{owner: key, "facet": _identity(facet)} for key, facet in changed if (key, facet) in instead_of]
    delete_rows(connection, terms, old)
    rows = [
        _row(owner, key, facet, term)
        for (key, facet), word in changed.items()
        for term in sorted(facet_terms(facet, word))
    ]
    insert_rows(connection, terms, rows)


def _row(owner: str, key: int, facet: str, term: Term) -> Values:
    return {owner: key, "facet": _identity(facet), "field": term[0], "value": term[1]}


@lru_cache
def _identity(facet: str) -> bytes:
    # Keys of facets are as long as producers make them, and rows of an index are not.
    return identity(facet) if facet != _OF_NAME else b""
