"""Addresses of servers: `https://lake.example:8765`, perhaps with a path."""

from urllib.parse import SplitResult, urlsplit

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.secrets import without_password


def split_server_address(url: str, *, of: str = "a server") -> SplitResult:
    """Returns the parts of an address that requests can be sent to. Raises InvalidInputError for another."""
    try:
        parts = urlsplit(url)
        if (
            parts.scheme in {"http", "https"}
            and parts.hostname
            and parts.port != 0
            and not parts.query
            and not parts.fragment
            and url.isprintable()
            and " " not in url
        ):
            return parts
    except ValueError:  # a port that is no number, brackets that are not closed
        pass
    raise InvalidInputError(
        f"{without_password(url)[:200]!r} is not {of}'s address; write 'https://lake.example:8765'"
    )
