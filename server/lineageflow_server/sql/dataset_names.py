"""Names of datasets, and the keys of rows by their digest, found or made."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Subquery, Table, func, select, update

from lineageflow_core.model.lineage import DatasetName
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.rows import Values
from lineageflow_server.sql.term_index import index_names


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
    found = _find_keys(connection, table, list(wanted))
    missing = [row for digest, row in wanted.items() if digest not in found]
    if missing:
        connection.execute(insert_missing(connection, table), missing)
        added = _find_keys(connection, table, [row["digest"] for row in missing])
        index_names(connection, table, [(added[row["digest"]], row) for row in missing])
        found |= added
    return found


def name_keys(connection: Connection, names: Collection[DatasetName]) -> dict[DatasetName, Named]:
    """Returns the keys of names, adding those that are missing."""
    wanted = {name: lineage_rows.dataset_row(name) for name in names}
    known = keys(connection, tables.datasets, {row["digest"]: row for row in wanted.values()})
    first = first_names("first")
    name = tables.datasets
    query = (
        select(name.c.key, first.c.first_key, first.c.namespace, first.c.name)
        .select_from(name.join(first, first.c.key == name.c.key))
        .where(name.c.first.is_not(None))
    )
    others = {
        row.key: Named(row.key, row.first_key, DatasetName(namespace=row.namespace, name=row.name))
        for some in chunks(list(known.values()))
        for row in connection.execute(query.where(name.c.key.in_(some)))
    }
    return {
        each: others.get(known[row["digest"]]) or Named(known[row["digest"]], known[row["digest"]], each)
        for each, row in wanted.items()
    }


def link(connection: Connection, one: DatasetName, other: DatasetName) -> int | None:
    """Makes these two names of one dataset.

    Returns the key of the name that was first before and is not now; None where nothing changed.
    """
    known = name_keys(connection, [one, other])
    first, second = sorted((known[one], known[other]), key=lambda each: each.name.rank)
    if first.first == second.first:
        return None
    name = tables.datasets.c
    renamed = (name.key == second.first) | (name.first == second.first)
    connection.execute(update(tables.datasets).where(renamed).values(first=first.first))
    return second.first


def _find_keys(connection: Connection, table: Table, digests: Sequence[bytes]) -> dict[bytes, int]:
    query = select(table.c.digest, table.c.key)
    return {
        row.digest: row.key
        for some in chunks(digests)
        for row in connection.execute(query.where(table.c.digest.in_(some)))
    }
