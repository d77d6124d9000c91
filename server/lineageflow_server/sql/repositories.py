"""Repositories in SQL."""

from sqlalchemy import select

from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.refusals import repository_taken
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.tables import repositories


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

    def get(self, name: str) -> RepositoryInfo | None:
        with self._database.read() as connection:
            row = connection.execute(select(repositories).where(repositories.c.name == name)).first()
        return rows.repository_from(row) if row else None

    def list(self, *, after: str | None, limit: int) -> Page[RepositoryInfo]:
        check_limit(limit)
        query = select(repositories).order_by(repositories.c.name).limit(limit + 1)
        if after is not None:
            query = query.where(repositories.c.name > after)
        with self._database.read() as connection:
            found = [rows.repository_from(row) for row in connection.execute(query)]
        return page_of(found, limit, cursor=lambda info: info.name)
