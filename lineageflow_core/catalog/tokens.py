"""Operations on the tokens that a lake's servers take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.token import NewToken, Scope, Token


class Tokens(Protocol):
    """What programs and people show the lake's servers, beside the token that a server is started with.

    They hold on every server of the lake, and from the moment that they are revoked on none.
    """

    def create_token(
        self,
        name: str,
        *,
        scopes: Sequence[Scope],
        author: str,
        expires_at: datetime | None = None,
        key: str | None = None,
    ) -> NewToken:
        """Makes a token, and returns it with its secret, which is shown this once: only its hash is kept.

        Called again with the same key, it gives the same token another secret, which ends the one before:
        that was in an answer that got lost. Once the token is used or revoked, that raises StateError. Raises
        AlreadyExistsError if a token that is not revoked has the name, InvalidInputError if the name is
        empty, no scope is named, or `expires_at` is not to come.
        """
        ...

    def list_tokens(self, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Token]:
        """Returns all tokens, expired and revoked ones too, newest first."""
        ...

    def revoke_token(self, token_id: str, *, author: str) -> Token:
        """Ends a token for ever: no server takes it from the next request on, and its sessions end.

        Revoking it again changes nothing. Raises TokenNotFoundError.
        """
        ...

    def recognize_tokens(self, digests: Sequence[str]) -> dict[str, Token]:
        """Returns the tokens whose secrets have these SHA-256 digests, by digest.

        Those that expired or were revoked are among them. It is what servers ask for each request, and notes
        that the tokens were used.
        """
        ...
