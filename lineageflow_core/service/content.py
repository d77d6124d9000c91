"""Bytes, straight from and to the repository's content store."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import ObjectMissingError
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.ports import KeptAsFiles


class ContentService:
    """Implements `catalog.Content` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def upload(
        self,
        repository: str,
        sources: Sequence[bytes | Path],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> list[ObjectEntry]:
        stored = self._lake.repository(repository).content.write_objects(sources, progress=progress)
        return [ObjectEntry(path="", object_id=found.object_id, size=found.size) for found in stored]

    def missing(self, repository: str, object_ids: Sequence[ObjectId]) -> list[ObjectId]:
        asked = [parse_object_id(object_id) for object_id in object_ids]
        missing = self._lake.repository(repository).content.missing_objects(asked)
        return [object_id for object_id in asked if object_id in missing]

    def file_of(self, repository: str, object_id: ObjectId) -> Path | None:
        """Returns the file that is an object, and that nobody may change; None where it is none."""
        content = self._lake.repository(repository).content
        if isinstance(content, KeptAsFiles):
            with suppress(ObjectMissingError):
                return content.object_file(parse_object_id(object_id))
        return None

    def open(self, repository: str, object_id: ObjectId) -> BinaryIO:
        return self.opener(repository)(object_id)

    def opener(self, repository: str) -> Callable[[ObjectId], BinaryIO]:
        opened = self._lake.repository(repository)
        return lambda object_id: opened.open_object(parse_object_id(object_id))
