"""Operations that look into a commit."""

from typing import Protocol

from lineageflow_core.model.objects import Dataset, Item, ObjectEntry, Snapshot
from lineageflow_core.model.page import DEFAULT_LIMIT, Page


class Objects(Protocol):
    """What a commit holds. Each call sees one commit, wholly."""

    def get_object(self, repository: str, ref: str, path: str) -> ObjectEntry:
        """Returns the object at `path`. Raises ObjectNotFoundError."""
        ...

    def list_objects(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ObjectEntry]:
        """Returns every object at or below `path`, by path."""
        ...

    def list_folder(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Item]:
        """Returns what lies directly in the folder `path`, by path."""
        ...

    def list_datasets(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Dataset]:
        """Returns the datasets at or below `path`, by path."""
        ...

    def get_dataset(self, repository: str, ref: str, path: str) -> Dataset:
        """Returns the dataset that `path` is or belongs to. Raises ObjectNotFoundError."""
        ...

    def get_snapshot(self, repository: str, ref: str, path: str) -> Snapshot:
        """Returns the exact content of the dataset or partition at `path`. Raises ObjectNotFoundError."""
        ...

    def list_snapshots(
        self, repository: str, ref: str, dataset: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Snapshot]:
        """Returns the dataset's partitions by path, or the dataset itself where it has none."""
        ...
