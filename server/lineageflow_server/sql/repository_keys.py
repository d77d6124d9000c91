"""The integers that stand for repositories' ids in all other tables."""

from sqlalchemy import Connection, select

from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.tables import repository_keys


class RepositoryKeys:
    """Looks keys up once: an id keeps its key for ever."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def find(self, connection: Connection, repository: str) -> int | None:
        """Returns the key of an id; None if nothing was ever stored under it."""
        if repository not in self._known:
            key = self._read(connection, repository)
            if key is None:
                return None
            self._known[repository] = key
        return self._known[repository]

    def make(self, connection: Connection, repository: str) -> int:
        """Returns the key of an id, which gets one if it has none."""
        key = self.find(connection, repository)
        if key is None:
            connection.execute(insert_missing(connection, repository_keys), {"id": repository})
            key = self._read(connection, repository)  # known only once it is committed
            assert key is not None
        return key

    def _read(self, connection: Connection, repository: str) -> int | None:
        return connection.scalar(select(repository_keys.c.key).where(repository_keys.c.id == repository))
