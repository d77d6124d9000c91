"""Lists of what has a namespace and a name: their pages by name, and stretches of any list by position."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, FromClause, Select, exists, func, literal, select, tuple_

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Job
from lineageflow_core.model.search import LONGEST
from lineageflow_core.store.paging import PlaceOfName, check_limit, check_stretch, page_of
from lineageflow_core.store.terms import NAME
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.column_types import Name
from lineageflow_server.sql.rows import AnyRow

_ESCAPE = "!"


def dataset_from(row: AnyRow) -> DatasetName:
    """Returns the dataset that a row names."""
    return DatasetName(namespace=row.namespace, name=row.name)


def job_from(row: AnyRow) -> Job:
    """Returns the job that a row names."""
    return Job(namespace=row.namespace, name=row.name)


def page_by_name(
    connection: Connection,
    query: Select[Any],
    named: FromClause,
    *,
    namespace: str | None = None,
    after: str | None,
    limit: int,
) -> Page[AnyRow]:
    """Returns a page of what a query selects from a table, in the order of its namespaces and names."""
    check_limit(limit)
    order = (named.c.namespace, named.c.name)
    query = chosen(query, named, namespace, None)
    place = PlaceOfName.parse(after) if after is not None else None
    if place is not None and place.namespace == namespace:
        query = query.where(named.c.name > place.name)  # of the pair, SQLite would look up the first only
    elif place is not None:
        query = query.where(tuple_(*order) > tuple(place))
    rows = connection.execute(query.order_by(*order).limit(limit + 1)).all()
    return page_of(rows, limit, cursor=lambda row: PlaceOfName(row.namespace, row.name))


def stretch(
    connection: Connection, query: Select[Any], order: Iterable[Any], *, offset: int, limit: int
) -> Stretch[AnyRow]:
    """Returns a stretch of what a query selects."""
    check_stretch(offset, limit)
    total = connection.scalars(select(func.count()).select_from(query.subquery())).one()
    rows = connection.execute(query.order_by(*order).offset(offset).limit(limit)).all()
    return Stretch(items=tuple(rows), total=total)


def chosen(query: Select[Any], named: FromClause, namespace: str | None, pattern: str | None) -> Select[Any]:
    """Narrows a query to one namespace, and to names that a pattern is found in."""
    if namespace is not None:
        query = query.where(named.c.namespace == namespace)
    if pattern is not None:
        # Each database lowers other letters; what is in the index of terms was lowered before. Only of names
        # that are too long for it, the rest is left to the database.
        like = literal(f"%{pattern.lower().replace(_ESCAPE, _ESCAPE * 2)}%", Name())
        terms = tables.dataset_terms if named is tables.datasets else tables.job_terms
        [owner, *_] = terms.primary_key.columns
        is_name = (owner == named.c.key) & (terms.c.facet == b"") & (terms.c.field == NAME)
        indexed = exists().where(is_name, terms.c.value.like(like, escape=_ESCAPE))
        is_long = func.length(named.c.name) > LONGEST
        query = query.where(indexed | (is_long & func.lower(named.c.name).like(like, escape=_ESCAPE)))
    return query
