"""Instants as whole microseconds since 1970-01-01 UTC: sortable, and exact for any `datetime`."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(instant: datetime) -> int:
    """Returns microseconds since the epoch. `instant` has a time zone."""
    return (instant - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Returns the instant, in UTC."""
    return EPOCH + microseconds * _MICROSECOND
