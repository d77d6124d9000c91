"""Operations on the repositories of a lake."""

from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.repository import RepositoryInfo


class Repositories(Protocol):
    """Which repositories there are."""

    def create_repository(
        self, repository: str, *, author: str, default_branch: str = "main", key: str | None = None
    ) -> RepositoryInfo:
        """Makes a repository whose default branch holds one empty commit.

        Raises AlreadyExistsError if the name is taken, InvalidInputError if it cannot be a name.
        """
        ...

    def get_repository(self, repository: str) -> RepositoryInfo:
        """Returns a repository. Raises RepositoryNotFoundError."""
        ...

    def list_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        """Returns repositories by name."""
        ...
