"""What requests show, and who they are from: the server's own token, the lake's tokens, browser sessions.

A session is a time, the digest of the token that it was logged in with, and their HMAC under the server's
own token: nothing is stored, it outlives a restart with the same token, and ends with either token or after
`SESSION_SECONDS`. What is secret is compared in constant time; the lake's tokens are looked up by their
digests, of which guessing the beginning helps nobody.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock

from lineageflow_core.catalog import Tokens
from lineageflow_core.errors import AccessDeniedError
from lineageflow_core.model.token import (
    SECRET_PREFIX,
    Scope,
    Token,
    TokenState,
    digest_of,
    is_secret,
)
from lineageflow_server.access.looks import SharedLooks

SESSION_SECONDS = 7 * 24 * 3600
LOGIN_PATH = "/login"

_SHOW_ANOTHER = (
    "set LINEAGEFLOW_TOKEN to the token that `lineageflow up` printed, or to one that `lineageflow token "
    f"create` made (over HTTP it is 'Authorization: Bearer TOKEN'), or open {LOGIN_PATH} in a browser"
)
_MAKE_ANOTHER = "make another with `lineageflow token create NAME --scope SCOPE`, and use that"
_LOG_IN = f"open {LOGIN_PATH} in a browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a request is from."""

    name: str
    """As errors call them."""
    scopes: tuple[Scope, ...]
    digest: str = ""
    """Of the secret of the lake's token that was shown; '' without one."""
    expires_at: datetime | None = None

    def allows(self, needed: Scope) -> bool:
        """Tells whether one of the scopes suffices."""
        return any(scope.allows(needed) for scope in self.scopes)


ANYBODY = Caller(name="anybody", scopes=(Scope.ADMIN,))
"""Whoever comes to a server that asks nobody."""
OWNER = Caller(name="the server's own token", scopes=(Scope.ADMIN,))
"""Who shows the token that the server was started with."""


class UnknownCallerError(AccessDeniedError):
    """What was shown opens nothing: it is missing, wrong, expired or revoked. `details` has the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser's session that starts now."""

    value: str
    """What the cookie holds."""
    seconds: int
    """How long it lasts, if nothing ends it before."""


class Credentials:
    """Tells who requests are from. `clock` gives the time in seconds since 1970."""

    def __init__(
        self,
        token: str,
        login_code: str | None,
        tokens: Tokens,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._token = token.encode()
        self._login_code = login_code
        self._lock = Lock()
        self._looks = SharedLooks(tokens.recognize_tokens)
        self._clock = clock
        # Cookies are not kept apart by port, so two servers on one machine need two names.
        self.cookie = f"lineageflow_{self._sign('cookie')[:8]}"

    async def of_token(self, text: str) -> Caller:
        """Returns who shows a token. Raises UnknownCallerError."""
        if _same(text, self._token):
            return OWNER
        if is_secret(text):
            return await self._of_digest(digest_of(text))
        if text.startswith(SECRET_PREFIX):
            raise _unknown("the token is not whole: it was cut or mistyped", _SHOW_ANOTHER)
        raise _unknown("the token is wrong" if text else "no token was shown", _SHOW_ANOTHER)

    async def of_session(self, value: str) -> Caller:
        """Returns whose session it is. Raises UnknownCallerError if there is none, or it has ended."""
        signed, _, signature = value.rpartition(".")
        if not _same(signature, self._sign(signed).encode()):
            raise _unknown("no token was shown", _SHOW_ANOTHER)
        start, _, digest = signed.partition(".")
        if not 0 <= self._clock() - int(start) < SESSION_SECONDS:
            raise _unknown("the session is over", _LOG_IN)
        return await self._of_digest(digest) if digest else OWNER

    def new_session(self, caller: Caller) -> Session:
        """Returns a session of a caller, which lasts no longer than the token does."""
        now = self._clock()
        signed = f"{int(now)}.{caller.digest}"
        seconds = SESSION_SECONDS
        if caller.expires_at is not None:
            seconds = min(seconds, int(caller.expires_at.timestamp() - now))
        return Session(value=f"{signed}.{self._sign(signed)}", seconds=seconds)

    def take_login_code(self, text: str) -> bool:
        """Tells whether `text` is the login code; from then on it is nothing."""
        with self._lock:
            if self._login_code is None or not _same(text, self._login_code.encode()):
                return False
            self._login_code = None
            return True

    async def _of_digest(self, digest: str) -> Caller:
        token = await self._looks.find(digest)
        if token is None:
            raise _unknown("the token is not one of this lake", _SHOW_ANOTHER)
        state = token.state_at(datetime.fromtimestamp(self._clock(), UTC))
        if state is not TokenState.ACTIVE:
            raise _unknown(_ended(token, state), _MAKE_ANOTHER)
        return Caller(
            name=f"the token {token.name!r}", scopes=token.scopes, digest=digest, expires_at=token.expires_at
        )

    def _sign(self, text: str) -> str:
        signed = f"lineageflow session {text}".encode(errors="replace")
        return hmac.new(self._token, signed, sha256).hexdigest()


def _unknown(reason: str, advice: str) -> UnknownCallerError:
    return UnknownCallerError(f"{reason}; {advice}", reason=reason)


def _ended(token: Token, state: TokenState) -> str:
    if state is TokenState.REVOKED:
        when = f"was revoked on {token.revoked_at:%Y-%m-%d %H:%M} UTC by {token.revoked_by}"
    else:
        when = f"expired on {token.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"the token {token.name!r} {when}"


def _same(text: str, secret: bytes) -> bool:
    return hmac.compare_digest(text.encode(errors="replace"), secret)
