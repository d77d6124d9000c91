"""The log of publications, and the results of checks, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from lineageflow_core.model.check import Check
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefName
from lineageflow_core.store.logged import operation_of
from lineageflow_core.store.paging import check_limit, page_of, parse_sequence
from lineageflow_core.store.ports import PlacedOperation
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import insert_or_update
from lineageflow_server.sql.operation_places import give_places
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import checks, lake, operations, ref_moves, repository_keys


class SqlOperationStore:
    """An `OperationStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def get(self, repository: str, operation: int) -> Operation | None:
        return self._find(repository, operations.c.seq == operation)

    def with_key(self, repository: str, key: str) -> Operation | None:
        return self._find(repository, operations.c.key == key)

    def makers(self, repository: str, refs: Sequence[RefName], *, operation: str) -> dict[RefName, Operation]:
        found: dict[RefName, Operation] = {}
        moves = ref_moves.c
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            for kind in {ref.kind for ref in refs}:
                for names in chunks([ref.name for ref in refs if ref.kind is kind]):
                    made = (
                        select(operations, moves.name.label("made"))
                        .join(ref_moves, moves.operation == operations.c.seq)
                        .where(moves.repository == key, moves.kind == kind, moves.name.in_(names))
                        .where(moves.expected.is_(None), moves.new.is_not(None))
                        .where(operations.c.operation == operation)
                        .order_by(operations.c.seq)
                    )
                    for row in connection.execute(made):
                        entry = operation_of(row.seq, rows.publication_from(row, []))
                        found[RefName(kind=kind, name=row.made)] = entry
        return found

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
        wanted: list[ColumnElement[bool]] = []
        if not operation and not refs:
            wanted.append(operations.c.listed)
        if actor is not None:
            wanted.append(operations.c.actor == actor)
        if operation is not None:
            wanted.append(operations.c.operation == operation)
        if since is not None:
            wanted.append(operations.c.at >= since)
        if until is not None:
            wanted.append(operations.c.at < until)
        if after is not None:
            wanted.append(operations.c.seq < parse_sequence(after))
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            everything = select(operations).where(operations.c.repository == key, *wanted).limit(limit + 1)
            if refs:
                walks = [_moving(everything, key, ref) for ref in refs]
            else:
                walks = [everything.order_by(operations.c.seq.desc())]
            entries = {entry.seq: entry for walk in walks for entry in connection.execute(walk)}
            newest = sorted(entries, reverse=True)[: limit + 1]
            found = _whole(connection, [entries[seq] for seq in newest])
        return page_of(found, limit, cursor=lambda each: each.id)

    def placed_after(self, place: int, limit: int) -> Sequence[PlacedOperation]:
        give_places(self._database)
        query = (
            select(operations, repository_keys.c.id.label("owner"))
            .join(repository_keys, repository_keys.c.key == operations.c.repository)
            .where(operations.c.place > place)
            .order_by(operations.c.place)
            .limit(limit)
        )
        with self._database.read() as connection:
            entries = list(connection.execute(query))
            return [
                PlacedOperation(place=entry.place, repository=entry.owner, operation=done)
                for entry, done in zip(entries, _whole(connection, entries), strict=True)
            ]

    def last_place(self) -> int:
        give_places(self._database)
        with self._database.ask() as connection:
            last: int = connection.scalars(select(lake.c.places)).one()
        return last

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


def _moving(query: Select[Any], repository: int | None, ref: RefName) -> Select[Any]:
    """Narrows a query for operations to those that moved a ref, along the index of its moves.

    A ref's instants never decrease, so that order is the log's; a ref that was only looked at did not move.
    """
    moves = ref_moves.c
    return (
        query.join(ref_moves, moves.operation == operations.c.seq)
        .where(
            moves.repository == repository,
            moves.kind == ref.kind,
            moves.name == ref.name,
            moves.expected.is_distinct_from(moves.new),
        )
        .order_by(moves.at.desc(), moves.operation.desc())
    )


def _whole(connection: Connection, entries: list[rows.AnyRow]) -> list[Operation]:
    """Returns entries of the log with what they moved."""
    moves: dict[int, list[rows.AnyRow]] = {entry.seq: [] for entry in entries}
    for some in chunks([entry.seq for entry in entries]):
        query = select(ref_moves).where(ref_moves.c.operation.in_(some)).order_by(ref_moves.c.position)
        for move in connection.execute(query):
            moves[move.operation].append(move)
    return [operation_of(entry.seq, rows.publication_from(entry, moves[entry.seq])) for entry in entries]
