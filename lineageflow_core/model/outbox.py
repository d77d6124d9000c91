"""Outboxes: events that wait on this machine until their receiver has them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """What an outbox holds for one receiver."""

    receiver: str
    """Its address."""
    waiting: int
    """Events that it has not taken yet."""
    waiting_bytes: int
    oldest: datetime | None
    """When the first of those was kept; UTC. None where none wait."""
    refused: int
    """Events that it will never take as they are. They are kept until somebody looks at them."""
    refused_bytes: int
    reasons: tuple[str, ...]
    """Why the last of those were refused, the latest first; each reason once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of the events that waited for a receiver."""

    receiver: str
    delivered: int
    refused: int
    """Those that were set aside, because the receiver will never take them as they are."""
    left: int
    """Those that wait on: the receiver may take them later."""
