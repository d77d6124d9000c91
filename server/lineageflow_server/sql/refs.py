"""Refs and the log of their moves, in SQL: where everything becomes visible."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, select, update

from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.ports import Publication, RefUpdate
from lineageflow_core.store.refusals import ref_moved, tag_spent, transaction_closed
from lineageflow_server.sql import rows
from lineageflow_server.sql.collections import check_last
from lineageflow_server.sql.commits import add_commits, add_nodes
from lineageflow_server.sql.database import Database, Turns
from lineageflow_server.sql.dialect import hold, insert_missing, insert_or_update
from lineageflow_server.sql.operations import put_check
from lineageflow_server.sql.quarantines import put_quarantines
from lineageflow_server.sql.repositories import change_repository
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.settings import change_settings
from lineageflow_server.sql.tables import operations, ref_moves, refs, transactions

_IS_OPEN = transactions.c.state == TransactionState.OPEN

# Making a statement takes longer than running it, so those of every write are made once.
_REF = select(refs).where(
    refs.c.repository == bindparam("of"), refs.c.kind == bindparam("kind"), refs.c.name == bindparam("name")
)
_LAST_MOVE = select(func.max(ref_moves.c.at)).where(
    ref_moves.c.repository == bindparam("of"),
    ref_moves.c.kind == bindparam("kind"),
    ref_moves.c.name == bindparam("name"),
)
_MOVE = (
    update(refs)
    .where(
        refs.c.repository == bindparam("of"),
        refs.c.kind == bindparam("of_kind"),
        refs.c.name == bindparam("of_name"),
        refs.c.commit_id == bindparam("expected"),
    )
    .values(commit_id=bindparam("new"), updated_at=bindparam("at"))
)
_LOG_MOVES = insert(ref_moves)

_LAST = "\U0010ffff"
"""Sorts behind every character of a name."""


class SqlRefStore:
    """A `RefStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys, turns: Turns) -> None:
        self._database = database
        self._keys = keys
        self._turns = turns

    def get(self, repository: str, ref: RefName) -> Ref | None:
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            row = connection.execute(_REF, {"of": key, "kind": ref.kind, "name": ref.name}).first()
        return rows.ref_from(row) if row else None

    def list(
        self, repository: str, *, kind: RefKind, prefix: str, after: str | None, limit: int
    ) -> Page[Ref]:
        check_limit(limit)
        query = select(refs).where(refs.c.kind == kind).order_by(refs.c.name).limit(limit + 1)
        if prefix:
            query = query.where(refs.c.name >= prefix, refs.c.name < prefix + _LAST)
        if after is not None:
            query = query.where(refs.c.name > after)
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            found = [rows.ref_from(row) for row in connection.execute(query.where(refs.c.repository == key))]
        return page_of(found, limit, cursor=lambda ref: ref.name)

    def tips(self, repository: str, kind: RefKind) -> Sequence[CommitId]:
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            query = select(refs.c.commit_id).where(refs.c.repository == key, refs.c.kind == kind)
            # Databases sort to find what is distinct, which takes longer than to read all.
            return list(dict.fromkeys(connection.scalars(query).all()))

    def as_of(self, repository: str, ref: RefName, at: datetime) -> CommitId | None:
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            found: CommitId | None = connection.scalar(
                select(ref_moves.c.new)
                .where(_moved(key, ref), ref_moves.c.at <= at)
                .order_by(ref_moves.c.at.desc(), ref_moves.c.operation.desc())
                .limit(1)
            )
        return found

    def published(self, repository: str, key: str) -> Publication | None:
        with self._database.ask() as connection:
            repository_key = self._keys.find(connection, repository)
            return _published(connection, repository_key, key)

    def publish(self, repository: str, publication: Publication) -> Publication:
        with self._database.write() as connection:
            hold(connection, [_turn(repository, update.ref) for update in publication.updates])
            key = self._keys.make(connection, repository)
            seq = _log(connection, key, publication)
            if seq is None:
                done = _published(connection, key, publication.key)
                assert done is not None  # nothing is ever removed from the log
                return done
            if publication.collection is not None:
                check_last(connection, key, publication.collection)
            for transaction in publication.transactions:
                _put_transaction(connection, key, transaction)
            if publication.settings is not None:
                change_settings(connection, key, publication.settings)
            if publication.repository is not None:
                change_repository(connection, publication.repository, publication.at)
            if publication.check is not None:
                put_check(connection, key, publication.check)
            put_quarantines(connection, key, publication.quarantines)
            targets = [each.new for each in publication.updates if each.new is not None]
            add_commits(connection, key, publication.commits, targets, changes=publication.changes)
            add_nodes(connection, key, publication.nodes)
            instants = _instants_of_moves(connection, key, publication)
            for each, at in zip(publication.updates, instants, strict=True):
                _move(connection, key, each, at)
            moved = zip(publication.updates, instants, strict=True)
            moves = [rows.ref_move_row(key, seq, place, *each) for place, each in enumerate(moved)]
            if moves:
                connection.execute(_LOG_MOVES, moves)
        return publication.logged

    def turn(self, repository: str, ref: RefName) -> AbstractContextManager[None]:
        return self._turns.turn(_turn(repository, ref))


def _turn(repository: str, ref: RefName) -> str:
    return f"{repository}/{ref.kind.value}/{ref.name}"


def _is(repository: int | None, ref: RefName) -> ColumnElement[bool]:
    return and_(refs.c.repository == repository, refs.c.kind == ref.kind, refs.c.name == ref.name)


def _moved(repository: int | None, ref: RefName) -> ColumnElement[bool]:
    return and_(
        ref_moves.c.repository == repository, ref_moves.c.kind == ref.kind, ref_moves.c.name == ref.name
    )


def _published(connection: Connection, repository: int | None, key: str) -> Publication | None:
    operation = connection.execute(
        select(operations).where(operations.c.repository == repository, operations.c.key == key)
    ).first()
    if operation is None:
        return None
    moves = connection.execute(
        select(ref_moves).where(ref_moves.c.operation == operation.seq).order_by(ref_moves.c.position)
    )
    return rows.publication_from(operation, list(moves))


def _log(connection: Connection, repository: int, publication: Publication) -> int | None:
    """Writes the log's entry and returns its number; None if there is one with this key."""
    entry = insert_missing(connection, operations, operations.c.seq)
    seq: int | None = connection.scalar(entry, rows.operation_row(repository, publication))
    return seq


def _put_transaction(connection: Connection, repository: int, transaction: Transaction) -> None:
    """Stores the transaction if it is open until now. Raises TransactionClosedError."""
    put = insert_or_update(
        connection,
        transactions,
        columns=("state", "body", "expires_at"),
        by=("repository", "run_id"),
        where=_IS_OPEN,
    )
    if connection.execute(put, rows.transaction_row(repository, transaction)).rowcount == 0:
        state = connection.scalar(
            select(transactions.c.state).where(
                transactions.c.repository == repository, transactions.c.run_id == transaction.run_id
            )
        )
        assert state is not None  # else it would have been added
        raise transaction_closed(transaction.run_id, state)


def _instants_of_moves(connection: Connection, repository: int, publication: Publication) -> list[datetime]:
    """Returns for each update when it happens: now, or at the ref's last move if a clock went back since."""
    last = [
        connection.scalar(_LAST_MOVE, {"of": repository, "kind": each.ref.kind, "name": each.ref.name})
        for each in publication.updates
    ]
    return [max(publication.at, moved) if moved else publication.at for moved in last]


def _move(connection: Connection, repository: int, move: RefUpdate, at: datetime) -> None:
    """Moves a ref from where it is expected to be. Raises RefMovedError if it is elsewhere."""
    if move.expected is None and move.new is None:
        moved = connection.scalar(select(refs.c.name).where(_is(repository, move.ref))) is None
        if moved and move.ref.kind is RefKind.TAG:
            _check_unspent(connection, repository, move)
    elif move.expected is None:
        added = {"repository": repository, "kind": move.ref.kind, "name": move.ref.name}
        added |= {"commit_id": move.new, "created_at": at, "updated_at": at}
        moved = connection.execute(insert_missing(connection, refs), added).rowcount == 1
        if move.ref.kind is RefKind.TAG:
            _check_unspent(connection, repository, move)
    elif move.new is None:
        here = and_(_is(repository, move.ref), refs.c.commit_id == move.expected)
        moved = connection.execute(delete(refs).where(here)).rowcount == 1
    else:
        there = {"of": repository, "of_kind": move.ref.kind, "of_name": move.ref.name}
        moved_to = {"expected": move.expected, "new": move.new, "at": at}
        moved = connection.execute(_MOVE, there | moved_to).rowcount == 1
    if not moved:
        raise ref_moved(move, connection.scalar(select(refs.c.commit_id).where(_is(repository, move.ref))))


def _check_unspent(connection: Connection, repository: int, tag: RefUpdate) -> None:
    """Raises AlreadyExistsError if the tag was at another commit once. Asked while its row is ours."""
    elsewhere_once = ref_moves.c.new.is_not(None) if tag.new is None else ref_moves.c.new != tag.new
    past = select(ref_moves.c.new).where(_moved(repository, tag.ref), elsewhere_once).limit(1)
    elsewhere: CommitId | None = connection.scalar(past)
    if elsewhere is not None:
        raise tag_spent(tag.ref.name, elsewhere)
