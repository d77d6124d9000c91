"""Repositories' settings."""

from typing import Protocol

from lineageflow_core.model.settings import RepositorySettings


class SettingsStore(Protocol):
    """Settings of repositories. Filled by `RefStore.publish`."""

    def get(self, repository: str) -> RepositorySettings:
        """Returns the settings; the defaults where nobody changed them."""
        ...
