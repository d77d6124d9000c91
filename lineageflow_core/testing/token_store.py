"""What every `TokenStore` promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import pytest

from lineageflow_core.errors import AlreadyExistsError
from lineageflow_core.model.token import Scope, Token
from lineageflow_core.store.ports import Stores, TokenStore
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import NOON, later


def new_token(name: str, *, created_at: datetime = NOON) -> Token:
    """Returns a token that was not used yet; of its name, the id holds the first eight characters."""
    return Token(
        id=f"{name:0<8.8}",
        name=name,
        scopes=(Scope.INGEST, Scope.READ),
        author="ünlü",
        created_at=created_at,
        expires_at=later(60),
    )


def digest(text: str) -> str:
    """Returns a digest for tests to tell apart."""
    return sha256(text.encode()).hexdigest()


class TokenStoreContract:
    """Needs the fixture `stores`, which are empty."""

    @pytest.fixture
    def tokens(self, stores: Stores) -> TokenStore:
        """Returns the store, with the token `a`, whose digest is that of `a`, and whose key is `k`."""
        stores.tokens.add(new_token("a"), digest=digest("a"), key="k")
        return stores.tokens

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(TokenStore, stores.tokens)

    def test_a_token_is_kept_exactly_and_known_by_its_digest(self, tokens: TokenStore) -> None:
        assert new_token("a") == tokens.get(new_token("a").id)
        assert {digest("a"): new_token("a")} == tokens.recognized([digest("a"), digest("b")])
        assert {} == tokens.recognized([])

    def test_a_token_that_nobody_made_is_none(self, tokens: TokenStore) -> None:
        assert tokens.get("b") is None
        assert tokens.revoke("b", at=NOON, by="ada") is None
        assert not tokens.reissue("b", digest=digest("b"))
        tokens.note_use(["b"], at=NOON, unless_since=NOON)
        assert (new_token("a"),) == tokens.list(after=None, limit=9).items

    def test_a_key_makes_one_token(self, tokens: TokenStore) -> None:
        assert new_token("a") == tokens.add(new_token("b"), digest=digest("b"), key="k")
        assert {} == tokens.recognized([digest("b")])
        for name in ("b", "c"):
            assert new_token(name) == tokens.add(new_token(name), digest=digest(name), key=None)

    def test_a_name_is_taken_until_its_token_is_revoked(self, tokens: TokenStore) -> None:
        second = replace(new_token("a"), id="second")
        with pytest.raises(AlreadyExistsError, match="'a' already"):
            tokens.add(second, digest=digest("b"), key="l")
        tokens.revoke(new_token("a").id, at=later(1), by="bob")
        assert second == tokens.add(second, digest=digest("b"), key="l")

    def test_of_those_who_race_for_a_name_or_with_a_key_one_makes_the_token(self, stores: Stores) -> None:
        def add(number: int, *, key: str | None) -> str | None:
            token = replace(new_token("same"), id=f"racer{number:03}", name="same" if key is None else key)
            try:
                return stores.tokens.add(token, digest=digest(f"{key} {number}"), key=key).id
            except AlreadyExistsError:
                return None

        with ThreadPoolExecutor(8) as pool:
            named = [each for each in pool.map(lambda number: add(number, key=None), range(8)) if each]
            keyed = set(pool.map(lambda number: add(number + 8, key="k"), range(8)))
        assert (1, 1) == (len(named), len(keyed))
        assert {*named, *keyed} == {token.id for token in stores.tokens.list(after=None, limit=9).items}

    def test_another_digest_takes_the_place_of_one_that_nobody_used(self, tokens: TokenStore) -> None:
        assert tokens.reissue(new_token("a").id, digest=digest("b"))
        assert {digest("b"): new_token("a")} == tokens.recognized([digest("a"), digest("b")])

    def test_what_was_used_or_revoked_keeps_its_digest(self, tokens: TokenStore) -> None:
        tokens.add(new_token("b"), digest=digest("b"), key=None)
        tokens.note_use([new_token("a").id], at=later(1), unless_since=NOON)
        tokens.revoke(new_token("b").id, at=later(1), by="bob")
        for name in ("a", "b"):
            assert not tokens.reissue(new_token(name).id, digest=digest("c"))
        assert {digest("a"), digest("b")} == set(tokens.recognized([digest("a"), digest("b"), digest("c")]))

    def test_a_use_is_noted_where_none_was_for_long(self, tokens: TokenStore) -> None:
        token = new_token("a").id
        noted = []
        for at, since in ((1, -9), (2, 1), (3, 1.5), (4, 4)):
            tokens.note_use([token], at=later(at), unless_since=later(since))
            found = tokens.get(token)
            assert found is not None
            noted.append(found.last_used_at)
        assert [later(1), later(1), later(3), later(4)] == noted

    def test_the_first_revocation_is_the_one_that_counts(self, tokens: TokenStore) -> None:
        revoked = replace(new_token("a"), revoked_at=later(1), revoked_by="bob")
        for at, by in ((1, "bob"), (2, "eve")):
            assert revoked == tokens.revoke(new_token("a").id, at=later(at), by=by)
        assert {digest("a"): revoked} == tokens.recognized([digest("a")])

    def test_tokens_are_listed_newest_first_in_pages(self, tokens: TokenStore) -> None:
        for name, minute in {"b": 5, "c": 9, "d": 5}.items():
            tokens.add(new_token(name, created_at=later(minute)), digest=digest(name), key=None)
        first = tokens.list(after=None, limit=2)
        second = tokens.list(after=first.next, limit=2)
        assert ["c", "d", "b", "a"] == [token.name for token in first.items + second.items]
        assert second.next is None
