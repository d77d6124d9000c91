"""Collections and what they took, in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.model.page import Page
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.ports import NodeLocation
from lineageflow_core.store.refusals import collection_begun


class MemoryCollectionStore:
    """A `CollectionStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def last(self, repository: str) -> int:
        with self._state.lock:
            return self._state.collections.get(repository, 0)

    def begin(self, repository: str) -> int:
        with self._state.lock:
            number = self._state.collections.get(repository, 0) + 1
            self._state.collections[repository] = number
            return number

    def condemn(self, repository: str, things: Sequence[Collected]) -> None:
        with self._state.lock:
            for each in things:
                self._check_last(repository, each.collection)
                there = self._state.collected.get((repository, each.id))
                if there is None or there.state is not CollectedState.TRASHED:
                    self._state.collected[repository, each.id] = each

    def confirm(self, repository: str, ids: Sequence[str], *, collection: int, at: datetime) -> None:
        with self._state.lock:
            for each in ids:
                there = self._state.collected.get((repository, each))
                if there is None or (there.state, there.collection) != (CollectedState.LEAVING, collection):
                    continue
                self._state.collected[repository, each] = replace(there, state=CollectedState.TRASHED, at=at)

    def spare(self, repository: str, ids: Iterable[str]) -> dict[str, Collected]:
        with self._state.lock:
            found = self.get(repository, list(ids))
            for each, row in found.items():
                if row.state is not CollectedState.PURGED:
                    del self._state.collected[repository, each]
        return found

    def forget(self, repository: str, rows: Sequence[Collected]) -> None:
        with self._state.lock:
            for row in rows:
                there = self._state.collected.get((repository, row.id))
                if there is None or there.collection != row.collection:
                    continue
                if there.state is CollectedState.PURGED:
                    del self._state.collected[repository, row.id]

    def relocate(
        self, repository: str, nodes: Sequence[NodeLocation], *, out_of: str, collection: int
    ) -> None:
        with self._state.lock:
            self._check_last(repository, collection)
            for node in nodes:
                there = self._state.nodes.get((repository, node.node_id))
                if there is None or there.pack_id == out_of:
                    self._state.nodes[repository, node.node_id] = node

    def purge(self, repository: str, ids: Sequence[str], *, collection: int) -> set[str]:
        purged: set[str] = set()
        with self._state.lock:
            self._check_last(repository, collection)
            for each in ids:
                there = self._state.collected.get((repository, each))
                if there and there.state is CollectedState.TRASHED and there.collection < collection:
                    self._state.collected[repository, each] = replace(there, state=CollectedState.PURGED)
                    purged.add(each)
            packs = {
                each for each in purged if self._state.collected[repository, each].kind is ContentKind.PACK
            }
            if packs:
                for place, node in list(self._state.nodes.items()):
                    if place[0] == repository and node.pack_id in packs:
                        del self._state.nodes[place]
        return purged

    def get(self, repository: str, ids: Sequence[str]) -> dict[str, Collected]:
        with self._state.lock:
            found = {each: self._state.collected.get((repository, each)) for each in ids}
        return {each: row for each, row in found.items() if row is not None}

    def list(
        self, repository: str, *, states: Sequence[CollectedState], after: str | None, limit: int
    ) -> Page[Collected]:
        check_limit(limit)
        with self._state.lock:
            found = [
                row
                for (owner, each), row in self._state.collected.items()
                if owner == repository and row.state in states and (after is None or each > after)
            ]
        return page_of(sorted(found, key=lambda row: row.id), limit, cursor=lambda row: row.id)

    def _check_last(self, repository: str, collection: int) -> None:
        last = self._state.collections.get(repository, 0)
        if last != collection:
            raise collection_begun(collection, last)
