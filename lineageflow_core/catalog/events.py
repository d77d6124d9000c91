"""Operations on the log of events itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from lineageflow_core.model.event import Event, EventKind, EventReceipt, Replay
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.pruning import Pruned, PruningPlan


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

    def plan_pruning(self, *, older_than_days: int, keep_last: int = 0) -> PruningPlan:
        """Returns what `prune` would remove now, and why the rest of what is as old stays.

        Old is a pipeline that ended, with all of its steps, more than `older_than_days` days ago. It stays if
        it wrote one of the `keep_last` last versions of a dataset or partition; if anything that a branch,
        tag, draft, plan or quarantine holds was made of what it wrote, however far back; and if a run that
        stays read what it wrote without naming the version. Events about no run (of datasets and jobs as
        such, or not understood) are old that came more than so many days ago. Raises InvalidInputError.
        """
        ...

    def prune(self, *, older_than_days: int, keep_last: int = 0, limit: int = 10_000) -> Pruned:
        """Removes old pipelines, in small transactions: their events and facts; then old events about no run.

        Of both together it removes about `limit`, and tells whether there are more. What stays says the same
        as before: no read changes, and what the events said of jobs and datasets (facets, names) is kept. An
        event about a pruned run that comes later is stored, and counts for nothing but that. It may be
        interrupted anywhere, and called again. Raises InvalidInputError.
        """
        ...
