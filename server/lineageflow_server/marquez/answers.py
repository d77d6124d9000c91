"""What the routes of Marquez's API have in common: how they read parameters, and how they answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.refs import parse_instant
from lineageflow_core.wire.codec import encode
from lineageflow_server.api.truncated import truncated_header
from lineageflow_server.marquez.shapes import Json

Limit = Annotated[int, Query(ge=1)]
"""More than a page holds is answered with a page."""
Offset = Annotated[int, Query(ge=0, le=(1 << 31) - 1)]


def answer(value: Json, *, truncated: bool = False) -> Response:
    """Returns a value as an answer. `truncated`: it is a picture or a list that has not all there is."""
    return Response(
        encode(value), media_type="application/json", headers=truncated_header(truncated=truncated)
    )


def instant(text: str | None) -> datetime | None:
    """Reads a time. Raises InvalidInputError."""
    # A '+' that nobody escaped has become a space.
    return parse_instant(text.replace(" ", "+") if "T" in text else text) if text else None


def choice(parameter: str, text: str, choices: Iterable[str]) -> str:
    """Returns `text` if it is one of the choices. Raises InvalidInputError."""
    if text not in set(choices):
        raise InvalidInputError(f"{parameter} is one of {', '.join(sorted(choices))}, not {text[:200]!r}")
    return text
