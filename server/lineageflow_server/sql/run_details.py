"""What else is known of runs: what fed what in them, by dataset and by column, jobs around them, tests."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from lineageflow_core.model.lineage import ColumnEdge, DatasetName
from lineageflow_core.store.ports import RunFacts
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.bulk import delete_by, insert_missing_rows, insert_rows
from lineageflow_server.sql.dataset_names import Name, Named, keys

_TABLES = (tables.flows, tables.run_columns, tables.job_edges, tables.tested)


def put_details(
    connection: Connection,
    facts: Mapping[int, RunFacts],
    *,
    known: Sequence[int],
    jobs: Mapping[Name, int],
    names: Mapping[Name, Named],
) -> None:
    """Makes these the facts about runs, by key, in place of those about the runs that are known."""
    for table in _TABLES:
        delete_by(connection, table.c.run, [run for run in known if run in facts])

    def key(name: DatasetName) -> int:
        return names[name.namespace, name.name].key

    flows = [
        {
            "run": run,
            "target": key(flow.target),
            "source": 0 if flow.source is None else key(flow.source),
            "evidence": flow.evidence,
        }
        for run, each in facts.items()
        for flow in each.flows
    ]
    insert_rows(connection, tables.flows, flows)
    maps = _column_maps(
        connection, [edges for each in facts.values() for edges in each.columns.values()], key
    )
    columns = [
        {"run": run, "target": key(target), "map": maps[lineage_rows.column_map_digest(edges)]}
        for run, each in facts.items()
        for target, edges in each.columns.items()
    ]
    insert_rows(connection, tables.run_columns, columns)
    edges = [
        {
            "run": run,
            "source": jobs[edge.source.namespace, edge.source.name],
            "target": jobs[edge.target.namespace, edge.target.name],
        }
        for run, each in facts.items()
        for edge in each.job_edges
    ]
    insert_rows(connection, tables.job_edges, edges)
    tested = [
        {"run": run, "written": it.written, "dataset": key(it.dataset), "failed": it.failed}
        for run, each in facts.items()
        for it in each.tested
    ]
    insert_rows(connection, tables.tested, tested)


def _column_maps(
    connection: Connection, maps: Iterable[frozenset[ColumnEdge]], key: Callable[[DatasetName], int]
) -> dict[bytes, int]:
    by_digest = {lineage_rows.column_map_digest(edges): edges for edges in maps}
    found = keys(connection, tables.column_maps, {digest: {"digest": digest} for digest in by_digest})
    rows = [
        lineage_rows.column_edge_row(found[digest], key(edge.source), edge)
        for digest, edges in by_digest.items()
        for edge in edges
    ]
    insert_missing_rows(connection, tables.column_edges, rows)
    return found
