"""Datasets and jobs that events name: which rows they are, and all that is known of some of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)

from lineageflow_core.model.known import KnownDataset, KnownJob
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.run import Job, Run
from lineageflow_core.store.instants import EPOCH
from lineageflow_core.store.ports import Word
from lineageflow_core.store.words import DATASET_TYPE, dataset_type_of
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql import rows
from lineageflow_server.sql.column_types import Instant
from lineageflow_server.sql.database import chunks

_ANOTHER = tables.datasets.alias("another")
IS_KNOWN_DATASET = tables.datasets.c.first.is_(None) & or_(
    tables.datasets.c.seen,
    exists().where(tables.ios.c.dataset == tables.datasets.c.key),
    exists().where(_ANOTHER.c.first == tables.datasets.c.key),
)
"""Rows may be left of names that no event says any more."""
IS_KNOWN_JOB = or_(
    tables.jobs.c.seen,
    exists().where(tables.runs.c.job == tables.jobs.c.key),
    exists().where(tables.job_edges.c.source == tables.jobs.c.key),
    exists().where(tables.job_edges.c.target == tables.jobs.c.key),
)
WHEN = func.coalesce(tables.ios.c.at, literal(EPOCH, Instant()), type_=Instant())
PLACE = (WHEN, tables.runs.c.id, tables.versions.c.partition, func.coalesce(tables.versions.c.version, ""))
"""What a dataset's history is sorted by: `store.paging.PlaceOfOccurrence`."""


def known_datasets(connection: Connection, names: dict[int, DatasetName]) -> dict[int, KnownDataset]:
    """Returns what is known of the datasets with these keys of first names."""
    io, version = tables.ios, tables.versions
    is_exact = version.c.version.is_not(None)
    totals = (
        select(
            io.c.dataset,
            func.count(case((is_exact, version.c.key)).distinct()).label("versions"),
            func.max(case((io.c.written, io.c.at)), type_=Instant()).label("written_at"),
            func.max(case((~io.c.written, io.c.at)), type_=Instant()).label("read_at"),
        )
        .select_from(io.join(version))
        .group_by(io.c.dataset)
    )
    number = func.row_number().over(partition_by=io.c.dataset, order_by=[column.desc() for column in PLACE])
    written = (
        select(io.c.dataset, version.c.partition, version.c.version, number.label("number"))
        .select_from(io.join(version).join(tables.runs))
        .where(io.c.written, is_exact)
    )
    types = _types(connection, list(names))
    found = {key: KnownDataset(name=name, dataset_type=types.get(key)) for key, name in names.items()}
    for some in chunks(list(names)):
        newest = written.where(io.c.dataset.in_(some)).subquery()
        current = {
            row.dataset: Version(
                namespace=names[row.dataset].namespace,
                name=names[row.dataset].name,
                partition=row.partition,
                version=row.version,
            )
            for row in connection.execute(select(newest).where(newest.c.number == 1))
        }
        for row in connection.execute(totals.where(io.c.dataset.in_(some))):
            found[row.dataset] = KnownDataset(
                name=names[row.dataset],
                dataset_type=types.get(row.dataset),
                versions=row.versions,
                current=current.get(row.dataset),
                written_at=row.written_at,
                read_at=row.read_at,
            )
    return found


def _types(connection: Connection, keys: Sequence[int]) -> dict[int, str | None]:
    name, word = tables.datasets, tables.dataset_words
    query = (
        select(func.coalesce(name.c.first, name.c.key).label("key"), word.c.stamp, word.c.said)
        .select_from(word.join(name))
        .where(word.c.facet == DATASET_TYPE)
        .order_by(word.c.stamp)
    )
    return {
        row.key: dataset_type_of({DATASET_TYPE: Word(row.stamp, row.said)})
        for some in chunks(keys)
        for row in connection.execute(query.where(name.c.key.in_(some) | name.c.first.in_(some)))
    }


def known_jobs(connection: Connection, jobs: dict[int, Job]) -> dict[int, KnownJob]:
    """Returns what is known of the jobs with these keys."""
    run = tables.runs.c
    numbers = select(run.job, func.count().label("number")).group_by(run.job)
    found = {}
    for some in chunks(list(jobs)):
        runs = {row.job: row.number for row in connection.execute(numbers.where(run.job.in_(some)))}
        latest = dict(_latest_runs(connection, some))
        for key in some:
            found[key] = KnownJob(job=jobs[key], runs=runs.get(key, 0), latest=latest.get(key))
    return found


def newest_run(
    run: FromClause = tables.runs.alias("newest"),  # noqa: B008 (an alias, which never changes)
    *conditions: ColumnElement[bool],
    until: datetime | None = None,
) -> ScalarSelect[int]:
    """Returns the key of a job's newest run, of those that meet all conditions and began by then."""
    query = select(run.c.key).where(run.c.job == tables.jobs.c.key, *conditions)
    if until is not None:
        query = query.where(run.c.placed_at <= until)
    query = query.order_by(run.c.placed_at.desc(), run.c.id.desc()).limit(1)
    return query.correlate(tables.jobs).scalar_subquery()


def _latest_runs(connection: Connection, jobs: Sequence[int]) -> list[tuple[int, Run]]:
    query = (
        select(tables.jobs.c.key, tables.runs.c.body)
        .select_from(tables.jobs.join(tables.runs, tables.runs.c.key == newest_run()))
        .where(tables.jobs.c.key.in_(jobs))
    )
    return [(row.key, rows.from_body(Run, row.body)) for row in connection.execute(query)]
