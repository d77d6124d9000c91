"""The log of publications, and the results of checks, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from lineageflow_core.model.check import Check
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefName
from lineageflow_core.store.logged import operation_of
from lineageflow_core.store.paging import check_limit, page_of, parse_operation
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import insert_or_update
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import checks, operations, ref_moves


class SqlOperationStore:
    """An `OperationStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def get(self, repository: str, operation: int) -> Operation | None:
        return self._find(repository, operations.c.seq == operation)

    def with_key(self, repository: str, key: str) -> Operation | None:
        return self._find(repository, operations.c.key == key)

    def list(
        self,
        repository: str,
        *,
        actor: str | None,
        operation: str | None,
        refs: Sequence[RefName],
        since: datetime | None,
        until: datetime | None,
        after: str | None,
        limit: int,
    ) -> Page[Operation]:
        check_limit(limit)
        query = select(operations).order_by(operations.c.seq.desc()).limit(limit + 1)
        if not operation and not refs:
            query = query.where(operations.c.listed)
        if actor is not None:
            query = query.where(operations.c.actor == actor)
        if operation is not None:
            query = query.where(operations.c.operation == operation)
        if since is not None:
            query = query.where(operations.c.at >= since)
        if until is not None:
            query = query.where(operations.c.at < until)
        if after is not None:
            query = query.where(operations.c.seq < parse_operation(after))
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            query = query.where(operations.c.repository == key)
            if refs:
                query = query.where(
                    operations.c.seq.in_(select(ref_moves.c.operation).where(_moves(key, refs)))
                )
            found = _whole(connection, list(connection.execute(query)))
        return page_of(found, limit, cursor=lambda each: each.id)

    def _find(self, repository: str, condition: ColumnElement[bool]) -> Operation | None:
        with self._database.read() as connection:
            mine = operations.c.repository == self._keys.find(connection, repository)
            found = _whole(connection, list(connection.execute(select(operations).where(mine, condition))))
        return found[0] if found else None


class SqlCheckStore:
    """A `CheckStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def list(self, repository: str, root: str) -> list[Check]:
        query = select(checks.c.body).where(checks.c.root == root).order_by(checks.c.name)
        with self._database.read() as connection:
            mine = checks.c.repository == self._keys.find(connection, repository)
            return [rows.from_body(Check, body) for body in connection.scalars(query.where(mine))]


def put_check(connection: Connection, repository: int, check: Check) -> None:
    """Puts a result in place of an earlier one."""
    put = insert_or_update(connection, checks, columns=("body",), by=("repository", "root", "name"))
    connection.execute(put, rows.check_row(repository, check))


def _moves(repository: int | None, refs: Sequence[RefName]) -> ColumnElement[bool]:
    """Holds for the moves of these refs; a ref that was only looked at did not move."""
    each = (and_(ref_moves.c.kind == ref.kind, ref_moves.c.name == ref.name) for ref in refs)
    return and_(
        ref_moves.c.repository == repository,
        or_(*each),
        ref_moves.c.expected.is_distinct_from(ref_moves.c.new),
    )


def _whole(connection: Connection, entries: list[rows.AnyRow]) -> list[Operation]:
    """Returns entries of the log with what they moved."""
    moves: dict[int, list[rows.AnyRow]] = {entry.seq: [] for entry in entries}
    for some in chunks([entry.seq for entry in entries]):
        query = select(ref_moves).where(ref_moves.c.operation.in_(some)).order_by(ref_moves.c.position)
        for move in connection.execute(query):
            moves[move.operation].append(move)
    return [operation_of(entry.seq, rows.publication_from(entry, moves[entry.seq])) for entry in entries]
