"""Tokens in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, or_, select, tuple_, update

from lineageflow_core.model.page import Page
from lineageflow_core.model.token import Scope, Token
from lineageflow_core.store.paging import Place, check_limit, page_of
from lineageflow_core.store.refusals import token_name_taken
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import hold
from lineageflow_server.sql.tables import tokens

_table = tokens.c
_RECOGNIZED = select(tokens).where(_table.digest.in_(bindparam("digests", expanding=True)))


class SqlTokenStore:
    """A `TokenStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: Token, *, digest: str, key: str | None) -> Token:
        with self._database.write() as connection:
            hold(connection, ["tokens"])  # so that nobody takes the name or the key meanwhile
            if key is not None:
                done = connection.execute(select(tokens).where(_table.key == key)).first()
                if done is not None:
                    return _token(done)
            taken = (_table.name == token.name, _table.revoked_at.is_(None))
            if connection.execute(select(_table.id).where(*taken)).first() is not None:
                raise token_name_taken(token.name)
            connection.execute(insert(tokens), {**_row(token), "digest": digest, "key": key})
        return token

    def reissue(self, token_id: str, *, digest: str) -> bool:
        unused = (_table.id == token_id, _table.last_used_at.is_(None), _table.revoked_at.is_(None))
        with self._database.write() as connection:
            changed = connection.execute(update(tokens).where(*unused).values(digest=digest))
        return changed.rowcount == 1

    def get(self, token_id: str) -> Token | None:
        with self._database.ask() as connection:
            row = connection.execute(select(tokens).where(_table.id == token_id)).first()
        return _token(row) if row is not None else None

    def recognized(self, digests: Sequence[str]) -> dict[str, Token]:
        found = {}
        with self._database.ask() as connection:
            for some in chunks(digests):
                for row in connection.execute(_RECOGNIZED, {"digests": list(some)}):
                    found[row.digest] = _token(row)
        return found

    def note_use(self, token_ids: Sequence[str], *, at: datetime, unless_since: datetime) -> None:
        due = or_(_table.last_used_at.is_(None), _table.last_used_at < unless_since)
        with self._database.write() as connection:
            for some in chunks(sorted(token_ids)):
                used = update(tokens).where(_table.id.in_(some), due).values(last_used_at=at)
                connection.execute(used)

    def revoke(self, token_id: str, *, at: datetime, by: str) -> Token | None:
        with self._database.write() as connection:
            held = (_table.id == token_id, _table.revoked_at.is_(None))
            connection.execute(update(tokens).where(*held).values(revoked_at=at, revoked_by=by))
            row = connection.execute(select(tokens).where(_table.id == token_id)).first()
        return _token(row) if row is not None else None

    def list(self, *, after: str | None, limit: int) -> Page[Token]:
        check_limit(limit)
        order = (_table.created_at, _table.id)
        query = select(tokens).order_by(*(column.desc() for column in order)).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(*order) < tuple(Place.parse(after)))
        with self._database.ask() as connection:
            found = [_token(row) for row in connection.execute(query)]
        return page_of(found, limit, cursor=lambda token: Place(token.created_at, token.id))


def _row(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": " ".join(token.scopes),
        "author": token.author,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
        "revoked_by": token.revoked_by,
    }


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        scopes=tuple(map(Scope, row.scopes.split())),
        author=row.author,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
