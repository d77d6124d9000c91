"""A repository's content with the objects that were imported and not copied: nothing else knows of them.

Such an object counts as stored, and is read from where it is, in exactly the version that was imported. Who
is asked first, the storage or the references, is what was right the last time: objects that are read one
after another mostly come from the same place.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import ObjectMissingError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.transfer import Reference
from lineageflow_core.store.ports import ContentStore, KeptAsFiles
from lineageflow_core.store.sources import Found, Source

FindReferences = Callable[[Iterable[ObjectId]], dict[ObjectId, Reference]]


def with_references(
    stored: ContentStore, *, find: FindReferences, source: Callable[[str], Source]
) -> ContentStore:
    """Returns content whose objects are `stored`, or references that `find` knows."""
    kind = _FilesWithReferences if isinstance(stored, KeptAsFiles) else _ContentWithReferences
    return kind(stored, find, source)


def found_of(reference: Reference) -> Found:
    """Returns what the source's listing told of an imported object."""
    return Found(reference.name, reference.size, reference.version)


class _ContentWithReferences:
    def __init__(self, stored: ContentStore, find: FindReferences, source: Callable[[str], Source]) -> None:
        self._stored = stored
        self._find = find
        self._source = source
        self._is_likely_elsewhere = False
        self.write_objects = stored.write_objects
        self.write_pack = stored.write_pack
        self.read_pack = stored.read_pack
        self.read_packs = stored.read_packs
        self.list_packs = stored.list_packs
        self.check = stored.check
        self.trash = stored.trash

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        """As of a ContentStore; of a reference also raises ChangedUnderneathError."""
        was_elsewhere = self._is_likely_elsewhere  # looked at once: other threads change it meanwhile
        if was_elsewhere and (file := self._open_reference(object_id)) is not None:
            return file
        try:
            file = self._stored.open_object(object_id)
        except ObjectMissingError:
            if was_elsewhere or (elsewhere := self._open_reference(object_id)) is None:
                raise
            self._is_likely_elsewhere = True
            return elsewhere
        self._is_likely_elsewhere = False
        return file

    def missing_objects(self, object_ids: Iterable[ObjectId]) -> set[ObjectId]:
        missing = self._stored.missing_objects(object_ids)
        return missing - self._find(missing).keys() if missing else missing

    def _open_reference(self, object_id: ObjectId) -> BinaryIO | None:
        reference = self._find([object_id]).get(object_id)
        return self._source(reference.source).open(found_of(reference)) if reference is not None else None


class _FilesWithReferences(_ContentWithReferences):
    """Where objects are files, those that are elsewhere are none: whoever changes them asks nobody."""

    def object_file(self, object_id: ObjectId) -> Path:
        assert isinstance(self._stored, KeptAsFiles)
        return self._stored.object_file(object_id)
