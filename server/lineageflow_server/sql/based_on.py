"""What was made of some datasets, and who read them, as keys: for searches."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, func, or_, select

from lineageflow_core.model.lineage import Evidence
from lineageflow_core.model.search import BASED_ON, Condition, FoundKind
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.dataset_names import first_names


def keys_based_on(kind: FoundKind, condition: Condition) -> Select[Any]:
    """Selects the keys of the datasets, or jobs, that are based on a condition's datasets."""
    name = tables.datasets.c
    digests = [lineage_rows.dataset_row(each)["digest"] for each in condition.sources]
    named = select(func.coalesce(name.first, name.key).label("key")).where(name.digest.in_(digests))
    start: FromClause
    if condition.field == BASED_ON:
        start = named.subquery()
    else:
        reached = named.cte(recursive=True)
        start = reached.union(_made_of(reached))
    return _made_of(start) if kind is FoundKind.DATASET else _readers_of(start)


def _made_of(start: FromClause) -> Select[Any]:
    """Selects the datasets that runs made of these, other than themselves."""
    read, wrote = tables.ios.alias(), tables.ios.alias()
    is_made = (wrote.c.run == read.c.run) & wrote.c.written & (wrote.c.evidence == Evidence.EXPLICIT)
    return (
        select(wrote.c.dataset)
        .select_from(start.join(read, (read.c.dataset == start.c.key) & ~read.c.written).join(wrote, is_made))
        .where(wrote.c.dataset != read.c.dataset, _fed(read, wrote))
    )


def _fed(read: FromClause, wrote: FromClause) -> ColumnElement[bool]:
    """Tells whether what a run read fed what it wrote: unless the run says more, all did."""
    flow, target, source = tables.flows.c, first_names("target"), first_names("source")
    said = (
        select(flow.run)
        .join_from(tables.flows, target, target.c.key == flow.target)
        .where(flow.run == wrote.c.run, target.c.first_key == wrote.c.dataset)
    )
    named = said.join(source, source.c.key == flow.source).where(source.c.first_key == read.c.dataset)
    return or_(~exists(said.correlate(wrote)), exists(named.correlate(read, wrote)))


def _readers_of(start: FromClause) -> Select[Any]:
    read, run = tables.ios.alias(), tables.runs.c
    return (
        select(run.job)
        .select_from(start.join(read, (read.c.dataset == start.c.key) & ~read.c.written))
        .join(tables.runs, run.key == read.c.run)
    )
