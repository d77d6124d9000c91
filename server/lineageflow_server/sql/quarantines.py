"""Quarantines in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select, tuple_

from lineageflow_core.model.page import Page
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.store.paging import PlaceOfQuarantine, check_limit, page_of, place_of_quarantine
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_or_update
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import quarantines

_table = quarantines.c
_ORDER = (_table.dataset, _table.partition, _table.snapshot)


class SqlQuarantineStore:
    """A `QuarantineStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def holding(self, repository: str, dataset: str) -> list[Quarantine]:
        query = select(_table.body).where(_table.dataset == dataset, _table.holds).order_by(*_ORDER)
        with self._database.ask() as connection:
            mine = _table.repository == self._keys.find(connection, repository)
            return [rows.from_body(Quarantine, body) for body in connection.scalars(query.where(mine))]

    def list(self, repository: str, *, path: str, after: str | None, limit: int) -> Page[Quarantine]:
        check_limit(limit)
        query = select(_table.body).where(_table.holds).order_by(*_ORDER).limit(limit + 1)
        if path:
            below = (_table.dataset >= f"{path}/") & (_table.dataset < f"{path}0")  # '0' comes behind '/'
            query = query.where(or_(_table.dataset == path, below))
        if after is not None:
            query = query.where(tuple_(*_ORDER) > tuple(PlaceOfQuarantine.parse(after)))
        with self._database.ask() as connection:
            mine = _table.repository == self._keys.find(connection, repository)
            found = [rows.from_body(Quarantine, body) for body in connection.scalars(query.where(mine))]
        return page_of(found, limit, cursor=place_of_quarantine)


def put_quarantines(connection: Connection, repository: int, held: Sequence[Quarantine]) -> None:
    """Puts quarantines in place of earlier ones of the same versions."""
    if held:
        put = insert_or_update(
            connection,
            quarantines,
            columns=("holds", "body"),
            by=("repository", "dataset", "partition", "snapshot"),
        )
        connection.execute(put, [rows.quarantine_row(repository, each) for each in held])
