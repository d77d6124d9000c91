"""Imports, and what imported objects refer to."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.page import Page
from lineageflow_core.model.transfer import Import, ImportId, Reference


class ReferenceStore(Protocol):
    """What imported objects refer to, by id. Append-only: an id is its reference's digest."""

    def add(self, repository: str, references: Mapping[bytes, bytes]) -> None:
        """Keeps references in their canonical form (`model.transfer`), by the 32 bytes of their ids."""
        ...

    def get_many(self, repository: str, object_ids: Iterable[ObjectId]) -> dict[ObjectId, Reference]:
        """Returns those of these objects that are references."""
        ...


class ImportStore(Protocol):
    """Imports, by id."""

    def add(self, repository: str, started: Import) -> Import:
        """Stores an import, or returns the one of the same plan that is running in this repository."""
        ...

    def get(self, repository: str, import_id: ImportId) -> Import | None: ...

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[Import]:
        """Newest first."""
        ...

    def move(self, repository: str, changed: Import, *, expected: Import) -> bool:
        """Stores an import in its new state if it is stored as `expected`; tells whether it did."""
        ...
