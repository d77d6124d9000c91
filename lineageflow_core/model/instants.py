"""Times as callers give them."""

from datetime import UTC, datetime
from typing import overload

from lineageflow_core.errors import InvalidInputError


@overload
def in_utc(instant: datetime) -> datetime: ...
@overload
def in_utc(instant: None) -> None: ...
def in_utc(instant: datetime | None) -> datetime | None:
    """Returns a time in UTC, which is its zone if it says none. Raises InvalidInputError."""
    if instant is None:
        return None
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInputError(
            f"{instant} is beyond all calendars: name a later or an earlier time"
        ) from None
