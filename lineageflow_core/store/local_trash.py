"""The trash of a folder: `trash/<collection>/`, below which everything lies as it did before.

Whatever moves, moves by one rename, so that it is in one of the two places at every instant. None of it is
flushed: a machine that fails finds things where they were before, and both places are looked into.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lineageflow_core.model.collection import ContentKind
from lineageflow_core.store.durability import storage_errors
from lineageflow_core.store.layout import OBJECTS, PACKS, TRASH, content_name, folder_of, trash_name
from lineageflow_core.store.local_writer import TEMPORARY
from lineageflow_core.store.ports import StoredContent, TrashedContent


class LocalTrash:
    """A `Trash` in the folder of a content store."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def now(self) -> datetime:
        marker = self._root / TEMPORARY / f"clock-{os.getpid()}-{secrets.token_hex(8)}"
        with storage_errors(self._root):
            marker.parent.mkdir(parents=True, exist_ok=True)
            try:
                marker.touch()
                return _instant(marker.stat().st_mtime)
            finally:
                marker.unlink(missing_ok=True)

    def list_stored(self, kind: ContentKind) -> Iterator[StoredContent]:
        yield from self._below(self._root / folder_of(kind), kind)

    def discard(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        with storage_errors(self._root):
            for each in ids:
                self._rename(content_name(kind, each), trash_name(collection, kind, each))

    def list(self) -> Iterator[TrashedContent]:
        for collection in self._collections():
            for kind in ContentKind:
                for found in self._below(self._root / TRASH / str(collection) / folder_of(kind), kind):
                    yield TrashedContent(kind=kind, id=found.id, size=found.size, collection=collection)

    def recall(self, kind: ContentKind, ids: Iterable[str]) -> set[str]:
        wanted = list(ids)
        with storage_errors(self._root):
            collections = self._collections()
            return {each for each in wanted if self._recall(kind, each, collections)}

    def purge(self, kind: ContentKind, ids: Iterable[str], *, collection: int) -> None:
        with storage_errors(self._root):
            for each in ids:
                path = self._root / trash_name(collection, kind, each)
                path.unlink(missing_ok=True)
                with suppress(OSError):  # others lie there, too
                    path.parent.rmdir()
                    path.parent.parent.rmdir()
                    path.parent.parent.parent.rmdir()

    def erase(self) -> None:
        with storage_errors(self._root):
            for folder in (OBJECTS, PACKS, TRASH, TEMPORARY):
                with suppress(FileNotFoundError):
                    shutil.rmtree(self._root / folder)
            with suppress(OSError):  # somebody else has something there
                self._root.rmdir()

    def _recall(self, kind: ContentKind, content_id: str, collections: Iterable[int]) -> bool:
        name = content_name(kind, content_id)
        for collection in collections:
            trashed = trash_name(collection, kind, content_id)
            with suppress(FileNotFoundError):
                os.utime(self._root / trashed)  # it is young again: whoever called it back may use it
            if self._rename(trashed, name):
                return True
        return (self._root / name).exists()  # somebody else was faster

    def _rename(self, name: str, to: str) -> bool:
        """Moves a file; tells whether it was there."""
        source, target = self._root / name, self._root / to
        while True:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(source, target)
            except FileNotFoundError:
                if not source.exists():
                    return False
                continue  # the folder was removed since, being empty
            return True

    def _collections(self) -> Iterable[int]:
        """Returns the collections that something lies in the trash of, the latest first."""
        try:
            names = os.listdir(self._root / TRASH)
        except FileNotFoundError:
            return []
        return sorted((int(name) for name in names if name.isdecimal()), reverse=True)

    def _below(self, folder: Path, kind: ContentKind) -> Iterator[StoredContent]:
        with storage_errors(folder):
            for part in _entries(folder):
                for file in _entries(folder / part.name):
                    with suppress(FileNotFoundError):  # it was moved meanwhile
                        status = file.stat()
                        name = part.name + file.name if kind is ContentKind.OBJECT else file.name
                        yield StoredContent(
                            kind=kind,
                            id=name,
                            size=status.st_size,
                            modified_at=_instant(status.st_mtime),
                        )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
