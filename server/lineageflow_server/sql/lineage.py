"""The log of events and the facts folded from it, in SQL."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, tuple_

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.store.paging import check_limit, page_of, parse_place_of_run, place_of_run
from lineageflow_core.store.ports import LineageWriter, RunFacts, StoredEvent
from lineageflow_server.sql import lineage_rows, rows, tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import hold, insert_missing, insert_or_update

_IOS = select(
    tables.runs.c.id.label("run_id"),
    tables.datasets.c.namespace,
    tables.datasets.c.name,
    tables.versions.c.partition,
    tables.versions.c.version,
    tables.ios.c.evidence,
    tables.ios.c.dataset_type,
).select_from(tables.ios.join(tables.runs).join(tables.versions).join(tables.datasets))


class SqlLineageStore:
    """A `LineageStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator["_Writer"]:
        with self._database.write() as connection:
            hold(connection, ["lineage"])
            yield _Writer(connection)

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        with self._database.read() as connection:
            return _events_of(connection, run_id)

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]:
        return {run.id: run for run in self._runs(tables.runs.c.id, run_ids)}

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        return sorted(self._runs(tables.runs.c.parent, parents), key=place_of_run)

    def list_runs(
        self,
        *,
        job: str | None,
        state: RunState | None,
        parent: RunId | None,
        after: str | None,
        limit: int,
    ) -> Page[Run]:
        check_limit(limit)
        run = tables.runs.c
        order = (run.placed_at, run.id)
        query = select(run.body).where(run.parent == parent)
        if job is not None:
            query = query.where(run.job.in_(select(tables.jobs.c.key).where(tables.jobs.c.name == job)))
        if state is not None:
            query = query.where(run.state == state)
        if after is not None:
            query = query.where(tuple_(*order) < tuple(parse_place_of_run(after)))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.read() as connection:
            found = [rows.from_body(Run, body) for body in connection.scalars(query)]
        return page_of(found, limit, cursor=place_of_run)

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._ios(tables.runs.c.id, run_ids, written=False)

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._ios(tables.runs.c.id, run_ids, written=True)

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        return self._ios(tables.versions.c.digest, _identities(versions), written=False)

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        return self._ios(tables.versions.c.digest, _identities(versions), written=True)

    def _runs(self, column: ColumnElement[Any], values: Sequence[RunId]) -> list[Run]:
        query = select(tables.runs.c.body)
        with self._database.read() as connection:
            return [
                rows.from_body(Run, body)
                for some in chunks(values)
                for body in connection.scalars(query.where(column.in_(some)))
            ]

    def _ios(self, column: ColumnElement[Any], values: Sequence[Any], *, written: bool) -> list[Io]:
        query = _IOS.where(tables.ios.c.written == written)
        with self._database.read() as connection:
            return [
                lineage_rows.io_from(row)
                for some in chunks(values)
                for row in connection.execute(query.where(column.in_(some)))
            ]


class _Writer:
    """Writes in the transaction of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        fresh = {event.digest: lineage_rows.event_row(event) for event in reversed(events)}
        if not fresh:
            return []
        add = insert_missing(self._connection, tables.events, tables.events.c.digest)
        added = set(self._connection.scalars(add, list(reversed(fresh.values()))))
        told = []
        for event in events:
            told.append(event.digest in added)
            added.discard(event.digest)  # given twice, it is new once
        return told

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        return _events_of(self._connection, run_id)

    def put_facts(self, facts: RunFacts) -> None:
        run = self._put_run(facts.run)
        self._connection.execute(delete(tables.ios).where(tables.ios.c.run == run))
        ios = (*facts.reads, *facts.writes)
        keys = self._version_keys([io.version for io in ios])
        values = {
            (written, io.version): lineage_rows.io_row(run, keys[io.version], io, written=written)
            for written, side in ((False, facts.reads), (True, facts.writes))
            for io in side
        }
        if values:
            self._connection.execute(insert(tables.ios), list(values.values()))

    def _put_run(self, run: Run) -> int:
        job = lineage_rows.job_row(run.job)
        jobs = self._keys(tables.jobs, {job["digest"]: job})
        put = insert_or_update(
            self._connection,
            tables.runs,
            columns=("job", "state", "parent", "placed_at", "body"),
            by=("id",),
        ).returning(tables.runs.c.key)
        key: int = self._connection.scalars(put, lineage_rows.run_row(jobs[job["digest"]], run)).one()
        return key

    def _version_keys(self, versions: Sequence[Version]) -> dict[Version, int]:
        datasets = {version: lineage_rows.dataset_row(version) for version in versions}
        dataset_keys = self._keys(tables.datasets, {row["digest"]: row for row in datasets.values()})
        wanted = {
            version: lineage_rows.version_row(dataset_keys[row["digest"]], version)
            for version, row in datasets.items()
        }
        keys = self._keys(tables.versions, {row["digest"]: row for row in wanted.values()})
        return {version: keys[row["digest"]] for version, row in wanted.items()}

    def _keys(self, table: Table, wanted: Mapping[bytes, rows.Values]) -> dict[bytes, int]:
        """Returns the key of each row, by digest, adding the rows that are missing."""
        found = self._find_keys(table, list(wanted))
        missing = [row for digest, row in wanted.items() if digest not in found]
        if missing:
            self._connection.execute(insert_missing(self._connection, table), missing)
            found |= self._find_keys(table, [row["digest"] for row in missing])
        return found

    def _find_keys(self, table: Table, digests: Sequence[bytes]) -> dict[bytes, int]:
        query = select(table.c.digest, table.c.key)
        return {
            row.digest: row.key
            for some in chunks(digests)
            for row in self._connection.execute(query.where(table.c.digest.in_(some)))
        }


def _events_of(connection: Connection, run_id: RunId) -> list[StoredEvent]:
    event = tables.events.c
    query = select(tables.events).where(event.run_id == run_id).order_by(event.seq)
    return [lineage_rows.event_from(row) for row in connection.execute(query)]


def _identities(versions: Sequence[Version]) -> list[bytes]:
    return [lineage_rows.version_identity(version) for version in versions]
