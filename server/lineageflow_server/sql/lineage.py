"""The facts folded from the log of events, in SQL."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.store.paging import (
    check_limit,
    page_of,
    parse_place_of_run,
    place_of_run,
)
from lineageflow_core.store.ports import LineageLook, LineageWriter
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.dialect import hold
from lineageflow_server.sql.lineage_look import SqlLineageLook
from lineageflow_server.sql.lineage_writer import SqlLineageWriter
from lineageflow_server.sql.name_lists import job_from
from lineageflow_server.sql.rows import AnyRow
from lineageflow_server.sql.tables import lake

_IOS = select(
    tables.runs.c.id.label("run_id"),
    tables.datasets.c.namespace,
    tables.datasets.c.name,
    tables.versions.c.partition,
    tables.versions.c.version,
    tables.ios.c.evidence,
    tables.ios.c.dataset_type,
    tables.ios.c.at,
).select_from(
    tables.ios.join(tables.runs)
    .join(tables.versions)
    .join(tables.datasets, tables.datasets.c.key == tables.versions.c.dataset)
)
_TARGET, _SOURCE = first_names("target"), first_names("source")


class SqlLineageStore:
    """A `LineageStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[LineageWriter]:
        with self._database.write() as connection:
            hold(connection, ["lineage"])
            writer = SqlLineageWriter(connection)
            yield writer
            writer.flush()

    def fold(self) -> int:
        with self._database.ask() as connection:
            fold: int = connection.scalars(select(lake.c.fold)).one()
        return fold

    def last_writers(self, number: int) -> set[RunId]:
        io, version = tables.ios.c, tables.versions.c
        rank = func.row_number().over(
            partition_by=(io.dataset, version.partition), order_by=(io.at.desc(), io.run.desc())
        )
        written = (
            select(io.run, rank.label("rank"))
            .select_from(tables.ios.join(tables.versions))
            .where(io.written, io.evidence == Evidence.EXPLICIT, io.at.is_not(None))
            .subquery()
        )
        query = (
            select(tables.runs.c.id)
            .join(written, written.c.run == tables.runs.c.key)
            .where(written.c.rank <= number)
        )
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]:
        return {run.id: run for run in self._runs(tables.runs.c.id, run_ids)}

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        query = select(tables.runs.c.id, tables.runs.c.record)
        return {row.id: lineage_rows.record_from(row.record) for row in self._of_runs(query, run_ids)}

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

    def runs_that_touched(self, namespace: str | None, *, after: RunId | None, limit: int) -> list[RunId]:
        run, io, name = tables.runs.c, tables.ios.c, tables.datasets.c
        touched = select(io.run).where(io.run == run.key)
        if namespace is not None:
            touched = touched.join(tables.datasets, name.key == io.dataset).where(name.namespace == namespace)
        query = select(run.id).where(touched.exists()).order_by(run.id).limit(limit)
        if after is not None:
            query = query.where(run.id > after)
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def look(self) -> AbstractContextManager[LineageLook]:
        return self._look()

    @contextmanager
    def _look(self) -> Iterator[LineageLook]:
        with self._database.read() as connection:
            yield SqlLineageLook(connection)

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._ios(tables.runs.c.id, run_ids, written=False)

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._ios(tables.runs.c.id, run_ids, written=True)

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        return self._ios(tables.versions.c.digest, _identities(versions), written=False)

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        return self._ios(tables.versions.c.digest, _identities(versions), written=True)

    def flows(self, run_ids: Sequence[RunId]) -> list[Flow]:
        flow = tables.flows
        query = (
            select(
                tables.runs.c.id.label("run_id"),
                flow.c.evidence,
                _TARGET.c.namespace,
                _TARGET.c.name,
                _SOURCE.c.namespace.label("source_namespace"),
                _SOURCE.c.name.label("source_name"),
            )
            .select_from(flow.join(tables.runs))
            .join(_TARGET, _TARGET.c.key == flow.c.target)
            .outerjoin(_SOURCE, _SOURCE.c.key == flow.c.source)
        )
        return list(dict.fromkeys(map(lineage_rows.flow_from, self._of_runs(query, run_ids))))

    def columns(self, run_ids: Sequence[RunId]) -> dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]]:
        edge = tables.column_edges
        query = (
            select(
                tables.runs.c.id.label("run_id"),
                _TARGET.c.namespace,
                _TARGET.c.name,
                _SOURCE.c.namespace.label("source_namespace"),
                _SOURCE.c.name.label("source_name"),
                *(edge.c[name] for name in ("field", "source_field", "kind", "subtype", "masking")),
            )
            .select_from(tables.run_columns.join(tables.runs))
            .join(edge, edge.c.map == tables.run_columns.c.map)
            .join(_TARGET, _TARGET.c.key == tables.run_columns.c.target)
            .join(_SOURCE, _SOURCE.c.key == edge.c.source)
        )
        found: dict[tuple[RunId, DatasetName], set[ColumnEdge]] = defaultdict(set)
        for row in self._of_runs(query, run_ids):
            output = (row.run_id, DatasetName(namespace=row.namespace, name=row.name))
            found[output].add(lineage_rows.column_edge_from(row))
        return {output: frozenset(edges) for output, edges in found.items()}

    def declarations(
        self, *, datasets: Collection[DatasetName] = (), jobs: Collection[Job] = ()
    ) -> list[Wire]:
        job, name = tables.jobs, tables.datasets
        query = (
            select(
                tables.declarations.c.written,
                name.c.namespace,
                name.c.name,
                job.c.namespace.label("job_namespace"),
                job.c.name.label("job"),
            )
            .select_from(tables.declarations.join(job))
            .join(name, name.c.key == tables.declarations.c.dataset)
        )
        digests = [lineage_rows.dataset_row(dataset)["digest"] for dataset in datasets]
        of_jobs = [lineage_rows.job_row(each)["digest"] for each in jobs]
        first = func.coalesce(name.c.first, name.c.key)
        with self._database.read() as connection:
            if connection.execute(select(tables.declarations.c.job).limit(1)).first() is None:
                return []  # as in most lakes
            firsts = [
                key
                for some in chunks(digests)
                for key in connection.scalars(select(first).where(name.c.digest.in_(some)))
            ]
            conditions = [or_(name.c.key.in_(some), name.c.first.in_(some)) for some in chunks(firsts)]
            conditions += [job.c.digest.in_(some) for some in chunks(of_jobs)]
            found = {
                Wire(
                    dataset=DatasetName(namespace=row.namespace, name=row.name),
                    job=Job(namespace=row.job_namespace, name=row.job),
                    written=row.written,
                )
                for condition in conditions
                for row in connection.execute(query.where(condition))
            }
        return sorted(found)

    def jobs_that_declare(self, namespace: str | None, *, after: Job | None, limit: int) -> list[Job]:
        job, declares = tables.jobs.c, select(tables.declarations.c.job)
        if namespace is not None:
            names = select(_TARGET.c.key).where(_TARGET.c.namespace == namespace)
            declares = declares.where(tables.declarations.c.dataset.in_(names))
        query = select(job.namespace, job.name).where(job.key.in_(declares))
        if after is not None:
            query = query.where(tuple_(job.namespace, job.name) > (after.namespace, after.name))
        query = query.order_by(job.namespace, job.name).limit(limit)
        with self._database.read() as connection:
            return list(map(job_from, connection.execute(query)))

    def _of_runs(self, query: Select[Any], run_ids: Sequence[RunId]) -> Iterator[AnyRow]:
        with self._database.read() as connection:
            for some in chunks(run_ids):
                yield from connection.execute(query.where(tables.runs.c.id.in_(some)))

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


def _identities(versions: Sequence[Version]) -> list[bytes]:
    return [lineage_rows.version_identity(version) for version in versions]
