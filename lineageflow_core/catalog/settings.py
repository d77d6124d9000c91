"""Operations on what a repository's people agreed on."""

from typing import Protocol

from lineageflow_core.model.settings import RepositorySettings


class Settings(Protocol):
    """The settings of repositories. Every change is in the log of operations, and can be undone."""

    def get_settings(self, repository: str) -> RepositorySettings:
        """Returns a repository's settings; the defaults where nobody changed them."""
        ...

    def update_settings(
        self,
        repository: str,
        settings: RepositorySettings,
        *,
        author: str,
        expected: RepositorySettings | None = None,
        key: str | None = None,
    ) -> RepositorySettings:
        """Puts these settings in place of all there were, and returns them.

        `expected` is what they were when the caller read them: ConflictError if they have changed since.
        None puts these in place of whatever there is. Raises InvalidInputError, naming the setting that is
        wrong or contradicts another.
        """
        ...
