"""What every catalog promises about tokens."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from lineageflow_core.catalog import Catalog, Tokens
from lineageflow_core.errors import (
    AlreadyExistsError,
    InvalidInputError,
    StateError,
    TokenNotFoundError,
)
from lineageflow_core.model.token import NewToken, Scope, Token, digest_of, is_secret
from lineageflow_core.testing.catalog.scene import in_pages_of_one
from lineageflow_core.testing.signatures import assert_same_signatures

TOMORROW = datetime.now(UTC) + timedelta(days=1)


class TokensContract:
    """Needs the fixture `catalog`, which tests may share."""

    @pytest.fixture
    def name(self) -> str:
        """Returns a name that no token has."""
        return f"token-{uuid4()}"

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Tokens, catalog.tokens)

    def test_a_token_is_made_with_a_secret_by_which_it_is_known(self, catalog: Catalog, name: str) -> None:
        made = catalog.tokens.create_token(
            name, scopes=[Scope.READ, Scope.INGEST, Scope.READ], author="ada", expires_at=TOMORROW
        )
        token = made.token
        assert (name, (Scope.INGEST, Scope.READ), "ada", TOMORROW) == (
            token.name,
            token.scopes,
            token.author,
            token.expires_at,
        )
        assert (None, None, None) == (token.last_used_at, token.revoked_at, token.revoked_by)
        assert is_secret(made.secret)
        assert made.secret.startswith(f"lf_{token.id}_")
        assert {token.id} == {each.id for each in _recognized(catalog, made.secret)}

    def test_no_two_secrets_are_alike(self, catalog: Catalog, name: str) -> None:
        secrets = {_make(catalog, f"{name}-{number}").secret for number in range(20)}
        assert 20 == len({secret[-49:-6] for secret in secrets})

    def test_what_shows_a_token_does_not_show_its_secret(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name)
        listed = catalog.tokens.list_tokens(limit=1)
        random = made.secret[-49:]
        assert random not in f"{made!r} {made} {made.token!r} {listed!r}"

    def test_a_secret_that_nobody_was_given_is_nobodys(self, catalog: Catalog, name: str) -> None:
        secret = _make(catalog, name).secret
        for wrong in ("", secret[:-1], secret.swapcase(), f"{secret} "):
            assert [] == _recognized(catalog, wrong)

    def test_a_secret_in_the_place_of_its_digest_is_refused_and_not_repeated(
        self, catalog: Catalog, name: str
    ) -> None:
        made = _make(catalog, name)
        for wrong in (made.secret, "", "\0", digest_of(made.secret).upper()):
            with pytest.raises(InvalidInputError, match="is not a digest") as caught:
                catalog.tokens.recognize_tokens([wrong])
            assert made.secret not in str(caught.value)

    def test_a_use_is_noted(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name)
        before = datetime.now(UTC)
        _recognized(catalog, made.secret)
        first = _listed(catalog, made).last_used_at
        assert first is not None
        assert before <= first <= datetime.now(UTC)
        _recognized(catalog, made.secret)
        assert first == _listed(catalog, made).last_used_at  # a moment later is not worth a note

    def test_a_revoked_token_is_known_as_that(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name)
        revoked = catalog.tokens.revoke_token(made.token.id, author="bob")
        assert ("bob", made.token.id) == (revoked.revoked_by, revoked.id)
        assert [revoked] == _recognized(catalog, made.secret)
        assert revoked == _listed(catalog, made)  # its use after that was none
        assert revoked == catalog.tokens.revoke_token(made.token.id, author="eve")

    def test_a_token_that_is_not_there_is_not_revoked(self, catalog: Catalog, name: str) -> None:
        with pytest.raises(TokenNotFoundError, match="`lineageflow token list`"):
            catalog.tokens.revoke_token(name, author="ada")

    def test_an_error_does_not_repeat_a_secret(self, catalog: Catalog, name: str) -> None:
        secret = _make(catalog, name).secret
        with pytest.raises(TokenNotFoundError) as caught:
            catalog.tokens.revoke_token(secret, author="ada")
        assert secret not in f"{caught.value} {caught.value.details}"

    def test_a_name_is_free_again_once_its_token_is_revoked(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name)
        with pytest.raises(AlreadyExistsError, match="revoke that one first"):
            _make(catalog, name)
        catalog.tokens.revoke_token(made.token.id, author="ada")
        again = _make(catalog, name)
        assert [again.token.id] == [each.id for each in _recognized(catalog, again.secret)]

    def test_a_call_repeated_with_its_key_gives_the_token_another_secret(
        self, catalog: Catalog, name: str
    ) -> None:
        first, second = (_make(catalog, name, key=name) for _ in range(2))
        assert first.token == second.token
        assert first.secret != second.secret
        assert [] == _recognized(catalog, first.secret)
        assert [first.token.id] == [each.id for each in _recognized(catalog, second.secret)]
        assert [name] == [each.name for each in _all(catalog) if each.name == name]

    def test_a_secret_that_is_in_use_is_not_replaced(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name, key=name)
        _recognized(catalog, made.secret)
        with pytest.raises(StateError, match="cannot be shown again"):
            _make(catalog, name, key=name)
        assert [made.token.id] == [each.id for each in _recognized(catalog, made.secret)]

    def test_a_revoked_token_does_not_come_back_by_its_key(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name, key=name)
        catalog.tokens.revoke_token(made.token.id, author="ada")
        with pytest.raises(StateError, match="used or revoked"):
            _make(catalog, name, key=name)

    def test_a_key_is_for_one_token(self, catalog: Catalog, name: str) -> None:
        made = _make(catalog, name, key=name)
        with pytest.raises(InvalidInputError, match="used before, for create_token"):
            _make(catalog, f"{name}-2", key=name)
        with pytest.raises(InvalidInputError, match="used before, for create_token"):
            catalog.tokens.create_token(name, scopes=[Scope.ADMIN], author="ada", key=name)
        assert [made.token.id] == [each.id for each in _recognized(catalog, made.secret)]

    @pytest.mark.parametrize("wrong", ["", " ", "x" * 129, "a\nb", "a\tb"])
    def test_a_name_says_something(self, catalog: Catalog, wrong: str) -> None:
        with pytest.raises(InvalidInputError, match="cannot name a token"):
            _make(catalog, wrong)

    def test_a_token_has_a_scope(self, catalog: Catalog, name: str) -> None:
        with pytest.raises(InvalidInputError, match="ingest, read, write, admin"):
            catalog.tokens.create_token(name, scopes=[], author="ada")

    def test_a_token_ends_in_a_time_to_come(self, catalog: Catalog, name: str) -> None:
        now = datetime.now(UTC)
        for wrong in (now - timedelta(seconds=1), datetime(1970, 1, 1, tzinfo=UTC)):
            with pytest.raises(InvalidInputError, match="is past"):
                catalog.tokens.create_token(name, scopes=[Scope.READ], author="ada", expires_at=wrong)
        naive = now.replace(tzinfo=None) + timedelta(days=1)
        with pytest.raises(InvalidInputError, match="has no time zone"):
            catalog.tokens.create_token(name, scopes=[Scope.READ], author="ada", expires_at=naive)
        never = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
        with pytest.raises(InvalidInputError, match="beyond all calendars"):
            catalog.tokens.create_token(name, scopes=[Scope.READ], author="ada", expires_at=never)
        elsewhere = (now + timedelta(days=1)).astimezone(timezone(timedelta(hours=5)))
        made = catalog.tokens.create_token(name, scopes=[Scope.READ], author="ada", expires_at=elsewhere)
        assert elsewhere == made.token.expires_at

    def test_all_are_listed_newest_first(self, catalog: Catalog, name: str) -> None:
        made = [_make(catalog, f"{name}-{number}").token for number in range(3)]
        paged = in_pages_of_one(lambda after, limit: catalog.tokens.list_tokens(after=after, limit=limit))
        assert made[::-1] == [each for each in paged if each.name.startswith(name)]


def _make(catalog: Catalog, name: str, *, key: str | None = None) -> NewToken:
    return catalog.tokens.create_token(name, scopes=[Scope.READ], author="ada", key=key)


def _recognized(catalog: Catalog, secret: str) -> list[Token]:
    return list(catalog.tokens.recognize_tokens([digest_of(secret)]).values())


def _listed(catalog: Catalog, made: NewToken) -> Token:
    [token] = [each for each in _all(catalog) if each.id == made.token.id]
    return token


def _all(catalog: Catalog) -> tuple[Token, ...]:
    return catalog.tokens.list_tokens(limit=1000).items
