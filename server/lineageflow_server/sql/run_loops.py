"""Runs that are each other's parents: the first of them stands under none (`store.run_loops`)."""

from collections.abc import Collection, Mapping

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Run
from lineageflow_core.store.run_loops import loops_in
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql import rows
from lineageflow_server.sql.bulk import find_rows
from lineageflow_server.sql.database import chunks

_RUN = tables.runs.c
_HERE: BindParameter[str] = bindparam("here")


def put_loops(
    connection: Connection, parents: Mapping[RunId, RunId | None], *, broken: Collection[RunId]
) -> dict[RunId, RunId]:
    """Closes the loops that runs are part of which were just put. `broken`: those that they were part of.

    Returns the runs in loops that were closed, each with the first of its loop.
    """
    stated = {**_opened(connection, broken), **parents}
    closed: dict[RunId, RunId] = {}
    if not any(stated.values()):
        return closed
    known = dict(stated)
    while unknown := {parent for parent in known.values() if parent} - known.keys():
        known |= dict.fromkeys(unknown)
        known |= dict(find_rows(connection, (_RUN.id, _RUN.parent), _RUN.id, sorted(unknown)))
    for loop in loops_in(known):
        first = min(loop)
        changes = [{"here": run_id, "loop": first} for run_id in sorted(loop)]
        query = update(tables.runs).where(_RUN.id == _HERE)
        connection.execute(query.values(loop=bindparam("loop")), changes)
        connection.execute(update(tables.runs).where(_RUN.id == first).values(parent=None))
        closed |= dict.fromkeys(loop, first)
    return closed


def _opened(connection: Connection, loops: Collection[RunId]) -> dict[RunId, RunId | None]:
    """Puts the runs of some loops under their parents; returns those."""
    query = select(_RUN.body)
    parents = {
        run.id: run.parent
        for some in chunks(sorted(loops))
        for run in (
            rows.from_body(Run, body) for body in connection.scalars(query.where(_RUN.loop.in_(some)))
        )
    }
    if parents:
        changes = [{"here": run_id, "above": parent} for run_id, parent in parents.items()]
        placed = update(tables.runs).where(_RUN.id == _HERE).values(parent=bindparam("above"), loop=None)
        connection.execute(placed, changes)
    return parents
