"""Names of jobs and datasets: their keys, found or made, and which is the first of one dataset.

A key, once given, is the name's until the facts are cleared.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from sqlalchemy import BindParameter, Connection, Subquery, Table, bindparam, func, select, update

from lineageflow_core.model.lineage import DatasetName
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.bulk import find_rows, insert_rows, new_keys
from lineageflow_server.sql.dialect import is_one_of
from lineageflow_server.sql.rows import Values
from lineageflow_server.sql.term_index import index_names

Name: TypeAlias = tuple[str, str]
"""A namespace, and a name in it."""


class Named(NamedTuple):
    """A name's key, and the first name of the same dataset."""

    key: int
    first: int
    name: DatasetName
    """The first name."""


def first_names(alias: str) -> Subquery:
    """Returns a table of every name's key beside the first name of the same dataset."""
    name, first = tables.datasets.alias(), tables.datasets.alias()
    return (
        select(name.c.key, first.c.key.label("first_key"), first.c.namespace, first.c.name)
        .select_from(name.join(first, first.c.key == func.coalesce(name.c.first, name.c.key)))
        .subquery(alias)
    )


def keys(connection: Connection, table: Table, wanted: Mapping[bytes, Values]) -> dict[bytes, int]:
    """Returns the key of each row, by digest, adding the rows that are missing."""
    digest = table.c.digest
    found: dict[bytes, int] = dict(find_rows(connection, (digest, table.c.key), digest, list(wanted)))
    missing = [each for each in wanted if each not in found]
    added = dict(zip(missing, new_keys(connection, table, len(missing)), strict=True))
    insert_rows(connection, table, [{"key": key, **wanted[each]} for each, key in added.items()])
    return found | added


def job_keys(connection: Connection, names: Iterable[Name], *, seen: Collection[Name]) -> dict[Name, int]:
    """Returns the keys of jobs, adding those that are missing. Those that are `seen` are marked as such."""
    found = _named(connection, tables.jobs, names, seen)
    return {name: key for name, (key, _first) in found.items()}


def dataset_keys(
    connection: Connection, names: Iterable[Name], *, seen: Collection[Name]
) -> dict[Name, Named]:
    """Returns the keys of datasets, as `job_keys` does."""
    found = _named(connection, tables.datasets, names, seen)
    firsts = names_of(connection, {first for _, first in found.values() if first is not None})
    return {
        name: Named(key, key, DatasetName(namespace=name[0], name=name[1]))
        if first is None
        else Named(key, first, firsts[first])
        for name, (key, first) in found.items()
    }


def link(connection: Connection, pairs: Collection[tuple[DatasetName, DatasetName]]) -> set[int]:
    """Makes each pair two names of one dataset.

    Returns the keys of the names that were first before and are not now.
    """
    names = {(each.namespace, each.name) for pair in pairs for each in pair}
    known = dataset_keys(connection, sorted(names), seen=())
    first_of = {each.first: each.first for each in known.values()}
    """By a name that was first: one that goes before it; the first of all is its own."""
    rank = {each.first: each.name.rank for each in known.values()}

    def find(key: int) -> int:
        while first_of[key] != key:
            first_of[key] = key = first_of[first_of[key]]
        return key

    for pair in pairs:
        firsts = {find(known[each.namespace, each.name].first) for each in pair}
        first, *others = sorted(firsts, key=rank.__getitem__)
        first_of |= dict.fromkeys(others, first)
    renamed = {key: find(key) for key in first_of if find(key) != key}
    if renamed:
        name = tables.datasets.c
        was: BindParameter[int] = bindparam("was")
        query = update(tables.datasets).where((name.key == was) | (name.first == was))
        rows = [{"was": key, "now": first} for key, first in renamed.items()]
        connection.execute(query.values(first=bindparam("now")), rows)
    return set(renamed)


def names_of(connection: Connection, keys: Collection[int]) -> dict[int, DatasetName]:
    """Returns the names that datasets have by their keys."""
    if not keys:
        return {}
    name = tables.datasets.c
    query = select(name.key, name.namespace, name.name).where(is_one_of(connection, name.key, keys))
    return {row.key: DatasetName(namespace=row.namespace, name=row.name) for row in connection.execute(query)}


def _named(
    connection: Connection, table: Table, names: Iterable[Name], seen: Collection[Name]
) -> dict[Name, tuple[int, int | None]]:
    """Returns each name's key, and that of the first name of the same dataset, where that is another."""
    rows = {name: {**lineage_rows.name_row(*name), "seen": name in seen} for name in names}
    asked = [table.c[column] for column in ("digest", "key", "seen", "first") if column in table.c]
    digests = [row["digest"] for row in rows.values()]
    there = {
        digest: (key, is_seen, first[0] if first else None)
        for digest, key, is_seen, *first in find_rows(connection, asked, table.c.digest, digests)
    }
    found = {name: there[row["digest"]] for name, row in rows.items() if row["digest"] in there}
    unseen = [key for name, (key, is_seen, _) in found.items() if name in seen and not is_seen]
    if unseen:
        connection.execute(update(table).where(is_one_of(connection, table.c.key, unseen)).values(seen=True))
    missing = [name for name in rows if name not in found]
    added = dict(zip(missing, new_keys(connection, table, len(missing)), strict=True))
    insert_rows(connection, table, [{"key": key, **rows[name]} for name, key in added.items()])
    index_names(connection, table, [(key, rows[name]) for name, key in added.items()])
    return {name: (key, first) for name, (key, _, first) in found.items()} | {
        name: (key, None) for name, key in added.items()
    }
