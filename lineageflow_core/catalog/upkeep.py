"""Operations on lineage as a whole: what is missing in it, and whether it is what the events say."""

from typing import Protocol

from lineageflow_core.model.gaps import FoundGap, Gap, GapCount
from lineageflow_core.model.lineage import Rebuilt
from lineageflow_core.model.page import DEFAULT_LIMIT, Page

MOST_EVENTS = 20_000
"""Events that are folded again in one call over a network: more take longer than an answer may."""


class Upkeep(Protocol):
    """Looking after lineage.

    Everything besides the log of events follows from it, so it can be made anew, and compared. While that is
    done nobody can add events: they wait.
    """

    def count_gaps(self) -> tuple[GapCount, ...]:
        """Returns how many gaps of each kind there are, and of how many."""
        ...

    def list_gaps(self, gap: Gap, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[FoundGap]:
        """Returns the gaps of one kind: runs by start, the oldest first, and datasets by name.

        Raises InvalidInputError for events with problems: `Events` lists those.
        """
        ...

    def verify_lineage(self, *, most: int = MOST_EVENTS) -> Rebuilt:
        """Makes all facts anew from the events, compares, and keeps what was there.

        Raises StateError where there are more than `most` events: with less it ends before an answer over a
        network is given up.
        """
        ...

    def rebuild_lineage(self, *, most: int = MOST_EVENTS) -> Rebuilt:
        """Makes all facts anew from the events, and tells what differed. See `verify_lineage`."""
        ...
