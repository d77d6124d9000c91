"""What happens in a lake, as it happens."""

from collections.abc import Sequence
from typing import Protocol

from lineageflow_core.model.live import LiveEntries, LiveKind
from lineageflow_core.model.page import DEFAULT_LIMIT


class Live(Protocol):
    """Runs, versions, commits, moves of refs, applied plans, in the order in which they became visible."""

    def changes(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[LiveKind] = (),
        repository: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> LiveEntries:
        """Returns what became visible behind the place `after`; without it nothing, but the place now.

        `0.0` is the place before everything. Whoever goes on with `next` each time misses nothing, however
        many processes write. `limit` is how many events, and how many operations, are looked at; one may be
        several entries, and `kinds` and `repository` leave entries out. A place beyond the end, which is one
        of another lake, counts as the place now. Raises InvalidInputError for what is no place.
        """
        ...
