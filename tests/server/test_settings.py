import pytest
from lineageflow_server.settings import Settings, load_settings

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.token import is_secret


def test_the_environment_gives_token_and_names() -> None:
    variables = {
        "LINEAGEFLOW_TOKEN": "long enough for a token",
        "LINEAGEFLOW_ALLOWED_HOSTS": "lake.example, other.example,",
    }
    settings = load_settings(host="0.0.0.0", no_auth=False, environment=variables)
    assert ("long enough for a token", ("lake.example", "other.example")) == (
        settings.token,
        settings.allowed_hosts,
    )


def test_without_a_token_one_is_made() -> None:
    first, second = (load_settings(host="127.0.0.1", no_auth=False, environment={}) for _ in range(2))
    assert first.token != second.token
    assert first.token != first.login_code
    assert first.token is not None
    assert is_secret(first.token)  # so scanners for secrets know it


def test_settings_do_not_show_their_secrets() -> None:
    settings = Settings(token="a token nobody may see", login_code="nor this code")
    assert "nobody" not in repr(settings)
    assert "nor this" not in repr(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_may_go_without_authentication(host: str) -> None:
    settings = load_settings(host=host, no_auth=True, environment={"LINEAGEFLOW_TOKEN": "x" * 20})
    assert (None, None) == (settings.token, settings.login_code)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "lake.example"])
def test_beyond_loopback_authentication_is_a_must(host: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot go without authentication"):
        load_settings(host=host, no_auth=True, environment={})


@pytest.mark.parametrize("token", ["short", "ünlü ünlü ünlü ünlü"])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="at least 16 ASCII characters"):
        Settings(token=token)


def test_the_environment_says_how_large_a_body_may_be() -> None:
    settings = load_settings(host="127.0.0.1", no_auth=True, environment={"LINEAGEFLOW_MAX_BODY": "1000"})
    assert 1000 == settings.max_body
    for odd in ("1 MB", "-1", "0", "²"):
        with pytest.raises(InvalidInputError, match="write a number of bytes"):
            load_settings(host="127.0.0.1", no_auth=True, environment={"LINEAGEFLOW_MAX_BODY": odd})
