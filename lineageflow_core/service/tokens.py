"""Tokens: making their secrets, and telling whose a secret is.

A secret is made here, given to who asked, and forgotten: the store gets its digest. So a call that is
repeated cannot be told the same secret again, and gets another one in its place.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lineageflow_core.errors import InvalidInputError, StateError, StorageError, TokenNotFoundError
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.token import (
    RANDOM_BYTES,
    NewToken,
    Scope,
    Token,
    TokenState,
    digest_of,
    make_id,
    make_secret,
)
from lineageflow_core.service.opened import Clock
from lineageflow_core.store.ports import TokenStore

USE_NOTED_EVERY = timedelta(minutes=10)
"""A use is noted where none was for so long: a token that is always in use costs a write so often."""

_LONGEST_NAME = 128
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TokensService:
    """Implements `catalog.Tokens` over the ports."""

    store: TokenStore
    clock: Clock

    def create_token(
        self,
        name: str,
        *,
        scopes: Sequence[Scope],
        author: str,
        expires_at: datetime | None = None,
        key: str | None = None,
    ) -> NewToken:
        now = self.clock()
        wanted = Token(
            id=make_id(secrets.token_bytes(RANDOM_BYTES)),
            name=_checked_name(name),
            scopes=_checked_scopes(scopes),
            author=author,
            created_at=now,
            expires_at=_checked_end(expires_at, now),
        )
        secret = new_secret(wanted.id)
        token = self.store.add(wanted, digest=digest_of(secret), key=key)
        if token.id != wanted.id:
            _check_same(token, wanted, key)
            secret = new_secret(token.id)
            if not self.store.reissue(token.id, digest=digest_of(secret)):
                raise StateError(
                    f"the token {name!r} was made by an earlier call with this key, and was used or revoked "
                    f"since; its secret cannot be shown again: revoke {token.id}, and make another one",
                    token=token.id,
                )
        return NewToken(token=token, secret=secret)

    def list_tokens(self, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Token]:
        return self.store.list(after=after, limit=limit)

    def revoke_token(self, token_id: str, *, author: str) -> Token:
        token = self.store.revoke(token_id, at=self.clock(), by=author)
        if token is None:
            # What was named may be a secret by mistake, so it is not repeated.
            raise TokenNotFoundError("there is no token with this id; `lineageflow token list` shows them")
        return token

    def recognize_tokens(self, digests: Sequence[str]) -> dict[str, Token]:
        if not all(map(_DIGEST.fullmatch, digests)):
            # What was given may be a secret by mistake, so it is not repeated.
            raise InvalidInputError("this is not a digest: the 64 lower-case hex digits of a SHA-256 are")
        found = self.store.recognized(digests)
        now = self.clock()
        since = now - USE_NOTED_EVERY
        used = {
            digest: replace(token, last_used_at=now)
            for digest, token in found.items()
            if token.state_at(now) is TokenState.ACTIVE
            and (token.last_used_at is None or token.last_used_at < since)
        }
        if used:
            with suppress(StorageError):  # a database that takes no writes may still be read
                self.store.note_use([token.id for token in used.values()], at=now, unless_since=since)
                found |= used
        return found


def new_secret(token_id: str | None = None) -> str:
    """Returns a new secret: of a token, or of nobody in particular."""
    return make_secret(
        token_id or make_id(secrets.token_bytes(RANDOM_BYTES)), secrets.token_bytes(RANDOM_BYTES)
    )


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInputError(
            f"{name[:200]!r} cannot name a token: use 1 to {_LONGEST_NAME} characters that say what it is "
            "for, like 'airflow-prod'"
        )
    return name


def _checked_scopes(scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    if not scopes:
        raise InvalidInputError(f"a token needs a scope: name some of {', '.join(Scope)}")
    return tuple(scope for scope in Scope if scope in scopes)


def _checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise InvalidInputError(f"{expires_at} has no time zone: write it as in '2027-01-31T00:00:00Z'")
    end = in_utc(expires_at)
    if end <= now:
        raise InvalidInputError(f"{expires_at} is past: name a time to come, or none for a token that stays")
    return end


def _check_same(token: Token, wanted: Token, key: str | None) -> None:
    """Raises InvalidInputError unless a call with a key wants the token that the key has made."""
    if (token.name, token.scopes, token.expires_at) != (wanted.name, wanted.scopes, wanted.expires_at):
        raise InvalidInputError(
            f"the key {key!r} was used before, for create_token of {token.name!r}: take another key"
        )
