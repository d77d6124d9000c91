"""Searching in SQL: each condition is a set of keys, found in the index of terms."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Table,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Job
from lineageflow_core.model.search import BASED_ON, BASED_ON_ANY_WAY, Condition, Found, FoundKind, Text
from lineageflow_core.store.paging import PlaceOfFound, check_limit, page_of
from lineageflow_core.store.terms import NAME, WORD, WORD_FIELDS
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.based_on import keys_based_on
from lineageflow_server.sql.column_types import Name
from lineageflow_server.sql.known_rows import IS_KNOWN_DATASET, IS_KNOWN_JOB, WHEN, known_datasets, known_jobs

_LAST = "\U0010ffff"
"""Behind all that goes on from a text."""


class _Side(NamedTuple):
    """Datasets, or jobs."""

    kind: FoundKind
    table: Table
    is_known: ColumnElement[bool]
    terms: Table
    owner: ColumnElement[int]
    """The key of the dataset or job that a term is of."""
    source: FromClause
    """What has terms and owners."""
    state: ColumnElement[Any]
    """Of the run that wrote it last, or of its last run."""


def search(
    connection: Connection,
    conditions: Sequence[Condition],
    *,
    now: datetime,
    after: str | None,
    limit: int,
) -> Page[Found]:
    """Returns a page of what `DatasetStore.search` promises."""
    check_limit(limit)
    place = PlaceOfFound.parse(after) if after is not None else None
    page = page_of(_found(connection, conditions, now, place, limit + 1), limit, cursor=lambda each: each[0])
    keys = {kind: {key: at for at, key in page.items if at.kind == kind} for kind in FoundKind}
    datasets = known_datasets(
        connection,
        {
            key: DatasetName(namespace=at.namespace, name=at.name)
            for key, at in keys[FoundKind.DATASET].items()
        },
    )
    jobs = known_jobs(
        connection,
        {key: Job(namespace=at.namespace, name=at.name) for key, at in keys[FoundKind.JOB].items()},
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


def _found(
    connection: Connection,
    conditions: Sequence[Condition],
    now: datetime,
    after: PlaceOfFound | None,
    limit: int,
) -> list[tuple[PlaceOfFound, int]]:
    """Returns places and keys of what fits, in order: `limit` of them at most, of datasets and of jobs."""
    found = [
        (PlaceOfFound(row.rank, side.kind, row.namespace, row.name), row.key)
        for side in _sides()
        for row in connection.execute(_query(side, conditions, now, after, limit))
    ]
    return sorted(found)[:limit]


def _query(
    side: _Side, conditions: Sequence[Condition], now: datetime, after: PlaceOfFound | None, limit: int
) -> Select[Any]:
    columns = side.table.c
    source: FromClause = side.table
    rank: ColumnElement[int] = literal(0)
    ranked = [each for each in conditions if each.field is None and not each.negated]
    if ranked:
        words = _ranks_of_all(side, ranked).subquery("words")
        source = source.join(words, words.c.owner == columns.key)
        rank = words.c.rank
    query = select(columns.key, columns.namespace, columns.name, rank.label("rank")).select_from(source)
    query = query.where(side.is_known)
    for condition in conditions:
        if condition not in ranked:
            holds = func.coalesce(_holds(side, condition, now), false())
            query = query.where(not_(holds) if condition.negated else holds)
    place = tuple_(rank, literal(side.kind.value, Name()), columns.namespace, columns.name)
    if after is not None:
        query = query.where(place > tuple_(*_literals(after)))
    return query.order_by(rank, columns.namespace, columns.name).limit(limit)


def _literals(place: PlaceOfFound) -> Iterator[ColumnElement[Any]]:
    yield literal(place.rank, Integer())
    yield from (literal(each, Name()) for each in place[1:])


def _ranks_of_all(side: _Side, ranked: Sequence[Condition]) -> Select[int, Any]:
    """Selects what has all of these words, and how well they fit together.

    They are counted, not joined: SQLite would go through all that has one for each that has another.
    """
    word = union_all(*(_ranks(side, each.text) for each in ranked)).subquery("word")
    query = select(word.c.owner, func.sum(word.c.rank).label("rank"))
    return query.group_by(word.c.owner).having(func.count() == len(ranked))


def _ranks(side: _Side, text: Text) -> Select[int, Any]:
    """Selects what has a word, and how well it fits: see `store.memory.search`."""
    field, value = side.terms.c.field, side.terms.c.value
    is_all = value == text.exact if text.is_exact else false()
    rank = case(
        (field == NAME, case((is_all, 0), else_=1)), (field == WORD, case((is_all, 2), else_=3)), else_=4
    )
    return (
        select(side.owner.label("owner"), func.min(rank).label("rank"))
        .select_from(side.source)
        .where(field.in_(WORD_FIELDS), _is_like(value, text, prefix=True))
        .group_by(side.owner)
    )


def _holds(side: _Side, condition: Condition, now: datetime) -> ColumnElement[bool]:
    field, value = side.terms.c.field, side.terms.c.value
    text = condition.text
    if condition.field == "age":
        return _is_of_age(side, condition, now)
    if condition.field in {BASED_ON, BASED_ON_ANY_WAY}:
        return side.table.c.key.in_(keys_based_on(side.kind, condition))
    if condition.field == "state":
        return _is_like(side.state, text)
    if condition.field == "kind" and text.matches(side.kind):
        return true()
    having = select(side.owner).select_from(side.source)
    if condition.field is None:
        having = having.where(field.in_(WORD_FIELDS), _is_like(value, text, prefix=True))
    else:
        having = having.where(
            field == condition.field, or_(*(_is_like(value, each) for each in condition.texts))
        )
    return side.table.c.key.in_(having)


def _is_like(value: ColumnElement[str], text: Text, *, prefix: bool = False) -> ColumnElement[bool]:
    if not text.is_exact:
        return value.like(text.like(), escape="\\")
    if prefix:
        return (value >= text.exact) & (value < text.exact + _LAST)
    return value == text.exact


def _is_of_age(side: _Side, condition: Condition, now: datetime) -> ColumnElement[bool]:
    since = condition.since(now)
    if side.kind is FoundKind.JOB:
        mine = tables.runs.c.job == tables.jobs.c.key
        newer, any_ = exists().where(mine, tables.runs.c.placed_at >= since), exists().where(mine)
    else:
        mine = (tables.ios.c.dataset == tables.datasets.c.key) & tables.ios.c.written
        newer = exists().where(mine, tables.ios.c.at >= since)
        any_ = exists().where(mine, tables.ios.c.at.is_not(None))
    return newer if condition.younger else any_ & ~newer


def _sides() -> Iterator[_Side]:
    name, term = tables.datasets.alias("name"), tables.dataset_terms
    state = type_coerce(tables.runs.c.state, Name())
    yield _Side(
        kind=FoundKind.DATASET,
        table=tables.datasets,
        is_known=IS_KNOWN_DATASET,
        terms=term,
        owner=func.coalesce(name.c.first, name.c.key),
        source=term.join(name, name.c.key == term.c.dataset),
        state=select(state)
        .select_from(tables.ios.join(tables.runs).join(tables.versions))
        .where(tables.ios.c.dataset == tables.datasets.c.key, tables.ios.c.written)
        .order_by(
            WHEN.desc(),
            tables.runs.c.id.desc(),
            tables.versions.c.partition.desc(),
            func.coalesce(tables.versions.c.version, "").desc(),
        )
        .limit(1)
        .correlate(tables.datasets)
        .scalar_subquery(),
    )
    yield _Side(
        kind=FoundKind.JOB,
        table=tables.jobs,
        is_known=IS_KNOWN_JOB,
        terms=tables.job_terms,
        owner=tables.job_terms.c.job,
        source=tables.job_terms,
        state=select(state)
        .where(tables.runs.c.job == tables.jobs.c.key)
        .order_by(tables.runs.c.placed_at.desc(), tables.runs.c.id.desc())
        .limit(1)
        .correlate(tables.jobs)
        .scalar_subquery(),
    )
