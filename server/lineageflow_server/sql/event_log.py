"""The log of events, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page, Stretch, TimeOrder
from lineageflow_core.store.paging import check_limit, page_of, parse_sequence
from lineageflow_core.store.ports import StoredEvent
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.name_lists import stretch


class SqlEventLog:
    """An `EventLog` in SQL. `SqlLineageStore.write` writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        event = tables.events.c
        query = select(tables.events).where(event.run_id == run_id).order_by(event.seq)
        with self._database.read() as connection:
            return [lineage_rows.event_from(row) for row in connection.execute(query)]

    def events_about(self, run_ids: Sequence[RunId]) -> list[StoredEvent]:
        event = tables.events.c
        query = select(tables.events).order_by(event.seq)
        with self._database.read() as connection:
            return [
                lineage_rows.event_from(row)
                for some in chunks(run_ids)
                for row in connection.execute(query.where(event.run_id.in_(some)))
            ]

    def list_events(
        self,
        *,
        run_id: RunId | None,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        with_problems: bool,
        after: str | None,
        limit: int,
    ) -> Page[StoredEvent]:
        check_limit(limit)
        event = tables.events.c
        query = _chosen(kind, since, until).order_by(event.seq.desc()).limit(limit + 1)
        if run_id is not None:
            query = query.where(event.run_id == run_id)
        if with_problems:
            query = query.where(event.problem.is_not(None), event.replaced_by.is_(None))
        if after is not None:
            query = query.where(event.seq < parse_sequence(after))
        with self._database.read() as connection:
            page = page_of(connection.execute(query).all(), limit, cursor=lambda row: row.seq)
        return Page(items=tuple(map(lineage_rows.event_from, page.items)), next=page.next)

    def list_events_by_time(
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
        query = _chosen(kind, since, until).where(event.at.is_not(None), event.replaced_by.is_(None))
        place: Sequence[ColumnElement[Any]] = (event.at, event.seq)
        if order is TimeOrder.NEWEST_FIRST:
            place = [column.desc() for column in place]
        with self._database.read() as connection:
            found = stretch(connection, query, place, offset=offset, limit=limit)
        return Stretch(items=tuple(map(lineage_rows.event_from, found.items)), total=found.total)

    def find_events(self, first: bytes, last: bytes) -> list[StoredEvent]:
        query = select(tables.events).where(tables.events.c.digest.between(first, last)).limit(2)
        with self._database.read() as connection:
            return [lineage_rows.event_from(row) for row in connection.execute(query)]

    def events_after(self, place: int, limit: int) -> list[tuple[int, RunId | None]]:
        # Writers take turns (`hold`), so numbers are given out in the order of the commits.
        event = tables.events.c
        query = select(event.seq, event.run_id).where(event.seq > place).order_by(event.seq).limit(limit)
        with self._database.ask() as connection:
            return [(row.seq, row.run_id) for row in connection.execute(query)]

    def last_event(self) -> int:
        with self._database.ask() as connection:
            return connection.scalar(select(func.max(tables.events.c.seq))) or 0

    def late_runs(self, limit: int) -> list[RunId]:
        event, pruned = tables.events.c, tables.pruned_runs.c
        last = select(func.max(event.seq)).scalar_subquery()
        query = select(pruned.id).where(
            select(event.seq).where(event.run_id == pruned.id, event.seq < last).exists()
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.limit(limit)))

    def runless_events(self, *, before: datetime, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        event = tables.events.c
        query = select(tables.events).where(_is_runless(before), event.seq > after).order_by(event.seq)
        with self._database.read() as connection:
            return [(row.seq, lineage_rows.event_from(row)) for row in connection.execute(query.limit(limit))]

    def count_runless_events(self, *, before: datetime) -> int:
        query = select(func.count()).select_from(tables.events).where(_is_runless(before))
        with self._database.ask() as connection:
            return connection.scalars(query).one()


def _chosen(kind: EventKind | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    event = tables.events.c
    query = select(tables.events)
    if kind is not None:
        query = query.where(event.kind == kind)
    if since is not None:
        query = query.where(event.at >= since)
    if until is not None:
        query = query.where(event.at < until)
    return query


def _is_runless(before: datetime) -> ColumnElement[bool]:
    event = tables.events.c
    last = select(func.max(event.seq)).scalar_subquery()
    came = func.coalesce(event.received_at, event.at, type_=event.at.type)
    return and_(event.run_id.is_(None), ~event.is_aside, came < before, event.seq < last)
