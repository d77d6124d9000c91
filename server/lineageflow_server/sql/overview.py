"""Many datasets, jobs and runs at once, in SQL: each question is a few statements, however many are asked."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, exists, func, or_, select

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Stretch, TimeOrder, Wire
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.store.paging import check_stretch
from lineageflow_core.store.ports import LastRuns, StoredEvent, Word, Written
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.column_types import Instant
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.known_rows import IS_KNOWN_DATASET, IS_KNOWN_JOB, PLACE
from lineageflow_server.sql.rows import AnyRow

K = TypeVar("K", DatasetName, Job)

_ESCAPE = "!"
_IO = tables.ios.c
_NAMED = first_names("named")


class SqlOverviewStore:
    """An `OverviewStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def dataset_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        dataset = tables.datasets.c
        query = _chosen(dataset, namespace, pattern).where(IS_KNOWN_DATASET)
        if until is not None:
            query = query.where(exists().where(_IO.dataset == dataset.key, _is_until(until)))
        with self._database.read() as connection:
            found = _stretch(connection, query, (dataset.namespace, dataset.name), offset, limit)
        return Stretch(items=tuple(map(_dataset, found.items)), total=found.total)

    def job_names(
        self,
        *,
        namespace: str | None,
        pattern: str | None,
        states: Collection[RunState],
        until: datetime | None,
        offset: int,
        limit: int,
    ) -> Stretch[Job]:
        job = tables.jobs.c
        query = _chosen(job, namespace, pattern).where(IS_KNOWN_JOB)
        if until is not None:
            query = query.where(
                exists().where(tables.runs.c.job == job.key, tables.runs.c.placed_at <= until)
            )
        if states:
            query = query.where(
                exists().where(tables.runs.c.key == _newest(), tables.runs.c.state.in_(list(states)))
            )
        with self._database.read() as connection:
            found = _stretch(connection, query, (job.namespace, job.name), offset, limit)
        return Stretch(items=tuple(map(_job, found.items)), total=found.total)

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        with self._database.read() as connection:
            firsts = _firsts(connection, names)
        return {name: firsts[name][1] if name in firsts else name for name in names}

    def dataset_words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        word, name = tables.dataset_words, tables.datasets
        first = func.coalesce(name.c.first, name.c.key)
        query = (
            select(first.label("key"), word.c.facet, word.c.stamp, word.c.said)
            .select_from(word.join(name))
            .order_by(word.c.stamp)
        )
        found: defaultdict[int, dict[str, Word]] = defaultdict(dict)
        with self._database.read() as connection:
            firsts = _firsts(connection, datasets)
            for some in chunks(sorted({key for key, _ in firsts.values()})):
                for row in connection.execute(query.where(or_(name.c.key.in_(some), name.c.first.in_(some)))):
                    found[row.key][row.facet] = Word(row.stamp, row.said)
        return {dataset: found[key] for dataset, (key, _) in firsts.items() if key in found}

    def job_words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        word = tables.job_words.c
        query = select(word.job, word.facet, word.stamp, word.said).where(word.facet != "")
        found: defaultdict[Job, dict[str, Word]] = defaultdict(dict)
        with self._database.read() as connection:
            keys = _job_keys(connection, jobs)
            for some in chunks(list(keys)):
                for row in connection.execute(query.where(word.job.in_(some))):
                    found[keys[row.job]][row.facet] = Word(row.stamp, row.said)
        return dict(found)

    def declared(self) -> dict[Job, Word]:
        word = tables.job_words
        query = (
            select(tables.jobs.c.namespace, tables.jobs.c.name, word.c.stamp, word.c.said)
            .select_from(word.join(tables.jobs))
            .where(word.c.facet == "")
        )
        with self._database.ask() as connection:
            return {_job(row): Word(row.stamp, row.said) for row in connection.execute(query)}

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        word = tables.dataset_words.c
        query = (
            select(_NAMED.c.namespace, _NAMED.c.name, word.stamp, word.said)
            .join_from(tables.dataset_words, _NAMED, _NAMED.c.key == word.dataset)
            .where(word.facet == facet)
            .order_by(_NAMED.c.namespace, _NAMED.c.name, word.stamp)
        )
        with self._database.ask() as connection:
            found = {_dataset(row): Word(row.stamp, row.said) for row in connection.execute(query)}
        return list(found.items())

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        first_at = select(_IO.dataset, func.min(_IO.at, type_=Instant()).label("at")).where(_is_until(until))
        number = func.row_number().over(partition_by=_IO.dataset, order_by=[each.desc() for each in PLACE])
        writes = _writes(until).add_columns(number.label("number"))
        touched: dict[int, datetime | None] = {}
        last: dict[int, Io] = {}
        with self._database.read() as connection:
            firsts = _firsts(connection, datasets)
            for some in chunks(sorted({key for key, _ in firsts.values()})):
                wanted = first_at.where(_IO.dataset.in_(some)).group_by(_IO.dataset)
                touched |= {row.dataset: row.at for row in connection.execute(wanted)}
                newest = writes.where(_IO.dataset.in_(some)).subquery()
                for row in connection.execute(select(newest).where(newest.c.number == 1)):
                    last[row.dataset] = lineage_rows.io_from(row)
        return {
            dataset: Written(first_at=touched[key], last=last.get(key))
            for dataset, (key, _) in firsts.items()
            if key in touched
        }

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        run = tables.runs.alias("run")
        touches = exists().where(_IO.run == run.c.key)
        about_columns = exists().where(tables.run_columns.c.run == run.c.key)
        done = [touches, run.c.state == RunState.COMPLETED]
        if until is not None:
            done.append(~exists().where(_IO.run == run.c.key, _IO.written, _IO.at > until))
        first_at = select(tables.runs.c.job, func.min(tables.runs.c.placed_at, type_=Instant()).label("at"))
        if until is not None:
            first_at = first_at.where(tables.runs.c.placed_at <= until)
        latest = (
            select(
                tables.jobs.c.key,
                _newest(run, until=until).label("latest"),
                _newest(run, touches, until=until).label("telling"),
                _newest(run, *done, until=until).label("done"),
            _newest(run, about_columns, until=until).label("columns"),
            )
        )  # fmt: skip
        found: dict[Job, LastRuns] = {}
        with self._database.read() as connection:
            keys = _job_keys(connection, jobs)
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

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        query = (
            select(_IO.dataset, _IO.written, tables.jobs.c.namespace, tables.jobs.c.name)
            .select_from(tables.ios.join(tables.runs).join(tables.jobs))
            .where(_is_until(until))
            .distinct()
        )
        with self._database.read() as connection:
            names = dict(_firsts(connection, datasets).values())
            return [
                Wire(dataset=names[row.dataset], job=_job(row), written=row.written)
                for some in chunks(list(names))
                for row in connection.execute(query.where(_IO.dataset.in_(some)))
            ]

    def runs_of(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        run = tables.runs.c
        key = select(tables.jobs.c.key).where(tables.jobs.c.digest == lineage_rows.job_row(job)["digest"])
        query = select(run.id).where(run.job == key.scalar_subquery())
        if until is not None:
            query = query.where(run.placed_at <= until)
        with self._database.read() as connection:
            found = _stretch(connection, query, (run.placed_at.desc(), run.id.desc()), offset, limit)
        return Stretch(items=tuple(row.id for row in found.items), total=found.total)

    def writes_of(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        with self._database.read() as connection:
            [(key, _)] = _firsts(connection, [dataset]).values() or [(0, dataset)]
            query = _writes(until).where(_IO.dataset == key)
            found = _stretch(connection, query, [each.desc() for each in PLACE], offset, limit)
        return Stretch(items=tuple(map(lineage_rows.io_from, found.items)), total=found.total)

    def events(
        self,
        *,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        order: TimeOrder,
        offset: int,
        limit: int,
    ) -> Stretch[StoredEvent]:
        event = tables.events.c
        query = select(tables.events).where(event.at.is_not(None), event.replaced_by.is_(None))
        if kind is not None:
            query = query.where(event.kind == kind)
        if since is not None:
            query = query.where(event.at >= since)
        if until is not None:
            query = query.where(event.at < until)
        place: tuple[ColumnElement[Any], ...] = (event.at, event.seq)
        if order is TimeOrder.NEWEST_FIRST:
            place = tuple(each.desc() for each in place)
        with self._database.read() as connection:
            found = _stretch(connection, query, place, offset, limit)
        return Stretch(items=tuple(map(lineage_rows.event_from, found.items)), total=found.total)


def _stretch(
    connection: Connection, query: Select[Any], order: Iterable[Any], offset: int, limit: int
) -> Stretch[AnyRow]:
    check_stretch(offset, limit)
    total = connection.scalars(select(func.count()).select_from(query.subquery())).one()
    rows = connection.execute(query.order_by(*order).offset(offset).limit(limit)).all()
    return Stretch(items=tuple(rows), total=total)


def _chosen(columns: Any, namespace: str | None, pattern: str | None) -> Select[Any]:
    query = select(columns.namespace, columns.name)
    if namespace is not None:
        query = query.where(columns.namespace == namespace)
    if pattern is not None:
        like = f"%{pattern.lower().replace(_ESCAPE, _ESCAPE * 2)}%"
        query = query.where(func.lower(columns.name).like(like, escape=_ESCAPE))
    return query


def _is_until(until: datetime | None) -> ColumnElement[bool]:
    return _IO.run.is_not(None) if until is None else or_(_IO.at.is_(None), _IO.at <= until)


def _newest(
    run: Any = tables.runs.alias("newest"),  # noqa: B008 (an alias, which never changes)
    *conditions: ColumnElement[bool],
    until: datetime | None = None,
) -> ScalarSelect[int]:
    """Returns the key of a job's newest run, of those that meet all conditions."""
    query = select(run.c.key).where(run.c.job == tables.jobs.c.key, *conditions)
    if until is not None:
        query = query.where(run.c.placed_at <= until)
    query = query.order_by(run.c.placed_at.desc(), run.c.id.desc()).limit(1)
    return query.correlate(tables.jobs).scalar_subquery()


def _writes(until: datetime | None) -> Select[Any]:
    """Selects writes of exact versions."""
    return (
        select(
            tables.runs.c.id.label("run_id"),
            tables.datasets.c.namespace,
            tables.datasets.c.name,
            tables.versions.c.partition,
            tables.versions.c.version,
            _IO.dataset,
            _IO.evidence,
            _IO.dataset_type,
            _IO.at,
        )
        .select_from(tables.ios.join(tables.runs).join(tables.versions))
        .join(tables.datasets, tables.datasets.c.key == _IO.dataset)
        .where(_IO.written, tables.versions.c.version.is_not(None), _is_until(until))
    )


def _firsts(
    connection: Connection, names: Collection[DatasetName]
) -> dict[DatasetName, tuple[int, DatasetName]]:
    """Returns key and name of the first name of each dataset that has a row."""
    by_digest = {lineage_rows.dataset_row(name)["digest"]: name for name in names}
    name = tables.datasets
    query = select(name.c.digest, _NAMED.c.first_key, _NAMED.c.namespace, _NAMED.c.name).join_from(
        name, _NAMED, _NAMED.c.key == name.c.key
    )
    return {
        by_digest[row.digest]: (row.first_key, _dataset(row))
        for some in chunks(list(by_digest))
        for row in connection.execute(query.where(name.c.digest.in_(some)))
    }


def _job_keys(connection: Connection, jobs: Collection[Job]) -> dict[int, Job]:
    by_digest = {lineage_rows.job_row(job)["digest"]: job for job in jobs}
    query = select(tables.jobs.c.digest, tables.jobs.c.key)
    return {
        row.key: by_digest[row.digest]
        for some in chunks(list(by_digest))
        for row in connection.execute(query.where(tables.jobs.c.digest.in_(some)))
    }


def _run_ids(connection: Connection, keys: Collection[int]) -> dict[int, RunId]:
    query = select(tables.runs.c.key, tables.runs.c.id)
    return {
        row.key: row.id
        for some in chunks(sorted(keys))
        for row in connection.execute(query.where(tables.runs.c.key.in_(some)))
    }


def _dataset(row: AnyRow) -> DatasetName:
    return DatasetName(namespace=row.namespace, name=row.name)


def _job(row: AnyRow) -> Job:
    return Job(namespace=row.namespace, name=row.name)
