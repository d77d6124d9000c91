"""What collections took."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.collection import Collected, CollectedState
from lineageflow_core.model.page import Page
from lineageflow_core.store.ports.publication import NodeLocation


class CollectionStore(Protocol):
    """Which collections there were, and what they took: one row for each object and pack, which stays.

    A row is LEAVING from before its thing moves into the trash, TRASHED from when it has, and PURGED from
    before it is deleted. What has a row may be gone soon; what has none stays.
    """

    def last(self, repository: str) -> int:
        """Returns the number of the last collection that has begun; 0 before the first."""
        ...

    def begin(self, repository: str) -> int:
        """Begins a collection, and returns its number: one more than the last one's.

        No publication whose writer looked before becomes visible after this.
        """
        ...

    def condemn(self, repository: str, things: Sequence[Collected]) -> None:
        """Adds rows that are LEAVING; takes over those of earlier collections that are LEAVING or PURGED.

        Changes nothing and raises CollectionBegunError if a later collection has begun.
        """
        ...

    def confirm(self, repository: str, ids: Sequence[str], *, collection: int, at: datetime) -> None:
        """Makes rows of this collection that are LEAVING TRASHED at an instant by the storage's clock."""
        ...

    def spare(self, repository: str, ids: Iterable[str]) -> dict[str, Collected]:
        """Removes rows, but for those that are PURGED; returns what they were, PURGED or not, by id."""
        ...

    def forget(self, repository: str, rows: Sequence[Collected]) -> None:
        """Removes rows that are PURGED, and that no later collection has taken over: they are stored again.

        A row that is another by now stays: whoever was slow must not hide that the thing has gone since.
        """
        ...

    def relocate(
        self, repository: str, nodes: Sequence[NodeLocation], *, out_of: str, collection: int
    ) -> None:
        """Makes nodes and commits that lie in the pack `out_of`, or nowhere, lie where these say.

        Those that lie in another pack by now stay there. Changes nothing and raises CollectionBegunError if
        a later collection than `collection` has begun.
        """
        ...

    def purge(self, repository: str, ids: Sequence[str], *, collection: int) -> set[str]:
        """Makes rows of earlier collections that are TRASHED PURGED; returns the ids of those.

        The locations of nodes in packs among them are forgotten. Changes nothing and raises
        CollectionBegunError if a later collection than `collection` has begun.
        """
        ...

    def get(self, repository: str, ids: Sequence[str]) -> dict[str, Collected]: ...

    def list(
        self, repository: str, *, states: Sequence[CollectedState], after: str | None, limit: int
    ) -> Page[Collected]:
        """By id."""
        ...
