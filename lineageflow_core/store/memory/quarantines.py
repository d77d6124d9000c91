"""Quarantines in memory."""

from collections.abc import Sequence

from lineageflow_core.model.names import is_under
from lineageflow_core.model.page import Page
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import PlaceOfQuarantine, check_limit, page_of, place_of_quarantine


class MemoryQuarantineStore:
    """A `QuarantineStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def holding(self, repository: str, dataset: str) -> list[Quarantine]:
        return [held for held in self._holding(repository) if held.dataset == dataset]

    def list(self, repository: str, *, path: str, after: str | None, limit: int) -> Page[Quarantine]:
        check_limit(limit)
        place = PlaceOfQuarantine.parse(after) if after is not None else None
        found = [
            held
            for held in self._holding(repository)
            if is_under(held.dataset, path) and (place is None or place_of_quarantine(held) > place)
        ]
        return page_of(found, limit, cursor=place_of_quarantine)

    def _holding(self, repository: str) -> Sequence[Quarantine]:
        """Returns all that hold, in order."""
        with self._state.lock:
            found = [
                held
                for (owner, *_), held in self._state.quarantines.items()
                if owner == repository and held.lifted_at is None
            ]
        return sorted(found, key=place_of_quarantine)
