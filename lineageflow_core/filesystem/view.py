"""What a reader sees of a repository: a commit, and on top what a transaction has changed so far."""

from collections.abc import Iterator
from heapq import merge

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.filesystem.pending import Gone, Pending, Target
from lineageflow_core.model.names import is_under
from lineageflow_core.model.objects import Dataset, Item, ItemKind, ObjectEntry
from lineageflow_core.model.page import every


class View:
    """One repository at one ref. Changes count that are `pending` for the branch that the ref is.

    `at` is the commit that the ref was resolved to, where all looks have to be at one.

    Raises RefNotFoundError and RepositoryNotFoundError where those are not there.
    """

    def __init__(
        self, catalog: Catalog, repository: str, ref: str, pending: Pending, *, at: str | None = None
    ) -> None:
        self.catalog = catalog
        self.repository = repository
        self.ref = ref
        self.at = at or ref
        self._pending = pending
        self._target = Target(repository=repository, branch=ref)

    def entry(self, path: str) -> ObjectEntry | None:
        """Returns the object at `path`, or None."""
        if not path:
            return None
        pending = self._pending.at(self._target, path)
        if isinstance(pending, Gone):
            return None
        return pending or self.committed(path)

    def is_changed(self, path: str) -> bool:
        """Tells whether the transaction has put something else at `path`, or nothing."""
        return self._pending.at(self._target, path) is not None

    def committed(self, path: str) -> ObjectEntry | None:
        """Returns the committed object at `path`, or None."""
        try:
            return self.catalog.objects.get_object(self.repository, self.at, path)
        except ObjectNotFoundError:
            return None

    def dataset(self, path: str) -> Dataset | None:
        """Returns the committed dataset that `path` is or belongs to, or None."""
        try:
            return self.catalog.objects.get_dataset(self.repository, self.at, path)
        except ObjectNotFoundError:
            return None

    def holds(self, path: str) -> bool:
        """Tells whether anything committed is at or below `path`."""
        page = self.catalog.objects.list_objects(self.repository, self.at, path=path, limit=1)
        return bool(page.items)

    def items(self, folder: str) -> Iterator[Item]:
        """Yields what lies directly in a folder, by path. Nothing, where it does not exist."""
        if self._pending.touches(self._target, folder):
            return _children(folder, self.objects(folder))
        objects = self.catalog.objects
        return every(
            lambda after, limit: objects.list_folder(
                self.repository, self.at, path=folder, after=after, limit=limit
            )
        )

    def objects(self, folder: str) -> Iterator[ObjectEntry]:
        """Yields every object at or below a folder, by path."""
        objects = self.catalog.objects
        stored = every(
            lambda after, limit: objects.list_objects(
                self.repository, self.at, path=folder, after=after, limit=limit
            )
        )
        if not self._pending.touches(self._target, folder):
            return stored
        kept = (entry for entry in stored if self._pending.at(self._target, entry.path) is None)
        return merge(kept, self._pending.below(self._target, folder), key=lambda entry: entry.path)

    def is_folder(self, path: str) -> bool:
        """Tells whether anything lies below `path`. The repository itself is a folder, even empty."""
        if self._pending.touches(self._target, path):
            return not path or any(entry.path != path for entry in self.objects(path))
        page = self.catalog.objects.list_folder(self.repository, self.at, path=path, limit=1)
        return not path or any(item.path != path for item in page.items)


def _children(folder: str, objects: Iterator[ObjectEntry]) -> Iterator[Item]:
    prefix = f"{folder}/" if folder else ""
    seen = ""
    for entry in objects:
        if not is_under(entry.path, folder) or entry.path == folder:
            continue
        name, slash, _ = entry.path[len(prefix) :].partition("/")
        if slash and name != seen:
            seen = name
            yield Item(path=prefix + name, kind=ItemKind.FOLDER, objects=1, size=0)
        elif not slash:
            yield Item(
                path=entry.path,
                kind=ItemKind.OBJECT,
                objects=1,
                size=entry.size,
                object_id=entry.object_id,
            )
