"""What a repository's people agreed on: reading and changing it."""

from lineageflow_core.errors import ConflictError
from lineageflow_core.model.settings import RepositorySettings, SettingsChange, check_settings
from lineageflow_core.service.opened import Lake

_OPERATION = "update_settings"


class SettingsService:
    """Implements `catalog.Settings` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def get_settings(self, repository: str) -> RepositorySettings:
        return self._lake.repository(repository).settings()

    def update_settings(
        self,
        repository: str,
        settings: RepositorySettings,
        *,
        author: str,
        expected: RepositorySettings | None = None,
        key: str | None = None,
    ) -> RepositorySettings:
        opened = self._lake.repository(repository)
        checked = check_settings(settings)
        while True:
            if done := opened.published(key, _OPERATION, None):
                assert done.settings is not None
                return done.settings.after
            change = SettingsChange(before=expected or opened.settings(), after=checked)
            try:
                done = opened.publish(_OPERATION, key=key, actor=author, settings=change)
            except ConflictError:
                if expected is not None:
                    raise
                continue  # others changed them between the two looks
            assert done.settings is not None
            return done.settings.after
