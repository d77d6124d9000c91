"""The jobs that events name, in SQL: each question is a few statements, however many are asked about."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    exists,
    func,
    select,
    tuple_,
)

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownJob
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.paging import check_limit, page_of, parse_place_of_run, place_of_run
from lineageflow_core.store.ports import LastRuns, Word
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.column_types import Instant
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.gaps import IS_GOING
from lineageflow_server.sql.known_rows import IS_KNOWN_JOB, known_jobs, newest_run
from lineageflow_server.sql.name_lists import chosen, job_from, page_by_name, stretch

_NAMED = select(tables.jobs.c.key, tables.jobs.c.namespace, tables.jobs.c.name)
_WORDS = select(
    tables.jobs.c.namespace,
    tables.jobs.c.name,
    tables.job_words.c.facet,
    tables.job_words.c.stamp,
    tables.job_words.c.said,
).join_from(tables.job_words, tables.jobs)
_RUN_PLACE = (tables.runs.c.placed_at, tables.runs.c.id)


class SqlJobStore:
    """A `JobStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        query = _NAMED.where(IS_KNOWN_JOB)
        with self._database.read() as connection:
            page = page_by_name(connection, query, tables.jobs, namespace=namespace, after=after, limit=limit)
            known = known_jobs(connection, {row.key: job_from(row) for row in page.items})
        return Page(items=tuple(known[row.key] for row in page.items), next=page.next)

    def list_names(
        self,
        *,
        namespace: str | None,
        pattern: str | None,
        states: Collection[RunState],
        until: datetime | None,
        offset: int,
        limit: int,
    ) -> Stretch[Job]:
        job, run = tables.jobs.c, tables.runs.c
        query = chosen(_NAMED.where(IS_KNOWN_JOB), tables.jobs, namespace, pattern)
        if until is not None:
            query = query.where(exists().where(run.job == job.key, run.placed_at <= until))
        if states:
            query = query.where(exists().where(run.key == newest_run(), run.state.in_(list(states))))
        with self._database.read() as connection:
            found = stretch(connection, query, (job.namespace, job.name), offset=offset, limit=limit)
        return Stretch(items=tuple(map(job_from, found.items)), total=found.total)

    def jobs(self, jobs: Collection[Job]) -> dict[Job, KnownJob]:
        with self._database.read() as connection:
            known = known_jobs(connection, _keys(connection, jobs, IS_KNOWN_JOB))
        return {each.job: each for each in known.values()}

    def words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        query = _WORDS.where(tables.job_words.c.facet != "")
        found: defaultdict[Job, dict[str, Word]] = defaultdict(dict)
        with self._database.read() as connection:
            for are in _are(tables.jobs, jobs):
                for row in connection.execute(query.where(are)):
                    found[job_from(row)][row.facet] = Word(row.stamp, row.said)
        return dict(found)

    def edges(self, jobs: Collection[Job]) -> list[JobEdge]:
        source, target = tables.jobs.alias(), tables.jobs.alias()
        edge = tables.job_edges
        query = (
            select(
                source.c.namespace,
                source.c.name,
                target.c.namespace.label("after"),
                target.c.name.label("job"),
            )
            .select_from(edge.join(source, source.c.key == edge.c.source))
            .join(target, target.c.key == edge.c.target)
            .distinct()
        )
        with self._database.read() as connection:
            found = {
                JobEdge(source=job_from(row), target=Job(namespace=row.after, name=row.job))
                for side in (source, target)
                for are in _are(side, jobs)
                for row in connection.execute(query.where(are))
            }
        return sorted(found)

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        run = tables.runs.alias("run")
        touches = exists().where(tables.ios.c.run == run.c.key)
        about_columns = exists().where(tables.run_columns.c.run == run.c.key)
        done = [touches, run.c.state == RunState.COMPLETED]
        first_at = select(tables.runs.c.job, func.min(tables.runs.c.placed_at, type_=Instant()).label("at"))
        if until is not None:
            io = tables.ios.c
            done.append(~exists().where(io.run == run.c.key, io.written, io.at > until))
            first_at = first_at.where(tables.runs.c.placed_at <= until)
        latest = select(
            tables.jobs.c.key,
            newest_run(run, until=until).label("latest"),
            newest_run(run, touches, until=until).label("telling"),
            newest_run(run, *done, until=until).label("done"),
            newest_run(run, about_columns, until=until).label("columns"),
        )
        found: dict[Job, LastRuns] = {}
        with self._database.read() as connection:
            keys = _keys(connection, jobs)
            for some in chunks(list(keys)):
                times = connection.execute(
                    first_at.where(tables.runs.c.job.in_(some)).group_by(tables.runs.c.job)
                )
                began = {row.job: row.at for row in times}
                lasts = connection.execute(latest.where(tables.jobs.c.key.in_(some))).all()
                ids = _run_ids(connection, {each for row in lasts for each in row[1:] if each is not None})
                for row in lasts:
                    if row.latest is not None:
                        telling = [ids[each] for each in (row.telling, row.done) if each is not None]
                        found[keys[row.key]] = LastRuns(
                            first_at=began[row.key],
                            latest=ids[row.latest],
                            telling=tuple(dict.fromkeys(telling)),
                            columns=ids[row.columns] if row.columns is not None else None,
                        )
        return found

    def list_runs(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        query = select(tables.runs.c.body).where(_is_of(job))
        if after is not None:
            query = query.where(tuple_(*_RUN_PLACE) < tuple(parse_place_of_run(after)))
        query = query.order_by(*(column.desc() for column in _RUN_PLACE)).limit(limit + 1)
        with self._database.ask() as connection:
            found = [rows.from_body(Run, body) for body in connection.scalars(query)]
        return page_of(found, limit, cursor=place_of_run)

    def list_run_ids(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        query = select(tables.runs.c.id).where(_is_of(job))
        if until is not None:
            query = query.where(tables.runs.c.placed_at <= until)
        newest_first = [column.desc() for column in _RUN_PLACE]
        with self._database.read() as connection:
            found = stretch(connection, query, newest_first, offset=offset, limit=limit)
        return Stretch(items=tuple(row.id for row in found.items), total=found.total)

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        query = select(tables.runs.c.body).where(IS_GOING)
        if after is not None:
            query = query.where(tuple_(*_RUN_PLACE) > tuple(parse_place_of_run(after)))
        with self._database.ask() as connection:
            bodies = connection.scalars(query.order_by(*_RUN_PLACE).limit(limit + 1)).all()
        return page_of([rows.from_body(Run, body) for body in bodies], limit, cursor=place_of_run)


def _are(named: FromClause, jobs: Collection[Job]) -> list[ColumnElement[bool]]:
    """Returns for some of these jobs after others whether a row is of one of them."""
    digests = [lineage_rows.job_row(job)["digest"] for job in jobs]
    return [named.c.digest.in_(some) for some in chunks(digests)]


def _is_of(job: Job) -> ColumnElement[bool]:
    key: Select[Any] = select(tables.jobs.c.key).where(*_are(tables.jobs, [job]))
    return tables.runs.c.job == key.scalar_subquery()


def _keys(connection: Connection, jobs: Collection[Job], *conditions: ColumnElement[bool]) -> dict[int, Job]:
    return {
        row.key: job_from(row)
        for are in _are(tables.jobs, jobs)
        for row in connection.execute(_NAMED.where(are, *conditions))
    }


def _run_ids(connection: Connection, keys: Collection[int]) -> dict[int, RunId]:
    query = select(tables.runs.c.key, tables.runs.c.id)
    return {
        row.key: row.id
        for some in chunks(sorted(keys))
        for row in connection.execute(query.where(tables.runs.c.key.in_(some)))
    }
