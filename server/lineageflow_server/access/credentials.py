"""The server's token, and what is derived from it: browser sessions and a login that works once.

A session is a time and its HMAC under the token: nothing is stored, it outlives a restart with the same
token, and ends with the token or after `SESSION_SECONDS`. All comparisons take constant time.
"""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock

SESSION_SECONDS = 7 * 24 * 3600


class Credentials:
    """Checks what a request shows."""

    def __init__(self, token: str, login_code: str | None, *, clock: Callable[[], float] = time.time) -> None:
        self._token = token.encode()
        self._login_code = login_code
        self._lock = Lock()
        self._clock = clock
        # Cookies are not kept apart by port, so two servers on one machine need two names.
        self.cookie = f"lineageflow_{self._sign('cookie')[:8]}"

    def is_token(self, text: str) -> bool:
        """Tells whether `text` is the token."""
        return _same(text, self._token)

    def take_login_code(self, text: str) -> bool:
        """Tells whether `text` is the login code; from then on it is nothing."""
        with self._lock:
            if self._login_code is None or not _same(text, self._login_code.encode()):
                return False
            self._login_code = None
            return True

    def new_session(self) -> str:
        """Returns the value of a session that starts now."""
        start = str(int(self._clock()))
        return f"{start}.{self._sign(start)}"

    def is_session(self, text: str) -> bool:
        """Tells whether `text` is a session that has not ended."""
        start, _, signature = text.partition(".")
        if not _same(signature, self._sign(start).encode()):
            return False
        return 0 <= self._clock() - int(start) < SESSION_SECONDS

    def _sign(self, text: str) -> str:
        signed = f"lineageflow session {text}".encode(errors="replace")
        return hmac.new(self._token, signed, sha256).hexdigest()


def _same(text: str, secret: bytes) -> bool:
    return hmac.compare_digest(text.encode(errors="replace"), secret)
