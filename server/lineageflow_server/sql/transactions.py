"""Transactions of runs, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_, update

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.store.paging import Place, check_limit, page_of, parse_place_of_run
from lineageflow_core.store.ports import EXPIRING
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import transactions


class SqlTransactionStore:
    """A `TransactionStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def add(self, repository: str, transaction: Transaction) -> Transaction:
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            add = insert_missing(connection, transactions)
            connection.execute(add, rows.transaction_row(key, transaction))
            stored = _read(connection, key, transaction.run_id)
        assert stored is not None
        return stored

    def get(self, repository: str, run_id: RunId) -> Transaction | None:
        with self._database.ask() as connection:
            return _read(connection, self._keys.find(connection, repository), run_id)

    def list(
        self, repository: str, *, state: TransactionState | None, after: str | None, limit: int
    ) -> Page[Transaction]:
        check_limit(limit)
        table = transactions.c
        order = (table.created_at, table.run_id)
        query = select(table.body).order_by(*(column.desc() for column in order)).limit(limit + 1)
        if state is not None:
            query = query.where(table.state == state)
        if after is not None:
            query = query.where(tuple_(*order) < tuple(parse_place_of_run(after)))
        with self._database.ask() as connection:
            mine = table.repository == self._keys.find(connection, repository)
            found = [rows.from_body(Transaction, body) for body in connection.scalars(query.where(mine))]
        return page_of(found, limit, cursor=lambda each: Place(each.created_at, each.run_id))

    def expiring(self, repository: str, *, before: datetime, limit: int) -> Sequence[Transaction]:
        check_limit(limit)
        table = transactions.c
        over = or_(table.expires_at <= before, table.expires_at.is_(None))
        query = select(table.body).where(table.state.in_(EXPIRING), over)
        query = query.order_by(table.expires_at, table.run_id).limit(limit)
        with self._database.ask() as connection:
            mine = table.repository == self._keys.find(connection, repository)
            found = [rows.from_body(Transaction, body) for body in connection.scalars(query.where(mine))]
        return [transaction for transaction in found if transaction.expires_at <= before]

    def move(self, repository: str, transaction: Transaction, *, expected: TransactionState) -> bool:
        with self._database.write() as connection:
            key = self._keys.find(connection, repository)
            if key is None:
                return False
            stored = and_(_is(key, transaction.run_id), transactions.c.state == expected)
            moved = update(transactions).where(stored).values(rows.transaction_row(key, transaction))
            return connection.execute(moved).rowcount == 1


def _is(repository: int | None, run_id: RunId) -> ColumnElement[bool]:
    return and_(transactions.c.repository == repository, transactions.c.run_id == run_id)


def _read(connection: Connection, repository: int | None, run_id: RunId) -> Transaction | None:
    body = connection.scalar(select(transactions.c.body).where(_is(repository, run_id)))
    return rows.from_body(Transaction, body) if body is not None else None
