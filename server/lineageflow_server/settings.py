"""How a server is set up: one frozen value, and the only place that reads the environment."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.service.tokens import new_secret

TOKEN_VARIABLE = "LINEAGEFLOW_TOKEN"
HOSTS_VARIABLE = "LINEAGEFLOW_ALLOWED_HOSTS"
IMPORT_VARIABLE = "LINEAGEFLOW_IMPORT_FROM"
STORAGE_VARIABLE = "LINEAGEFLOW_STORAGE_IN"
MAX_BODY_VARIABLE = "LINEAGEFLOW_MAX_BODY"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_MAX_BODY = 64 << 20
_SHORTEST_TOKEN = 16
"""A shorter token could be guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a server that is not its lake."""

    token: str | None = field(repr=False)
    """The token that may do everything, beside those of the lake; None: nobody is asked, which only loopback
    allows."""
    login_code: str | None = field(default=None, repr=False)
    """Logs one browser in, once. The token itself is in no address."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that the server is called by, besides loopback's and `host`; '*' is any."""
    import_from: tuple[str, ...] = ()
    """URLs at or below which clients may let the server import; none: nothing."""
    storage_in: tuple[str, ...] = ()
    """URLs at or below which clients may let repositories keep their content; none: only in the lake."""
    max_body: int = _MAX_BODY
    """Bytes of JSON that one request may bring, after unpacking."""
    max_batch: int = 10_000
    """Events that one request may bring."""
    max_waiting: int = 32 << 20
    """Bytes of events that may wait to be stored. In memory they take several times as much."""
    page: Path = Path(__file__).parent / "static"
    """Folder of the built page."""

    def __post_init__(self) -> None:
        if self.token is None and self.host not in LOOPBACK:
            raise InvalidInputError(
                f"a server on {self.host} cannot go without authentication: everybody who reaches it could "
                "write; leave --no-auth out, or listen on 127.0.0.1"
            )
        if self.token is not None and (len(self.token) < _SHORTEST_TOKEN or not self.token.isascii()):
            raise InvalidInputError(
                f"the token in {TOKEN_VARIABLE} must be at least {_SHORTEST_TOKEN} ASCII characters; "
                "leave it out to have one made"
            )


def load_settings(*, host: str, no_auth: bool, environment: Mapping[str, str] | None = None) -> Settings:
    """Returns the settings for a server on `host`, with a new token where the environment has none.

    Raises InvalidInputError for `no_auth` beyond loopback.
    """
    variables = os.environ if environment is None else environment
    names = variables.get(HOSTS_VARIABLE, "").split(",")
    return Settings(
        token=None if no_auth else variables.get(TOKEN_VARIABLE) or new_secret(),
        login_code=None if no_auth else secrets.token_urlsafe(32),
        host=host,
        allowed_hosts=tuple(name.strip() for name in names if name.strip()),
        import_from=tuple(variables.get(IMPORT_VARIABLE, "").split()),
        storage_in=tuple(variables.get(STORAGE_VARIABLE, "").split()),
        max_body=_bytes_in(variables, MAX_BODY_VARIABLE, default=_MAX_BODY),
    )


def _bytes_in(variables: Mapping[str, str], name: str, *, default: int) -> int:
    text = variables.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise InvalidInputError(f"{name} is {text[:100]!r}; write a number of bytes, like {default}")
    return int(text)
