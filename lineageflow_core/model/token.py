"""Tokens: what programs show a server, what each lets them do, and what a secret looks like.

A secret is `lf_<id>_<random><checksum>`: 8 letters and digits that say which token it is, 43 that hold 256
random bits, and 6 of a CRC-32. So a scanner for secrets knows one when it sees it (`SECRET_PATTERN`), one
that was cut or mistyped is told from one that is wrong, and a secret that leaked says what to revoke.
Invariant: no value that is kept, listed or shown holds a secret, only `NewToken`, which is made once.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from zlib import crc32

SECRET_PATTERN = r"lf_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}"
"""What a secret matches, and hardly anything else."""
SECRET_PREFIX = "lf_"
RANDOM_BYTES = 32
"""Of a secret that are random."""

ID_LENGTH = 8
_RANDOM_LENGTH = 43
_CHECKSUM_LENGTH = 6
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Scope(StrEnum):
    """What a token lets its bearer do."""

    INGEST = "ingest"
    """Post events, and nothing else."""
    READ = "read"
    """Whatever changes nothing."""
    WRITE = "write"
    """Everything but managing tokens: it reads and posts events, too."""
    ADMIN = "admin"
    """Everything."""

    def allows(self, needed: "Scope") -> bool:
        """Tells whether this scope suffices for what needs another."""
        return needed in _ALLOWED[self]


_ALLOWED = {
    Scope.INGEST: frozenset({Scope.INGEST}),
    Scope.READ: frozenset({Scope.READ}),
    Scope.WRITE: frozenset({Scope.INGEST, Scope.READ, Scope.WRITE}),
    Scope.ADMIN: frozenset(Scope),
}


class TokenState(StrEnum):
    """Whether a token opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as everybody who manages tokens may see it: without its secret."""

    id: str
    """8 letters and digits, which stand in the secret, too."""
    name: str
    """What it is for. No two tokens that are not revoked have the same."""
    scopes: tuple[Scope, ...]
    author: str
    """Who made it."""
    created_at: datetime
    expires_at: datetime | None = None
    """From then on it opens nothing. None: it never expires."""
    last_used_at: datetime | None = None
    """Exact for the first use, later ones to some minutes."""
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def allows(self, needed: Scope) -> bool:
        """Tells whether one of its scopes suffices."""
        return any(scope.allows(needed) for scope in self.scopes)

    def state_at(self, now: datetime) -> TokenState:
        """Returns whether it opens anything at an instant."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return TokenState.EXPIRED
        return TokenState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token with its secret, which nobody can see again."""

    token: Token
    secret: str = field(repr=False)
    """What its bearer shows: `Authorization: Bearer <secret>`."""


def make_id(random: bytes) -> str:
    """Returns a token's id from random bytes."""
    return _in_digits(int.from_bytes(random), ID_LENGTH)


def make_secret(token_id: str, random: bytes) -> str:
    """Returns the secret that holds these `RANDOM_BYTES` random bytes."""
    start = f"{SECRET_PREFIX}{token_id}_{_in_digits(int.from_bytes(random), _RANDOM_LENGTH)}"
    return start + _checksum(start)


def id_in(text: str) -> str | None:
    """Returns the id of the token whose secret a text is, which stands in it; None if it is no secret."""
    return text.split("_")[1] if is_secret(text) else None


def is_secret(text: str) -> bool:
    """Tells whether `text` is a whole secret, of whatever lake."""
    if not re.fullmatch(SECRET_PATTERN, text):
        return False
    return _checksum(text[:-_CHECKSUM_LENGTH]) == text[-_CHECKSUM_LENGTH:]


def digest_of(secret: str) -> str:
    """Returns what a secret is known by: its SHA-256, in 64 hex digits.

    One round suffices, because nobody guesses 256 random bits (NIST SP 800-63B, section 5.1.2.2).
    """
    return sha256(secret.encode()).hexdigest()


def _checksum(start: str) -> str:
    return _in_digits(crc32(start.encode()), _CHECKSUM_LENGTH)


def _in_digits(number: int, length: int) -> str:
    """Returns the last `length` digits of a number to the base 62."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
