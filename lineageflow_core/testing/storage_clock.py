"""Stores whose storages' clocks a test moves on: what is stored gets older without anybody waiting."""

from datetime import datetime, timedelta
from typing import Any

from lineageflow_core.store.ports import ContentStore, Stores, Trash


class StorageClock:
    """How far the storages' clocks are ahead of the time."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def move_on(self, time: timedelta) -> None:
        """Lets time pass."""
        self.ahead += time


class AgingStores:
    """`Stores` over others, whose content gets older as a clock moves on."""

    def __init__(self, stores: Stores, clock: StorageClock) -> None:
        self._stores = stores
        self._clock = clock

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        """Returns the content of a repository, with a trash that goes by the clock."""
        content: Any = self._stores.content(repository, storage=storage)
        if not isinstance(content.trash, _AgingTrash):
            content.trash = _AgingTrash(content.trash, self._clock)
        return content  # type: ignore[no-any-return]  # it is what it was

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stores, name)


class _AgingTrash:
    def __init__(self, trash: Trash, clock: StorageClock) -> None:
        self._trash = trash
        self._clock = clock

    def now(self) -> datetime:
        return self._trash.now() + self._clock.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trash, name)
