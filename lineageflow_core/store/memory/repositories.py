"""Repositories in memory."""

from datetime import datetime
from typing import Any

from lineageflow_core.model.names import check_ref_name, check_repository_name
from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo, RepositoryName
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.refusals import repository_kept, repository_taken


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
            if info.id not in self._state.repositories and any(
                past.name == info.name for past in self._state.names
            ):
                self._state.names.append(_name_of(info, info.created_at))
            self._state.repositories[info.id] = info

    def get(self, name: str) -> RepositoryInfo | None:
        with self._state.lock:
            return next((each for each in self._state.repositories.values() if each.name == name), None)

    def with_id(self, repository: str) -> RepositoryInfo | None:
        with self._state.lock:
            return self._state.repositories.get(repository)

    def list(self, *, after: str | None, limit: int, deleted: bool = False) -> Page[RepositoryInfo]:
        check_limit(limit)
        with self._state.lock:
            found = [
                each
                for each in self._state.repositories.values()
                if (each.deleted_at is not None) == deleted and (after is None or each.name > after)
            ]
        found.sort(key=lambda info: info.name)
        return page_of(found[: limit + 1], limit, cursor=lambda info: info.name)

    def names(self) -> tuple[RepositoryName, ...]:
        with self._state.lock:
            return tuple(self._state.names)

    def purge(self, repository: str) -> None:
        state = self._state
        with state.lock:
            info = state.repositories.get(repository)
            if info is None:
                return
            if info.deleted_at is None:
                raise repository_kept(repository)
            if not any(past.repository == repository for past in state.names):
                state.names.append(_name_of(info, info.created_at))
            del state.repositories[repository]
            state.settings.pop(repository, None)
            state.collections.pop(repository, None)
            state.plans = {plan: held for plan, held in state.plans.items() if held[0] != repository}
            state.log = [("", done) if owner == repository else (owner, done) for owner, done in state.log]
            tables: tuple[dict[Any, Any], ...] = (
                state.refs, state.moves, state.operations, state.checks, state.commits, state.nodes,
                state.transactions, state.quarantines, state.collected, state.references, state.imports,
            )  # fmt: skip
            for table in tables:
                for place in [place for place in table if place[0] == repository]:
                    del table[place]


def change_repository(state: State, change: RepositoryChange, at: datetime) -> None:
    """Puts a repository in its new state, and keeps the names that it had."""
    before, after = change.before, change.after
    if after.name != before.name:
        if not any(past.repository == before.id for past in state.names):
            state.names.append(_name_of(before, before.created_at))
        state.names.append(_name_of(after, at))
    state.repositories[after.id] = after


def _name_of(info: RepositoryInfo, since: datetime) -> RepositoryName:
    return RepositoryName(name=info.name, repository=info.id, since=since)
