"""Settings of repositories, in SQL."""

from sqlalchemy import Connection, bindparam, select, update

from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.store.refusals import settings_changed
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import settings

_SETTINGS = select(settings).where(settings.c.repository == bindparam("of"))


class SqlSettingsStore:
    """A `SettingsStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def get(self, repository: str) -> RepositorySettings:
        with self._database.ask() as connection:
            _, found = _read(connection, self._keys.find(connection, repository))
        return found


def change_settings(connection: Connection, repository: int, change: SettingsChange) -> None:
    """Puts settings in place of those that are expected. Raises ConflictError if they are others."""
    version, current = _read(connection, repository)
    if current != change.before:
        raise settings_changed()
    row = rows.settings_row(repository, version + 1, change.after)
    if version == 0:
        changed = connection.execute(insert_missing(connection, settings), row)
    else:
        there = (settings.c.repository == repository, settings.c.version == version)
        changed = connection.execute(update(settings).where(*there).values(row))
    if changed.rowcount != 1:
        raise settings_changed()


def _read(connection: Connection, repository: int | None) -> tuple[int, RepositorySettings]:
    """Returns the settings and their version; the defaults are version 0."""
    row = connection.execute(_SETTINGS, {"of": repository}).first()
    return (row.version, rows.from_body(RepositorySettings, row.body)) if row else (0, RepositorySettings())
