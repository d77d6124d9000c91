"""Commits that a log may show: from what is recorded of them, in the order of a log.

Each query runs along an index, so it ends with the first commits that it finds. Searches for what few commits
say read all entries of the log in that order, which are short: some 0.1 µs each. A superset is found: commits
of which an earlier version recorded nothing, and texts that are long, are for the caller to look into.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, or_, select, tuple_

from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.names import parents_of
from lineageflow_core.store.ports import CommitPlace
from lineageflow_server.sql import commit_rows, tables

_commits, _changes, _entries = tables.commits.c, tables.dataset_changes.c, tables.log_entries.c


def candidates(
    repository: int | None, wanted: CommitFilter, after: CommitPlace | None
) -> Iterator[Select[Any]]:
    """Yields queries for places, the last first, which together give what `CommitStore.candidates` does."""
    commits = _last_first(_commits.generation, _commits.id, after).where(_commits.repository == repository)
    if wanted.run_id is not None:
        yield commits.where(_commits.run_id == wanted.run_id)
    elif wanted.path:
        yield from _touching(repository, wanted, after)
        yield _saying(commits.where(_commits.changed.is_(None)), _commits.generation, _commits.id, wanted)
    else:
        entries = _last_first(_entries.generation, _entries.commit, after)
        yield entries.where(_entries.repository == repository, *_conditions(wanted))
        yield commits.where(_commits.is_logged.is_(None))


def _touching(
    repository: int | None, wanted: CommitFilter, after: CommitPlace | None
) -> Iterator[Select[Any]]:
    changes = _last_first(_changes.generation, _changes.commit, after).where(
        _changes.repository == repository
    )
    for each in (wanted.path, f"{wanted.path}/", *parents_of(wanted.path)):
        yield _saying(changes.where(_changes.path == each), _changes.generation, _changes.commit, wanted)


def _saying(
    query: Select[Any], generation: Column[Any], commit: Column[Any], wanted: CommitFilter
) -> Select[Any]:
    """Narrows a query for commits down to those that say what is wanted, or of which no entry tells."""
    conditions = list(_conditions(wanted))
    if not conditions:
        return query
    same = and_(
        _entries.repository == generation.table.c.repository,
        _entries.generation == generation,
        _entries.commit == commit,
    )
    told = query.join(tables.log_entries, same, isouter=True)
    return told.where(or_(_entries.commit.is_(None), and_(*conditions)))


def _conditions(wanted: CommitFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.author is not None:
        yield _entries.author == wanted.author
    if wanted.message is not None:
        yield _holds(_entries.message, commit_rows.searched_text(wanted.message))
    if wanted.since is not None:
        yield _entries.created_at >= wanted.since
    if wanted.until is not None:
        yield _entries.created_at < wanted.until
    for key, value in wanted.metadata.items():
        yield _holds(_entries.metadata, commit_rows.metadata_text(key, value))


def _holds(column: Column[Any], text: str) -> ColumnElement[bool]:
    """Returns whether a text holds another one; also where the text is too long to stand here."""
    if len(text) > commit_rows.LONGEST_SEARCHED:
        return column.is_(None)
    return or_(column.is_(None), column.contains(text, autoescape=True))


def _last_first(generation: Column[Any], commit: Column[Any], after: CommitPlace | None) -> Select[Any]:
    query = select(generation, commit).order_by(generation.desc(), commit.desc())
    return query.where(tuple_(generation, commit) < tuple(after)) if after is not None else query
