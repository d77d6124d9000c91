"""`token`: what programs and people show the lake's servers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, DryRunOption, LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import TokenNotFoundError
from lineageflow_core.location import TOKEN_VARIABLE
from lineageflow_core.model.page import every
from lineageflow_core.model.token import Scope, Token, TokenState, id_in

_COLUMNS = (
    Column(name="id"),
    Column(name="name"),
    Column(name="scopes"),
    Column(name="state"),
    Column(name="expires"),
    Column(name="last used"),
    Column(name="made"),
    Column(name="who"),
)
_STATES = {TokenState.ACTIVE: "ok", TokenState.EXPIRED: "stale", TokenState.REVOKED: "failed"}


def list_tokens(invocation: Invocation, limit: LimitOption = 30) -> None:
    """List the tokens that the lake's servers take."""
    now = datetime.now(UTC)
    invocation.output.listing(
        _tokens(invocation), _COLUMNS, lambda token: _row(token, now), most=most_of(limit)
    )


def create_token(
    invocation: Invocation,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="What it is for, like 'airflow-prod'.", show_default=False),
    ],
    scopes: Annotated[
        list[Scope],
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="What it may do: ingest (post events), read, write (all but managing tokens) or admin. May "
            "be repeated.",
            show_default=False,
        ),
    ],
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            max=36_500,
            metavar="N",
            help="It expires after so many days; else never.",
            show_default=False,
        ),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Make a token. Its secret is shown this once."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    made = invocation.catalog.tokens.create_token(
        name, scopes=scopes, author=invocation.author(author), expires_at=expires_at
    )
    output = invocation.output
    _show(invocation, made.token)
    output.card([("secret", cells.text(made.secret, "name"))])
    output.document(made)
    output.note(f"nobody can see the secret again: keep it where {TOKEN_VARIABLE}, or the producer's key, is")


def revoke_token(
    invocation: Invocation,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="The token's name or id.", show_default=False)
    ],
    dry_run: DryRunOption = False,
    author: AuthorOption = None,
) -> None:
    """End a token, on every server of the lake and for ever."""
    found = _find(invocation, token)
    if not dry_run:
        found = invocation.catalog.tokens.revoke_token(found.id, author=invocation.author(author))
    _show(invocation, found)
    invocation.output.document(found)
    if dry_run:
        invocation.output.note("nothing was changed")


def _find(invocation: Invocation, text: str) -> Token:
    """Returns the token with an id, else the one that is called so and not revoked."""
    tokens = list(_tokens(invocation))
    wanted = id_in(text) or text
    found = [token for token in tokens if token.id == wanted] or [
        token for token in tokens if token.name == text and token.revoked_at is None
    ]
    if not found:
        # It may be a secret that is not whole, so it is not repeated.
        raise TokenNotFoundError(
            f"there is no such token; `{invocation.command('token', 'list')}` shows those there are"
        )
    return found[0]


def _tokens(invocation: Invocation) -> Iterator[Token]:
    tokens = invocation.catalog.tokens
    return every(lambda after, limit: tokens.list_tokens(after=after, limit=limit))


def _show(invocation: Invocation, token: Token) -> None:
    state = token.state_at(datetime.now(UTC))
    invocation.output.card(
        [
            ("id", cells.text(token.id, "id")),
            ("name", cells.text(token.name, "name")),
            ("scopes", cells.text(" ".join(token.scopes))),
            ("state", cells.text(state, _STATES[state])),
            ("expires", cells.instant(token.expires_at)),
            ("last used", cells.instant(token.last_used_at)),
            ("revoked", cells.instant(token.revoked_at)),
        ]
    )


def _row(token: Token, now: datetime) -> Sequence[cells.Cell]:
    state = token.state_at(now)
    return (
        cells.text(token.id, "id"),
        cells.text(token.name, "name"),
        cells.text(" ".join(token.scopes)),
        cells.text(state, _STATES[state]),
        cells.when(token.expires_at),
        cells.when(token.last_used_at),
        cells.when(token.created_at),
        cells.text(token.author),
    )
