"""Repositories in memory."""

from lineageflow_core.model.names import check_ref_name, check_repository_name
from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.refusals import repository_taken


class MemoryRepositoryStore:
    """A `RepositoryStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, info: RepositoryInfo) -> None:
        check_repository_name(info.name)
        check_ref_name(info.default_branch)
        check_instant(info.created_at)
        with self._state.lock:
            for other in self._state.repositories.values():
                if info != other and (info.name == other.name or info.id == other.id):
                    raise repository_taken(info.name)
            self._state.repositories[info.id] = info

    def get(self, name: str) -> RepositoryInfo | None:
        with self._state.lock:
            return next((each for each in self._state.repositories.values() if each.name == name), None)

    def list(self, *, after: str | None, limit: int) -> Page[RepositoryInfo]:
        check_limit(limit)
        with self._state.lock:
            found = [each for each in self._state.repositories.values() if after is None or each.name > after]
        found.sort(key=lambda info: info.name)
        return page_of(found[: limit + 1], limit, cursor=lambda info: info.name)
