"""Repositories in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo, RepositoryName
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.refusals import repository_changed, repository_kept, repository_taken
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.tables import metadata, repositories, repository_keys, repository_names

# Making a statement takes longer than running it, so those of every call are made once.
_BY_NAME = select(repositories).where(repositories.c.name == bindparam("value"))
_NAMES = select(repository_names).order_by(repository_names.c.seq)
_BY_ID = select(repositories).where(repositories.c.id == bindparam("value"))


class SqlRepositoryStore:
    """A `RepositoryStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, info: RepositoryInfo) -> None:
        with self._database.write() as connection:
            added = connection.execute(insert_missing(connection, repositories), rows.repository_row(info))
            if added.rowcount == 0:
                there = connection.execute(select(repositories).where(repositories.c.id == info.id)).first()
                if there is None or rows.repository_from(there) != info:
                    raise repository_taken(info.name)
            elif _has_names(connection, repository_names.c.name == info.name):
                _keep_name(connection, info, info.created_at)

    def get(self, name: str) -> RepositoryInfo | None:
        return self._find(_BY_NAME, name)

    def with_id(self, repository: str) -> RepositoryInfo | None:
        return self._find(_BY_ID, repository)

    def list(self, *, after: str | None, limit: int, deleted: bool = False) -> Page[RepositoryInfo]:
        check_limit(limit)
        query = select(repositories).order_by(repositories.c.name).limit(limit + 1)
        is_kept = repositories.c.deleted_at.is_(None)
        query = query.where(~is_kept if deleted else is_kept)
        if after is not None:
            query = query.where(repositories.c.name > after)
        with self._database.ask() as connection:
            found = [rows.repository_from(row) for row in connection.execute(query)]
        return page_of(found, limit, cursor=lambda info: info.name)

    def names(self) -> tuple[RepositoryName, ...]:
        with self._database.ask() as connection:
            found = connection.execute(_NAMES)
            return tuple(rows.repository_name_from(row) for row in found)

    def purge(self, repository: str) -> None:
        with self._database.write() as connection:
            row = connection.execute(select(repositories).where(repositories.c.id == repository)).first()
            if row is None:
                return
            info = rows.repository_from(row)
            if info.deleted_at is None:
                raise repository_kept(repository)
            if not _has_names(connection, repository_names.c.repository == repository):
                _keep_name(connection, info, info.created_at)
            key = connection.scalar(select(repository_keys.c.key).where(repository_keys.c.id == repository))
            for table in reversed(metadata.sorted_tables):
                if "repository" in table.c and table is not repository_names:
                    connection.execute(delete(table).where(table.c.repository == key))
            connection.execute(delete(repositories).where(repositories.c.id == repository))

    def _find(self, query: Select[Any], value: str) -> RepositoryInfo | None:
        with self._database.ask() as connection:
            row = connection.execute(query, {"value": value}).first()
        return rows.repository_from(row) if row else None


def change_repository(connection: Connection, change: RepositoryChange, at: datetime) -> None:
    """Puts a repository in its new state, and keeps the names that it had.

    Raises ConflictError if it is in another state than expected, AlreadyExistsError if the name is taken.
    """
    before, after = change.before, change.after
    there = update(repositories).where(
        repositories.c.id == before.id,
        repositories.c.name == before.name,
        repositories.c.default_branch == before.default_branch,
        repositories.c.deleted_at.is_not_distinct_from(before.deleted_at),
        repositories.c.purged_at.is_not_distinct_from(before.purged_at),
    )
    try:
        changed = connection.execute(there.values(rows.repository_row(after)))
    except IntegrityError:
        raise repository_taken(after.name) from None
    if changed.rowcount != 1:
        raise repository_changed(before.name)
    if after.name != before.name:
        if not _has_names(connection, repository_names.c.repository == before.id):
            _keep_name(connection, before, before.created_at)
        _keep_name(connection, after, at)


def _has_names(connection: Connection, condition: ColumnElement[bool]) -> bool:
    return connection.scalar(select(repository_names.c.seq).where(condition).limit(1)) is not None


def _keep_name(connection: Connection, info: RepositoryInfo, since: datetime) -> None:
    connection.execute(insert(repository_names), rows.repository_name_row(info, since))
