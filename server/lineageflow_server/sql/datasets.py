"""The datasets that events name, in SQL: each question is a few statements, however many are asked about."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.known import KnownDataset, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.search import Condition, Found
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.ports import Word, Written
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dataset_history import (
    first_touched,
    is_until,
    last_writes,
    list_history,
    list_writes,
)
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.gaps import LACKING, count_gaps
from lineageflow_server.sql.known_rows import IS_KNOWN_DATASET, IS_KNOWN_JOB, known_datasets
from lineageflow_server.sql.name_lists import chosen, dataset_from, job_from, page_by_name, stretch
from lineageflow_server.sql.quality import list_tested, tested
from lineageflow_server.sql.search import search

_DATASET = tables.datasets.c
_KNOWN = select(_DATASET.key, _DATASET.namespace, _DATASET.name).where(IS_KNOWN_DATASET)
_NAME = tables.datasets.alias("any_name")
_FIRSTS = select(_NAME.c.digest, _DATASET.key, _DATASET.namespace, _DATASET.name).select_from(
    _NAME.join(tables.datasets, _DATASET.key == func.coalesce(_NAME.c.first, _NAME.c.key))
)
_NAMED = first_names("named")


class SqlDatasetStore:
    """A `DatasetStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        check_limit(limit)
        with self._database.read() as connection:
            datasets = _count(connection, _DATASET.namespace, IS_KNOWN_DATASET, after, limit)
            jobs = _count(connection, tables.jobs.c.namespace, IS_KNOWN_JOB, after, limit)
        found = [
            KnownNamespace(namespace=each, datasets=datasets.get(each, 0), jobs=jobs.get(each, 0))
            for each in sorted(datasets.keys() | jobs.keys())
        ]
        return page_of(found[: limit + 1], limit, cursor=lambda item: item.namespace)

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        return self._page(_KNOWN, namespace, after, limit)

    def list_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        query = chosen(_KNOWN, tables.datasets, namespace, pattern)
        if until is not None:
            query = query.where(exists().where(tables.ios.c.dataset == _DATASET.key, is_until(until)))
        order = (_DATASET.namespace, _DATASET.name)
        with self._database.read() as connection:
            found = stretch(connection, query, order, offset=offset, limit=limit)
        return Stretch(items=tuple(map(dataset_from, found.items)), total=found.total)

    def datasets(self, names: Collection[DatasetName]) -> dict[DatasetName, KnownDataset]:
        with self._database.read() as connection:
            firsts = _firsts(connection, names, IS_KNOWN_DATASET)
            known = known_datasets(connection, dict(firsts.values()))
        return {name: known[key] for name, (key, _) in firsts.items()}

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        other = tables.datasets.alias()
        first = (
            select(func.coalesce(other.c.first, other.c.key))
            .where(other.c.digest == lineage_rows.dataset_row(dataset)["digest"])
            .scalar_subquery()
        )
        query = select(tables.datasets).where((_DATASET.key == first) | (_DATASET.first == first))
        with self._database.ask() as connection:
            found = set(map(dataset_from, connection.execute(query)))
        return tuple(sorted(found | {dataset}, key=lambda name: name.rank))

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        with self._database.read() as connection:
            firsts = _firsts(connection, names)
        return {name: firsts[name][1] if name in firsts else name for name in names}

    def words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
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

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        word = tables.dataset_words.c
        query = (
            select(_NAMED.c.namespace, _NAMED.c.name, word.stamp, word.said)
            .join_from(tables.dataset_words, _NAMED, _NAMED.c.key == word.dataset)
            .where(word.facet == facet)
            .order_by(_NAMED.c.namespace, _NAMED.c.name, word.stamp)
        )
        with self._database.ask() as connection:
            found = {dataset_from(row): Word(row.stamp, row.said) for row in connection.execute(query)}
        return list(found.items())

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        with self._database.read() as connection:
            key = _first_key(connection, dataset)
            return list_history(connection, key, partition=partition, after=after, limit=limit)

    def list_writes(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        with self._database.read() as connection:
            key = _first_key(connection, dataset)
            return list_writes(connection, key, until=until, offset=offset, limit=limit)

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        touched: dict[int, datetime | None] = {}
        last: dict[int, Io] = {}
        with self._database.read() as connection:
            firsts = _firsts(connection, datasets)
            for some in chunks(sorted({key for key, _ in firsts.values()})):
                touched |= first_touched(connection, some, until)
                last |= last_writes(connection, some, until)
        return {
            dataset: Written(first_at=touched[key], last=last.get(key))
            for dataset, (key, _) in firsts.items()
            if key in touched
        }

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        io = tables.ios.c
        query = (
            select(io.dataset, io.written, tables.jobs.c.namespace, tables.jobs.c.name)
            .select_from(tables.ios.join(tables.runs).join(tables.jobs))
            .where(is_until(until))
            .distinct()
        )
        with self._database.read() as connection:
            names = dict(_firsts(connection, datasets).values())
            return [
                Wire(dataset=names[row.dataset], job=job_from(row), written=row.written)
                for some in chunks(list(names))
                for row in connection.execute(query.where(io.dataset.in_(some)))
            ]

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        with self._database.read() as connection:
            key = _first_key(connection, dataset) if dataset is not None else None
            return list_tested(connection, key, failed=failed, after=after, limit=limit)

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        with self._database.read() as connection:
            return tested(connection, versions)

    def count_gaps(self) -> tuple[GapCount, ...]:
        with self._database.read() as connection:
            return count_gaps(connection)

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        query = select(_DATASET.key, _DATASET.namespace, _DATASET.name).where(LACKING[gap])
        return self._page(query, None, after, limit)

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        with self._database.read() as connection:
            return search(connection, conditions, now=now, after=after, limit=limit)

    def _page(
        self, query: Select[Any], namespace: str | None, after: str | None, limit: int
    ) -> Page[KnownDataset]:
        with self._database.read() as connection:
            page = page_by_name(
                connection, query, tables.datasets, namespace=namespace, after=after, limit=limit
            )
            known = known_datasets(connection, {row.key: dataset_from(row) for row in page.items})
        return Page(items=tuple(known[row.key] for row in page.items), next=page.next)


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


def _firsts(
    connection: Connection, names: Collection[DatasetName], *conditions: ColumnElement[bool]
) -> dict[DatasetName, tuple[int, DatasetName]]:
    """Returns key and name of the first name of each dataset that has a row."""
    by_digest = {lineage_rows.dataset_row(name)["digest"]: name for name in names}
    return {
        by_digest[row.digest]: (row.key, dataset_from(row))
        for some in chunks(list(by_digest))
        for row in connection.execute(_FIRSTS.where(_NAME.c.digest.in_(some), *conditions))
    }


def _first_key(connection: Connection, name: DatasetName) -> int:
    """Returns the key of a dataset's first name; 0, which none has, where there is no such name."""
    return next((key for key, _ in _firsts(connection, [name]).values()), 0)
