"""What events are about, in SQL: datasets, jobs and namespaces, and the history of a dataset."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    func,
    null,
    select,
    tuple_,
    union_all,
)

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset, KnownJob, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Evidence, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, Run
from lineageflow_core.model.search import Condition, Found, FoundKind
from lineageflow_core.store.paging import (
    PlaceOfFound,
    PlaceOfName,
    PlaceOfOccurrence,
    PlaceOfTested,
    check_limit,
    page_of,
    parse_place_of_run,
    place_of_occurrence,
    place_of_run,
)
from lineageflow_core.store.ports import Word
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.gaps import IS_GOING, LACKING, count_gaps
from lineageflow_server.sql.known_rows import (
    IS_KNOWN_DATASET,
    IS_KNOWN_JOB,
    PLACE,
    WHEN,
    known_datasets,
    known_jobs,
)
from lineageflow_server.sql.rows import AnyRow
from lineageflow_server.sql.search import found_keys


class SqlKnownStore:
    """A `KnownStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        check_limit(limit)
        with self._database.read() as connection:
            datasets = _count(connection, tables.datasets.c.namespace, IS_KNOWN_DATASET, after, limit)
            jobs = _count(connection, tables.jobs.c.namespace, IS_KNOWN_JOB, after, limit)
        found = [
            KnownNamespace(namespace=each, datasets=datasets.get(each, 0), jobs=jobs.get(each, 0))
            for each in sorted(datasets.keys() | jobs.keys())
        ]
        return page_of(found[: limit + 1], limit, cursor=lambda item: item.namespace)

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        return self._list_datasets(
            _named(tables.datasets.c, IS_KNOWN_DATASET, namespace, after, limit), limit
        )

    def _list_datasets(self, query: Select[Any], limit: int) -> Page[KnownDataset]:
        with self._database.read() as connection:
            found = {
                row.key: DatasetName(namespace=row.namespace, name=row.name)
                for row in connection.execute(query)
            }
            page = page_of(list(found), limit, cursor=lambda key: PlaceOfName(*_parts(found[key])))
            known = known_datasets(connection, {key: found[key] for key in page.items})
        return Page(items=tuple(known[key] for key in page.items), next=page.next)

    def datasets(self, names: Sequence[DatasetName]) -> dict[DatasetName, KnownDataset]:
        by_digest = {lineage_rows.dataset_row(name)["digest"]: name for name in names}
        name, first = tables.datasets.alias(), tables.datasets
        query = (
            select(name.c.digest, first.c.key, first.c.namespace, first.c.name)
            .select_from(name.join(first, first.c.key == func.coalesce(name.c.first, name.c.key)))
            .where(IS_KNOWN_DATASET)
        )
        with self._database.read() as connection:
            found = {
                by_digest[row.digest]: (row.key, DatasetName(namespace=row.namespace, name=row.name))
                for some in chunks(list(by_digest))
                for row in connection.execute(query.where(name.c.digest.in_(some)))
            }
            known = known_datasets(connection, dict(found.values()))
        return {name: known[key] for name, (key, _) in found.items()}

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        query = _named(tables.jobs.c, IS_KNOWN_JOB, namespace, after, limit)
        with self._database.read() as connection:
            found = {
                row.key: Job(namespace=row.namespace, name=row.name) for row in connection.execute(query)
            }
            page = page_of(list(found), limit, cursor=lambda key: PlaceOfName(*_parts(found[key])))
            known = known_jobs(connection, {key: found[key] for key in page.items})
        return Page(items=tuple(known[key] for key in page.items), next=page.next)

    def jobs(self, jobs: Sequence[Job]) -> dict[Job, KnownJob]:
        by_digest = {lineage_rows.job_row(job)["digest"]: job for job in jobs}
        query = select(tables.jobs.c.digest, tables.jobs.c.key).where(IS_KNOWN_JOB)
        with self._database.read() as connection:
            found = {
                row.key: by_digest[row.digest]
                for some in chunks(list(by_digest))
                for row in connection.execute(query.where(tables.jobs.c.digest.in_(some)))
            }
            known = known_jobs(connection, found)
        return {job: known[key] for key, job in found.items()}

    def runs_of(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        run = tables.runs.c
        order = (run.placed_at, run.id)
        query = select(run.body).where(run.job == _job_key(job))
        if after is not None:
            query = query.where(tuple_(*order) < tuple(parse_place_of_run(after)))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.ask() as connection:
            found = [rows.from_body(Run, body) for body in connection.scalars(query)]
        return page_of(found, limit, cursor=place_of_run)

    def declared(self, job: Job) -> Word | None:
        word = tables.job_words.c
        query = select(word.stamp, word.said).where(word.job == _job_key(job), word.facet == "")
        with self._database.ask() as connection:
            row = connection.execute(query).first()
        return None if row is None else Word(row.stamp, row.said)

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        query = select(tables.runs.c.id, tables.runs.c.record)
        with self._database.read() as connection:
            return {
                row.id: lineage_rows.record_from(row)
                for some in chunks(run_ids)
                for row in connection.execute(query.where(tables.runs.c.id.in_(some)))
            }

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        check_limit(limit)
        place = PlaceOfOccurrence.parse(after) if after is not None else None
        with self._database.read() as connection:
            key = connection.scalars(_first_key(dataset)).first()
            if key is None:
                return Page(items=())
            entry = union_all(_written(key, partition), _unwritten(key, partition)).subquery()
            order = (entry.c.placed_at, entry.c.run_id, entry.c.partition, entry.c.text)
            query = select(entry, tables.datasets.c.namespace, tables.datasets.c.name).join_from(
                entry, tables.datasets, tables.datasets.c.key == key
            )
            if place is not None:
                query = query.where(tuple_(*order) < tuple(place))
            query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
            found = [_occurrence(row) for row in connection.execute(query)]
        return page_of(found, limit, cursor=place_of_occurrence)

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        check_limit(limit)
        query = _TESTED
        if dataset is not None:
            query = query.where(_OF.c.first_key == _first_key(dataset).scalar_subquery())
        found = query.subquery()
        run = tables.runs.c
        order = (run.placed_at, run.id, found.c.namespace, found.c.name, found.c.written)
        page = select(found, run.placed_at).join_from(found, tables.runs, run.id == found.c.run_id)
        if failed is not None:
            page = page.where(found.c.failed == int(failed))
        if after is not None:
            page = page.where(tuple_(*order) < tuple(PlaceOfTested.parse(after)))
        page = page.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.read() as connection:
            lines = connection.execute(page).all()
        cut = page_of(
            lines,
            limit,
            cursor=lambda row: PlaceOfTested(row.placed_at, row.run_id, row.namespace, row.name, row.written),
        )
        return Page(items=tuple(map(_tested_from, cut.items)), next=cut.next)

    def count_gaps(self) -> tuple[GapCount, ...]:
        with self._database.read() as connection:
            return count_gaps(connection)

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        check_limit(limit)
        run = tables.runs.c
        order = (run.placed_at, run.id)
        query = select(run.body).where(IS_GOING)
        if after is not None:
            query = query.where(tuple_(*order) > tuple(parse_place_of_run(after)))
        with self._database.ask() as connection:
            bodies = connection.scalars(query.order_by(*order).limit(limit + 1)).all()
        return page_of([rows.from_body(Run, body) for body in bodies], limit, cursor=place_of_run)

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        return self._list_datasets(_named(tables.datasets.c, LACKING[gap], None, after, limit), limit)

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        check_limit(limit)
        place = PlaceOfFound.parse(after) if after is not None else None
        with self._database.read() as connection:
            found = found_keys(connection, conditions, now=now, after=place, limit=limit + 1)
            page = page_of(found, limit, cursor=lambda item: item[0])
            of_kind: dict[str, dict[int, PlaceOfFound]] = {kind: {} for kind in FoundKind}
            for at, key in page.items:
                of_kind[at.kind][key] = at
            datasets = known_datasets(
                connection,
                {
                    key: DatasetName(namespace=at.namespace, name=at.name)
                    for key, at in of_kind[FoundKind.DATASET].items()
                },
            )
            jobs = known_jobs(
                connection,
                {
                    key: Job(namespace=at.namespace, name=at.name)
                    for key, at in of_kind[FoundKind.JOB].items()
                },
            )
        return Page(
            items=tuple(
                Found(
                    kind=FoundKind(at.kind),
                    rank=at.rank,
                    dataset=datasets[key] if at.kind == FoundKind.DATASET else None,
                    job=jobs[key] if at.kind == FoundKind.JOB else None,
                )
                for at, key in page.items
            ),
            next=page.next,
        )

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        io = tables.ios
        touched = exists().where(
            io.c.run == tables.tested.c.run,
            io.c.written == tables.tested.c.written,
            io.c.version == tables.versions.c.key,
        )
        query = _TESTED.join(tables.versions, tables.versions.c.dataset == _OF.c.first_key).where(touched)
        found: dict[Tested, None] = {}
        with self._database.read() as connection:
            for some in chunks([lineage_rows.version_identity(version) for version in versions]):
                wanted = query.where(tables.versions.c.digest.in_(some))
                found |= dict.fromkeys(_tested_from(row) for row in connection.execute(wanted))
        return list(found)


_OF = first_names("of")
_TESTED = (
    select(
        tables.runs.c.id.label("run_id"),
        tables.tested.c.written,
        _OF.c.namespace,
        _OF.c.name,
        func.max(case((tables.tested.c.failed, 1), else_=0)).label("failed"),
    )
    .select_from(tables.tested.join(tables.runs).join(_OF, _OF.c.key == tables.tested.c.dataset))
    .group_by(tables.runs.c.id, tables.tested.c.written, _OF.c.namespace, _OF.c.name)
)
"""Under two names of one dataset, what failed under either of them failed."""


def _tested_from(row: AnyRow) -> Tested:
    return Tested(
        run_id=row.run_id,
        dataset=DatasetName(namespace=row.namespace, name=row.name),
        written=row.written,
        failed=bool(row.failed),
    )


def _parts(named: DatasetName | Job) -> tuple[str, str]:
    return named.namespace, named.name


def _named(
    columns: Any, is_known: ColumnElement[bool], namespace: str | None, after: str | None, limit: int
) -> Select[Any]:
    """Selects one row more than a page of what has a namespace and a name."""
    check_limit(limit)
    query = select(columns.key, columns.namespace, columns.name).where(is_known)
    if namespace is not None:
        query = query.where(columns.namespace == namespace)
    if after is not None:
        query = query.where(tuple_(columns.namespace, columns.name) > tuple(PlaceOfName.parse(after)))
    return query.order_by(columns.namespace, columns.name).limit(limit + 1)


def _count(
    connection: Connection,
    namespace: ColumnElement[str],
    is_known: ColumnElement[bool],
    after: str | None,
    limit: int,
) -> dict[str, int]:
    query = select(namespace.label("namespace"), func.count().label("number")).where(is_known)
    if after is not None:
        query = query.where(namespace > after)
    query = query.group_by(namespace).order_by(namespace).limit(limit + 1)
    return {row.namespace: row.number for row in connection.execute(query)}


def _written(dataset: int, partition: str | None) -> Select[Any]:
    query = (
        select(*_occurrence_columns(), tables.runs.c.body)
        .select_from(tables.ios.join(tables.versions).join(tables.runs))
        .where(tables.ios.c.dataset == dataset, tables.ios.c.written)
    )
    return query if partition is None else query.where(tables.versions.c.partition == partition)


def _unwritten(dataset: int, partition: str | None) -> Select[Any]:
    """Selects the first read of each version that is read by its name, and that nobody wrote."""
    io, other = tables.ios, tables.ios.alias()
    place = (WHEN, tables.runs.c.id)
    number = func.row_number().over(partition_by=io.c.version, order_by=list(place))
    read = (
        select(*_occurrence_columns(), number.label("number"))
        .select_from(io.join(tables.versions).join(tables.runs))
        .where(
            io.c.dataset == dataset,
            ~io.c.written,
            io.c.evidence == Evidence.EXPLICIT,
            ~exists().where(other.c.version == io.c.version, other.c.written),
        )
    )
    if partition is not None:
        read = read.where(tables.versions.c.partition == partition)
    first = read.subquery()
    shown = [column for column in first.c if column.name != "number"]
    return select(*shown, null().label("body")).where(first.c.number == 1)


def _occurrence_columns() -> list[ColumnElement[Any]]:
    when, run_id, partition, text = PLACE
    return [
        when.label("placed_at"),
        run_id.label("run_id"),
        partition.label("partition"),
        text.label("text"),
        tables.versions.c.version,
        tables.ios.c.evidence,
        tables.ios.c.dataset_type,
        tables.ios.c.at,
    ]


def _occurrence(row: AnyRow) -> Occurrence:
    run = None if row.body is None else rows.from_body(Run, row.body)
    return Occurrence(io=lineage_rows.io_from(row), run=run)


def _first_key(dataset: DatasetName) -> Select[Any]:
    name = tables.datasets.c
    return select(func.coalesce(name.first, name.key)).where(
        name.digest == lineage_rows.dataset_row(dataset)["digest"]
    )


def _job_key(job: Job) -> Any:
    return (
        select(tables.jobs.c.key)
        .where(tables.jobs.c.digest == lineage_rows.job_row(job)["digest"])
        .scalar_subquery()
    )
