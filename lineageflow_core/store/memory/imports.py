"""References and imports in memory."""

from collections.abc import Iterable, Mapping

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.page import Page
from lineageflow_core.model.transfer import Import, ImportId, ImportState, Reference, decode_reference
from lineageflow_core.store.memory.checks import check_instant
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import Place, check_limit, page_of


class MemoryReferenceStore:
    """A `ReferenceStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, repository: str, references: Mapping[bytes, bytes]) -> None:
        with self._state.lock:
            self._state.references.update(
                {(repository, object_id): content for object_id, content in references.items()}
            )

    def get_many(self, repository: str, object_ids: Iterable[ObjectId]) -> dict[ObjectId, Reference]:
        with self._state.lock:
            found = {
                each: self._state.references.get((repository, bytes.fromhex(each))) for each in object_ids
            }
        return {each: decode_reference(content) for each, content in found.items() if content is not None}


class MemoryImportStore:
    """An `ImportStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, repository: str, started: Import) -> Import:
        check_instant(started.created_at)
        with self._state.lock:
            for (owner, _), other in self._state.imports.items():
                if owner == repository and other.state is ImportState.RUNNING and other.plan == started.plan:
                    return other
            return self._state.imports.setdefault((repository, started.id), started)

    def get(self, repository: str, import_id: ImportId) -> Import | None:
        with self._state.lock:
            return self._state.imports.get((repository, import_id))

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[Import]:
        check_limit(limit)
        place = Place.parse(after) if after is not None else None
        with self._state.lock:
            found = [
                each
                for (owner, _), each in self._state.imports.items()
                if owner == repository and (place is None or _place(each) < place)
            ]
        return page_of(sorted(found, key=_place, reverse=True), limit, cursor=_place)

    def move(self, repository: str, changed: Import, *, expected: Import) -> bool:
        with self._state.lock:
            if self._state.imports.get((repository, changed.id)) != expected:
                return False
            self._state.imports[repository, changed.id] = changed
            return True


def _place(each: Import) -> Place:
    return Place(each.created_at, each.id)
