"""What was written of a dataset and when, in SQL; and what was read of it that nobody wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    exists,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from lineageflow_core.model.known import Occurrence
from lineageflow_core.model.lineage import Evidence, Io
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Run
from lineageflow_core.store.paging import PlaceOfOccurrence, check_limit, page_of, place_of_occurrence
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.column_types import Instant
from lineageflow_server.sql.known_rows import PLACE, WHEN
from lineageflow_server.sql.name_lists import stretch
from lineageflow_server.sql.rows import AnyRow

_IO = tables.ios.c
_NEWEST_FIRST = [each.desc() for each in PLACE]


def list_history(
    connection: Connection,
    dataset: int,
    *,
    partition: str | None,
    after: str | None,
    limit: int,
) -> Page[Occurrence]:
    """Returns a page of what `DatasetStore.history` promises, of the dataset with this key."""
    check_limit(limit)
    entry = union_all(_written(dataset, partition), _unwritten(dataset, partition)).subquery()
    order = (entry.c.placed_at, entry.c.run_id, entry.c.partition, entry.c.text)
    query = select(entry, tables.datasets.c.namespace, tables.datasets.c.name).join_from(
        entry, tables.datasets, tables.datasets.c.key == dataset
    )
    if after is not None:
        query = query.where(tuple_(*order) < tuple(PlaceOfOccurrence.parse(after)))
    query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
    found = [_occurrence(row) for row in connection.execute(query)]
    return page_of(found, limit, cursor=place_of_occurrence)


def list_writes(
    connection: Connection, dataset: int, *, until: datetime | None, offset: int, limit: int
) -> Stretch[Io]:
    """Returns a stretch of the writes of exact versions of a dataset, newest first."""
    query = _exact_writes(until).where(_IO.dataset == dataset)
    found = stretch(connection, query, _NEWEST_FIRST, offset=offset, limit=limit)
    return Stretch(items=tuple(map(lineage_rows.io_from, found.items)), total=found.total)


def last_writes(connection: Connection, datasets: Sequence[int], until: datetime | None) -> dict[int, Io]:
    """Returns the last write of an exact version of each of these datasets, by key."""
    number = func.row_number().over(partition_by=_IO.dataset, order_by=_NEWEST_FIRST)
    writes = _exact_writes(until).add_columns(number.label("number"))
    newest = writes.where(_IO.dataset.in_(datasets)).subquery()
    found = connection.execute(select(newest).where(newest.c.number == 1))
    return {row.dataset: lineage_rows.io_from(row) for row in found}


def first_touched(
    connection: Connection, datasets: Sequence[int], until: datetime | None
) -> dict[int, datetime | None]:
    """Returns when each of these datasets was first read or written, by key; none that never was."""
    query = (
        select(_IO.dataset, func.min(_IO.at, type_=Instant()).label("at"))
        .where(_IO.dataset.in_(datasets), is_until(until))
        .group_by(_IO.dataset)
    )
    return {row.dataset: row.at for row in connection.execute(query)}


def is_until(until: datetime | None) -> ColumnElement[bool]:
    """Tells whether a read or write counts: it was by then, or nobody said when."""
    return true() if until is None else or_(_IO.at.is_(None), _IO.at <= until)


def _exact_writes(until: datetime | None) -> Select[Any]:
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
        .where(_IO.written, tables.versions.c.version.is_not(None), is_until(until))
    )


def _written(dataset: int, partition: str | None) -> Select[Any]:
    query = (
        select(*_occurrence_columns(), tables.runs.c.body)
        .select_from(tables.ios.join(tables.versions).join(tables.runs))
        .where(_IO.dataset == dataset, _IO.written)
    )
    return query if partition is None else query.where(tables.versions.c.partition == partition)


def _unwritten(dataset: int, partition: str | None) -> Select[Any]:
    """Selects the first read of each version that is read by its name, and that nobody wrote."""
    other = tables.ios.alias()
    number = func.row_number().over(partition_by=_IO.version, order_by=[WHEN, tables.runs.c.id])
    read = (
        select(*_occurrence_columns(), number.label("number"))
        .select_from(tables.ios.join(tables.versions).join(tables.runs))
        .where(
            _IO.dataset == dataset,
            ~_IO.written,
            _IO.evidence == Evidence.EXPLICIT,
            ~exists().where(other.c.version == _IO.version, other.c.written),
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
        _IO.evidence,
        _IO.dataset_type,
        _IO.at,
    ]


def _occurrence(row: AnyRow) -> Occurrence:
    run = None if row.body is None else rows.from_body(Run, row.body)
    return Occurrence(io=lineage_rows.io_from(row), run=run)
