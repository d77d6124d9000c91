"""Which repositories there are."""

from typing import Protocol

from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryInfo, RepositoryName


class RepositoryStore(Protocol):
    """Which repositories there are."""

    def add(self, info: RepositoryInfo) -> None:
        """Adds a repository. Raises AlreadyExistsError if its name is taken."""
        ...

    def get(self, name: str) -> RepositoryInfo | None:
        """Returns the repository that has this name now, even if it is deleted."""
        ...

    def with_id(self, repository: str) -> RepositoryInfo | None: ...

    def list(self, *, after: str | None, limit: int, deleted: bool = False) -> Page[RepositoryInfo]:
        """By name; those that are deleted, or those that are not."""
        ...

    def names(self) -> tuple[RepositoryName, ...]:
        """Returns the names that repositories had, in the order in which they got them.

        Of a repository that was never renamed, and whose name no other had before, there are none.
        """
        ...

    def purge(self, repository: str) -> None:
        """Removes a repository for good, with all rows about it but lineage; its name is free.

        Its content is not touched. Raises StateError if it is not deleted.
        """
        ...
