"""Settings in memory."""

from lineageflow_core.model.settings import RepositorySettings
from lineageflow_core.store.memory.state import State


class MemorySettingsStore:
    """A `SettingsStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, repository: str) -> RepositorySettings:
        with self._state.lock:
            return self._state.settings.get(repository, RepositorySettings())
