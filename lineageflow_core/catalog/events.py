"""Operations on the log of events itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from lineageflow_core.model.event import Event, EventKind, EventReceipt, Replay
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import DEFAULT_LIMIT, Page


class Events(Protocol):
    """Every event that came, as it came, and what is wrong with those that have problems.

    `event_id` is an event's id, or the first 8 hex digits of it, or more.
    """

    def list_events(
        self,
        *,
        run_id: RunId | None = None,
        kind: EventKind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        with_problems: bool = False,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Event]:
        """Returns events, the last that came first.

        `since` is the earliest time that they say they happened at, `until` the first that is too late;
        without a zone they are UTC. `with_problems`: only those that have one, and nothing in their place.
        """
        ...

    def get_event(self, event_id: str) -> Event:
        """Returns one event. Raises EventNotFoundError, InvalidInputError."""
        ...

    def replay_events(self, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Replay:
        """Reads a page of the events that have problems again, as this version understands them.

        What it understands now counts as if it had been understood when it came.
        """
        ...

    def replace_event(self, event_id: str, replacement: Mapping[str, Any]) -> EventReceipt:
        """Puts a mended event in the place of one that has a problem; both stay in the log.

        The first one counts no more. Repeated, it changes nothing. Raises EventNotFoundError, and StateError
        for an event without a problem, or one that another one replaced.
        """
        ...
