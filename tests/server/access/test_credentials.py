import pytest
from lineageflow_server.access.credentials import SESSION_SECONDS, Credentials


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_outlives_a_restart_with_the_same_token() -> None:
    session = Credentials("token", None).new_session()
    assert Credentials("token", None).is_session(session)


def test_a_session_ends_with_its_token() -> None:
    session = Credentials("token", None).new_session()
    assert not Credentials("another token", None).is_session(session)


def test_a_session_ends_after_its_time() -> None:
    clock = Clock()
    credentials = Credentials("token", None, clock=clock)
    session = credentials.new_session()
    held = []
    for later in (0, SESSION_SECONDS - 1, 1):
        clock.now += later
        held.append(credentials.is_session(session))
    assert [True, True, False] == held


@pytest.mark.parametrize("change", ["", ".", "x", "9999999999.", "1.2.3", "ünlü.ünlü", "\ud800"])
def test_what_is_no_session_is_none(change: str) -> None:
    credentials = Credentials("token", None)
    assert not credentials.is_session(change)
    assert not credentials.is_session(credentials.new_session() + change) or change == ""


def test_a_session_cannot_be_made_to_start_later() -> None:
    credentials = Credentials("token", None)
    start, _, signature = credentials.new_session().partition(".")
    assert not credentials.is_session(f"{int(start) + 1}.{signature}")


def test_two_servers_have_two_cookies() -> None:
    assert Credentials("one", None).cookie != Credentials("two", None).cookie


def test_without_a_code_no_code_is_right() -> None:
    assert not Credentials("token", None).take_login_code("")
