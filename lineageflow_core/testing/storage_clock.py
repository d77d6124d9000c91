"""Stores for tests of collection: their storages' clocks move on by hand, and steps can be told apart."""

from collections.abc import Callable
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

    def __init__(
        self, stores: Stores, clock: StorageClock, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """`meanwhile` is called before each step that touches refs, collections or trash: others may act."""
        self._stores = stores
        self._clock = clock
        self._meanwhile = meanwhile
        self.refs = _Interrupted(stores.refs, meanwhile)
        self.collections = _Interrupted(stores.collections, meanwhile)
        self.commits = _Interrupted(stores.commits, meanwhile)

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        """Returns the content of a repository, with a trash that goes by the clock."""
        content: Any = self._stores.content(repository, storage=storage)
        if not isinstance(content.trash, _AgingTrash):
            content.trash = _AgingTrash(content.trash, self._clock, self._meanwhile)
        return content  # type: ignore[no-any-return]  # it is what it was

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stores, name)


class _Interrupted:
    """Does what another does, and lets others act before each call."""

    def __init__(self, inner: object, meanwhile: Callable[[], None]) -> None:
        self._inner = inner
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._meanwhile()
            return found(*arguments, **named)

        return call


class _AgingTrash(_Interrupted):
    def __init__(self, trash: Trash, clock: StorageClock, meanwhile: Callable[[], None]) -> None:
        super().__init__(trash, meanwhile)
        self._trash = trash
        self._clock = clock

    def now(self) -> datetime:
        """Returns the time by the clock."""
        return self._trash.now() + self._clock.ahead
