"""Changes that are not committed yet, as what they leave in the end: one entry a path, and what is gone.

The order of the calls does not matter any more here: what is gone goes first, then everything that was put.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.uploads import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A branch of a repository."""

    repository: str
    branch: str


class Gone:
    """Says that the path was removed."""


GONE = Gone()

DatasetOf = Callable[[str], str | None]
"""Says which dataset to name for a file at a path; None where the path says enough."""


@dataclass(slots=True)
class _Edits:
    entries: dict[str, ObjectEntry] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


_NONE = _Edits()


class Pending:
    """What is to be committed, for each branch. Threads may share it."""

    def __init__(self) -> None:
        self._edits: dict[Target, _Edits] = {}
        self._lock = threading.RLock()

    def put(self, target: Target, entry: ObjectEntry) -> None:
        """Puts an object at its path."""
        with self._lock:
            self._edits.setdefault(target, _Edits()).entries[entry.path] = entry

    def delete(self, target: Target, path: str, *, committed: bool) -> None:
        """Removes all at and below `path`; `committed` says that something there is in the branch's tip."""
        with self._lock:
            edits = self._edits.setdefault(target, _Edits())
            for each in [found for found in edits.entries if is_under(found, path)]:
                del edits.entries[each]
            if committed:
                edits.gone = {each for each in edits.gone if not is_under(each, path)} | {path}

    def at(self, target: Target, path: str) -> ObjectEntry | Gone | None:
        """Returns what is put at `path`, or that it is gone; None where the branch's tip tells."""
        with self._lock:
            edits = self._edits.get(target, _NONE)
            if path in edits.entries:
                return edits.entries[path]
            return GONE if any(each in edits.gone for each in (*parents_of(path), path)) else None

    def below(self, target: Target, folder: str) -> list[ObjectEntry]:
        """Returns the objects put at or below a folder, by path."""
        with self._lock:
            entries = self._edits.get(target, _NONE).entries
            return [entries[path] for path in sorted(entries) if is_under(path, folder)]

    def touches(self, target: Target, folder: str) -> bool:
        """Tells whether a listing of `folder` is another one with these changes."""
        with self._lock:
            edits = self._edits.get(target, _NONE)
            changed = (*edits.entries, *edits.gone)
        return any(is_under(path, folder) or is_under(folder, path) for path in changed)

    def changes(
        self, belonging: Callable[[Target, bool], DatasetOf]
    ) -> Iterator[tuple[Target, list[Change]]]:
        """Yields, for each branch, the changes that make it so.

        `belonging` is asked once for each: the second argument says that things are removed there, too.
        """
        for target, edits in self._edits.items():
            dataset_of = belonging(target, bool(edits.gone))
            changes = [delete(path) for path in sorted(edits.gone)]
            changes += [
                put(path, [replace(entry, path="")], dataset=dataset_of(path))
                for path, entry in sorted(edits.entries.items())
            ]
            if changes:
                yield target, changes


class Batch(Pending):
    """The changes of one call, whose new content is uploaded together at its end."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[tuple[Target, str], Source] = {}
        self._deletes: list[tuple[Target, str, bool]] = []
        self.default_branches: dict[str, str] = {}
        """Of repositories, looked up once for the call."""
        self.known: dict[str, ObjectEntry] = {}
        """Objects that were listed already, by name."""

    def delete(self, target: Target, path: str, *, committed: bool) -> None:
        super().delete(target, path, committed=committed)
        self._deletes.append((target, path, committed))

    def write(self, target: Target, path: str, source: Source) -> None:
        """Puts content at a path. A file has to stay as it is until `upload`."""
        self._sources[target, path] = source

    def upload(self, catalog: Catalog) -> None:
        """Makes objects of what was written."""
        for repository in {target.repository for target, _ in self._sources}:
            places = [place for place in self._sources if place[0].repository == repository]
            entries = catalog.content.upload(repository, [self._sources[place] for place in places])
            for (target, path), entry in zip(places, entries, strict=True):
                self.put(target, replace(entry, path=path))
        self._sources.clear()

    def replay(self, onto: Pending) -> None:
        """Makes the same changes on top of others."""
        for target, path, committed in self._deletes:
            onto.delete(target, path, committed=committed)
        for target, edits in self._edits.items():
            for entry in edits.entries.values():
                onto.put(target, entry)
