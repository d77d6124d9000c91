"""Tokens in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.page import Page
from lineageflow_core.model.token import Token
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import Place, check_limit, page_of
from lineageflow_core.store.refusals import token_name_taken


class MemoryTokenStore:
    """A `TokenStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, token: Token, *, digest: str, key: str | None) -> Token:
        check_instant(token.created_at)
        tokens = self._state.tokens
        with self._state.lock:
            if key is not None and key in self._state.token_keys:
                return tokens[self._state.token_keys[key]]
            if any(other.name == token.name and other.revoked_at is None for other in tokens.values()):
                raise token_name_taken(token.name)
            tokens[token.id] = token
            self._state.token_digests[digest] = token.id
            if key is not None:
                self._state.token_keys[key] = token.id
        return token

    def reissue(self, token_id: str, *, digest: str) -> bool:
        with self._state.lock:
            token = self._state.tokens.get(token_id)
            if token is None or token.last_used_at is not None or token.revoked_at is not None:
                return False
            digests = self._state.token_digests
            for earlier in [each for each, owner in digests.items() if owner == token_id]:
                del digests[earlier]
            digests[digest] = token_id
        return True

    def get(self, token_id: str) -> Token | None:
        with self._state.lock:
            return self._state.tokens.get(token_id)

    def recognized(self, digests: Sequence[str]) -> dict[str, Token]:
        with self._state.lock:
            ids = self._state.token_digests
            return {each: self._state.tokens[ids[each]] for each in digests if each in ids}

    def note_use(self, token_ids: Sequence[str], *, at: datetime, unless_since: datetime) -> None:
        with self._state.lock:
            for each in token_ids:
                token = self._state.tokens.get(each)
                if token is None or (token.last_used_at is not None and token.last_used_at >= unless_since):
                    continue
                self._state.tokens[each] = replace(token, last_used_at=at)

    def revoke(self, token_id: str, *, at: datetime, by: str) -> Token | None:
        with self._state.lock:
            token = self._state.tokens.get(token_id)
            if token is not None and token.revoked_at is None:
                token = self._state.tokens[token_id] = replace(token, revoked_at=at, revoked_by=by)
        return token

    def list(self, *, after: str | None, limit: int) -> Page[Token]:
        check_limit(limit)
        place = Place.parse(after) if after is not None else None
        with self._state.lock:
            found = [each for each in self._state.tokens.values() if place is None or _place(each) < place]
        return page_of(sorted(found, key=_place, reverse=True), limit, cursor=_place)


def _place(token: Token) -> Place:
    return Place(token.created_at, token.id)
