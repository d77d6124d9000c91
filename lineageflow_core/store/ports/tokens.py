"""Tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.page import Page
from lineageflow_core.model.token import Token


class TokenStore(Protocol):
    """Tokens of the lake, each with the digest of its secret. A secret itself never gets here."""

    def add(self, token: Token, *, digest: str, key: str | None) -> Token:
        """Adds a token and returns it; where the key made another one before, returns that, unchanged.

        Raises AlreadyExistsError if another token that is not revoked has the name.
        """
        ...

    def reissue(self, token_id: str, *, digest: str) -> bool:
        """Puts another digest in the place of a token's, if it was neither used nor revoked.

        Tells whether it did.
        """
        ...

    def get(self, token_id: str) -> Token | None: ...

    def recognized(self, digests: Sequence[str]) -> dict[str, Token]:
        """Returns those tokens that have these digests, by digest."""
        ...

    def note_use(self, token_ids: Sequence[str], *, at: datetime, unless_since: datetime) -> None:
        """Notes that tokens were used, but for those of which that was noted at `unless_since` or later."""
        ...

    def revoke(self, token_id: str, *, at: datetime, by: str) -> Token | None:
        """Revokes a token unless it is revoked, and returns it as it is then; None if there is none."""
        ...

    def list(self, *, after: str | None, limit: int) -> Page[Token]:
        """Newest first."""
        ...
