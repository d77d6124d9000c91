"""The index of searches: what each name and each facet is found by (`store.terms`).

It follows from the names that have a row and from the last word on each facet, and is written with them.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, bindparam, delete, insert, select

from lineageflow_core.store.ports import Word
from lineageflow_core.store.terms import Term, facet_terms, name_terms
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.rows import Values, identity

_OF_NAME = ""
_TERMS = {
    tables.jobs.name: ("job", tables.job_terms),
    tables.datasets.name: ("dataset", tables.dataset_terms),
}


def index_names(connection: Connection, table: Table, named: Iterable[tuple[int, Values]]) -> None:
    """Makes new rows of `table`, with their keys, found by their names; rows of other tables have none."""
    if table.name not in _TERMS:
        return
    owner, terms = _TERMS[table.name]
    rows = [
        _row(owner, key, _OF_NAME, term)
        for key, values in named
        for term in sorted(name_terms(values["namespace"], values["name"]))
    ]
    connection.execute(insert(terms), rows)


def index_words(connection: Connection, table: Table, words: Mapping[tuple[int, str], Word]) -> None:
    """Makes rows of `table`, by key, found by what these words say: before they take the place of others."""
    owner, terms = _TERMS[table.name]
    changed = {key: word for key, word in _changed(connection, owner, words).items() if key[1] != _OF_NAME}
    if not changed:
        return
    of = delete(terms).where(terms.c[owner] == bindparam("of_key"), terms.c.facet == bindparam("of_facet"))
    connection.execute(of, [{"of_key": key, "of_facet": _identity(facet)} for key, facet in changed])
    rows = [
        _row(owner, key, facet, term)
        for (key, facet), word in changed.items()
        for term in sorted(facet_terms(facet, word))
    ]
    if rows:
        connection.execute(insert(terms), rows)


def _changed(
    connection: Connection, owner: str, words: Mapping[tuple[int, str], Word]
) -> dict[tuple[int, str], Word]:
    """Returns the words that will take the place of others that said something else."""
    table = tables.job_words if owner == "job" else tables.dataset_words
    column = table.c[owner]
    query = select(column, table.c.facet, table.c.stamp, table.c.said).where(
        table.c.facet.in_(sorted({facet for _, facet in words}))
    )
    changed = dict(words)
    for some in chunks(sorted({key for key, _ in words})):
        for key, facet, stamp, said in connection.execute(query.where(column.in_(some))):
            word = words.get((key, facet))
            if word is not None and (stamp >= word.stamp or said == word.said):
                del changed[key, facet]
    return changed


def _row(owner: str, key: int, facet: str, term: Term) -> Values:
    return {owner: key, "facet": _identity(facet), "field": term[0], "value": term[1]}


def _identity(facet: str) -> bytes:
    # Keys of facets are as long as producers make them, and rows of an index are not.
    return identity(facet) if facet != _OF_NAME else b""
