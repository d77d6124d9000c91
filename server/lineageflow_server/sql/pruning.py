"""Removing runs: their events, the facts about them, and what nothing refers to any more then."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, select

from lineageflow_core.model.ids import RunId
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.as_of import AsOf
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dialect import insert_missing

_OF_RUNS = (tables.tested, tables.job_edges, tables.flows, tables.open_reads, tables.run_columns, tables.ios)


def prune(connection: Connection, run_ids: Collection[RunId]) -> None:
    """Removes runs, as `LineageWriter.prune` does. Datasets and jobs stay: words are about them."""
    as_of = AsOf(connection)
    event = tables.events.c
    last = connection.scalar(select(func.max(event.seq))) or 0
    for some in chunks(sorted(run_ids)):
        gone = insert_missing(connection, tables.pruned_runs)
        connection.execute(gone, [{"id": run_id} for run_id in some])
        connection.execute(delete(tables.events).where(event.run_id.in_(some), event.seq < last))
        keys = list(connection.scalars(select(tables.runs.c.key).where(tables.runs.c.id.in_(some))))
        ios = list(connection.execute(select(tables.ios).where(tables.ios.c.run.in_(keys))).mappings())
        maps = select(tables.run_columns.c.map).where(tables.run_columns.c.run.in_(keys)).distinct()
        column_maps = list(connection.scalars(maps))
        for table in _OF_RUNS:
            connection.execute(delete(table).where(table.c.run.in_(keys)))
        connection.execute(delete(tables.runs).where(tables.runs.c.key.in_(keys)))
        as_of.wrote([dict(row) for row in ios if row["written"]])
        _drop_versions(connection, sorted({row["version"] for row in ios}))
        _drop_column_maps(connection, column_maps)
    as_of.bind([])


def _drop_versions(connection: Connection, versions: Collection[int]) -> None:
    key = tables.versions.c.key
    is_used = select(tables.ios.c.run).where(tables.ios.c.version == key).exists()
    for some in chunks(list(versions)):
        connection.execute(delete(tables.versions).where(key.in_(some), ~is_used))


def _drop_column_maps(connection: Connection, maps: Collection[int]) -> None:
    used = tables.run_columns.c.map
    for some in chunks(list(maps)):
        still = set(connection.scalars(select(used).where(used.in_(some)).distinct()))
        unused = [each for each in some if each not in still]
        connection.execute(delete(tables.column_edges).where(tables.column_edges.c.map.in_(unused)))
        connection.execute(delete(tables.column_maps).where(tables.column_maps.c.key.in_(unused)))
