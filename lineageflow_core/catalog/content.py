"""Operations on bytes. They have routes of their own, because bytes stream."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry


class Content(Protocol):
    """The immutable bytes of a repository, stored once per content."""

    def upload(
        self,
        repository: str,
        sources: Sequence[bytes | Path],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> list[ObjectEntry]:
        """Stores bytes, or the bytes of files, and returns an entry with path '' for each, in order.

        They are durable on return, and invisible until a commit names them. Content that is stored
        already is not stored again. `progress` is told how many more bytes are done, by any thread: in all
        as many as the sources have. Raises StorageFullError; then nothing was acknowledged.
        """
        ...

    def missing(self, repository: str, object_ids: Sequence[ObjectId]) -> list[ObjectId]:
        """Returns those objects that are not stored, in the order given: what an upload has yet to send."""
        ...

    def open(self, repository: str, object_id: ObjectId) -> BinaryIO:
        """Opens an object for reading, seekable. Raises ObjectMissingError.

        IntegrityError is raised, here or while reading, before damaged bytes could pass for whole ones.
        """
        ...

    def opener(self, repository: str) -> Callable[[ObjectId], BinaryIO]:
        """Returns what opens the objects of a repository, as `open` does, for who needs many of them.

        A lake of this machine is asked for the repository once, not for each object.
        """
        ...
