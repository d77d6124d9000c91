"""Profiles of tables in SQL."""

from sqlalchemy import select, update

from lineageflow_core.model.table import TableId, TableProfile
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import profiles


class SqlProfileStore:
    """A `ProfileStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def get(self, repository: str, table: TableId) -> TableProfile | None:
        found = profiles.c
        with self._database.read() as connection:
            mine = found.repository == self._keys.find(connection, repository)
            body = connection.scalar(select(found.body).where(mine, found.table_id == table))
        return rows.from_body(TableProfile, body) if body is not None else None

    def put(self, repository: str, profile: TableProfile) -> None:
        with self._database.write() as connection:
            row = rows.profile_row(self._keys.make(connection, repository), profile)
            added = connection.execute(insert_missing(connection, profiles), row)
            if added.rowcount == 0 and not row["is_sampled"]:
                kept = profiles.c
                same = (kept.repository == row["repository"], kept.table_id == row["table_id"])
                connection.execute(update(profiles).where(*same, kept.is_sampled).values(row))
