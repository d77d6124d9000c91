import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from lineageflow_server.access.credentials import (
    OWNER,
    SESSION_SECONDS,
    Caller,
    Credentials,
    UnknownCallerError,
)

from lineageflow_core.connect import connect
from lineageflow_core.model.token import Scope

TOKENS = connect("memory:").tokens


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now


def credentials_of(token: str = "token", *, clock: Clock | None = None) -> Credentials:
    return Credentials(token, None, TOKENS, clock=clock or Clock())


def caller_in(credentials: Credentials, session: str) -> Caller | None:
    try:
        return asyncio.run(credentials.of_session(session))
    except UnknownCallerError:
        return None


def caller_with(credentials: Credentials, token: str) -> Caller:
    return asyncio.run(credentials.of_token(token))


def test_the_token_of_the_server_may_do_everything() -> None:
    assert OWNER == caller_with(credentials_of(), "token")
    assert all(OWNER.allows(scope) for scope in Scope)


def test_a_session_outlives_a_restart_with_the_same_token() -> None:
    session = credentials_of().new_session(OWNER)
    assert OWNER == caller_in(credentials_of(), session.value)


def test_a_session_ends_with_its_servers_token() -> None:
    session = credentials_of().new_session(OWNER)
    assert caller_in(credentials_of("another token"), session.value) is None


def test_a_session_ends_after_its_time() -> None:
    clock = Clock()
    credentials = credentials_of(clock=clock)
    session = credentials.new_session(OWNER)
    held = []
    for later in (0, SESSION_SECONDS - 1, 1):
        clock.now += later
        held.append(caller_in(credentials, session.value) is not None)
    assert ([True, True, False], SESSION_SECONDS) == (held, session.seconds)


@pytest.mark.parametrize("change", ["", ".", "x", "9999999999.", "1.2.3", "1.2", "ünlü.ünlü", "\ud800"])
def test_what_is_no_session_is_none(change: str) -> None:
    credentials = credentials_of()
    session = credentials.new_session(OWNER).value
    assert caller_in(credentials, change) is None
    assert (caller_in(credentials, session + change) is None) == (change != "")


def test_a_session_cannot_be_made_to_start_later_or_to_be_another_tokens() -> None:
    credentials = credentials_of()
    made = TOKENS.create_token("mine", scopes=[Scope.READ], author="ada")
    session = credentials.new_session(caller_with(credentials, made.secret)).value
    start, digest, signature = session.split(".")
    assert caller_in(credentials, session) is not None
    assert caller_in(credentials, f"{int(start) + 1}.{digest}.{signature}") is None
    assert caller_in(credentials, f"{start}..{signature}") is None


def test_a_session_has_the_scopes_of_its_token_and_ends_with_it() -> None:
    credentials = credentials_of()
    made = TOKENS.create_token("page", scopes=[Scope.READ], author="ada")
    session = credentials.new_session(caller_with(credentials, made.secret))
    found = caller_in(credentials, session.value)
    assert found is not None
    assert ("the token 'page'", (Scope.READ,)) == (found.name, found.scopes)
    TOKENS.revoke_token(made.token.id, author="ada")
    assert caller_in(credentials, session.value) is None


def test_a_token_and_its_session_end_when_it_expires() -> None:
    clock = Clock()
    credentials = credentials_of(clock=clock)
    end = datetime.now(UTC) + timedelta(hours=1)
    made = TOKENS.create_token("brief", scopes=[Scope.READ], author="ada", expires_at=end)
    session = credentials.new_session(caller_with(credentials, made.secret))
    assert 3590 < session.seconds <= 3600
    clock.now += 3601
    assert caller_in(credentials, session.value) is None
    with pytest.raises(UnknownCallerError, match=r"'brief' expired on .* UTC; make another"):
        caller_with(credentials, made.secret)


def test_a_revoked_token_is_told_by_whom() -> None:
    made = TOKENS.create_token("old", scopes=[Scope.READ], author="ada")
    TOKENS.revoke_token(made.token.id, author="bob")
    with pytest.raises(UnknownCallerError, match=r"'old' was revoked on .* UTC by bob; make another"):
        caller_with(credentials_of(), made.secret)


def test_a_token_that_was_cut_is_told_from_a_wrong_one() -> None:
    secret = TOKENS.create_token("cut", scopes=[Scope.READ], author="ada").secret
    for shown, reason in {
        secret[:-1]: "not whole",
        secret[:-1] + ("0" if secret[-1] != "0" else "1"): "not whole",
        connect("memory:").tokens.create_token("x", scopes=[Scope.READ], author="ada").secret: "not one of",
        "wrong": "is wrong",
        "": "no token was shown",
    }.items():
        with pytest.raises(UnknownCallerError, match=reason) as caught:
            caller_with(credentials_of(), shown)
        assert len(shown) < 9 or shown not in str(caught.value)


def test_two_servers_have_two_cookies() -> None:
    assert credentials_of("one").cookie != credentials_of("two").cookie


def test_without_a_code_no_code_is_right() -> None:
    assert not credentials_of().take_login_code("")
