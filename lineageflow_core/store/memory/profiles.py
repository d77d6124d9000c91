"""Profiles of tables in memory."""

from lineageflow_core.model.table import TableId, TableProfile
from lineageflow_core.store.memory.state import State


class MemoryProfileStore:
    """A `ProfileStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, repository: str, table: TableId) -> TableProfile | None:
        with self._state.lock:
            return self._state.profiles.get((repository, table))

    def put(self, repository: str, profile: TableProfile) -> None:
        with self._state.lock:
            kept = self._state.profiles.setdefault((repository, profile.table.id), profile)
            if kept.sampled_rows is not None and profile.sampled_rows is None:
                self._state.profiles[repository, profile.table.id] = profile
