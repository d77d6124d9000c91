"""What one run read and wrote so far, at exact versions. Safe to share between threads, and survives a fork.

Datasets that are read or written as one thing are told as such. Files that are read or written one by one
count for the dataset or partition that they are in: what the run leaves there is its output, not the states
on the way, and what it reads of its own output is no input.
"""

import os
import threading
import weakref
from collections.abc import Iterable
from dataclasses import replace

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.openlineage.about import About
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.run.look import path_of


class Accesses:
    """Grows while the run goes on."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._begin()
        self._reads: list[DatasetAccess] = []
        self._writes: list[DatasetAccess] = []
        self._files_written: dict[tuple[str, str], DatasetAccess] = {}
        self._described: dict[tuple[str, str], tuple[About | None, tuple[ColumnEdge, ...]]] = {}
        self._own: set[tuple[str, Snapshot]] = set()
        self._seen: set[tuple[str, CommitId, str]] = set()
        _accesses.add(self)

    def _begin(self) -> None:
        """Sets what belongs to one process."""
        self._lock = threading.Lock()

    @property
    def reads(self) -> list[DatasetAccess]:
        """Every read, in order."""
        with self._lock:
            return list(self._reads)

    @property
    def writes(self) -> list[DatasetAccess]:
        """Every write, in order; those file by file as what they left."""
        with self._lock:
            return [self._described_as_said(each) for each in (*self._writes, *self._files_written.values())]

    def describe(
        self, repository: str, dataset: str, *, about: About | None, columns: Iterable[ColumnEdge]
    ) -> None:
        """Says of a dataset's writes, those before and those to come, what is known of it besides."""
        with self._lock:
            self._described[repository, dataset] = (about, tuple(columns))

    def add_read(self, access: DatasetAccess) -> None:
        """Adds a dataset or partitions that were read as such."""
        with self._lock:
            foreign = tuple(each for each in access.snapshots if (access.repository, each) not in self._own)
            if foreign:
                self._reads.append(replace(access, snapshots=foreign))

    def add_write(self, access: DatasetAccess) -> None:
        """Adds a dataset or partition that was written as one thing."""
        with self._lock:
            self._writes.append(access)
            self._own.update((access.repository, snapshot) for snapshot in access.snapshots)

    def read_file(self, repository: str, commit: CommitId, path: str, *, ref: str | None) -> bool:
        """Adds what the file at `path` belongs to; tells whether that was new."""
        around = {(repository, commit, each) for each in (*parents_of(path), path)}
        with self._lock:
            if not around.isdisjoint(self._seen):
                return False
        snapshot = self._unit(repository, commit, path)
        if snapshot is None:
            return False
        with self._lock:
            self._seen.add((repository, commit, path_of(snapshot)))
            if (repository, snapshot) in self._own:
                return False
            self._reads.append(
                DatasetAccess(repository=repository, snapshots=(snapshot,), commit=commit, ref=ref)
            )
        return True

    def write_files(
        self, repository: str, commit: CommitId, paths: Iterable[str], *, ref: str | None
    ) -> None:
        """Adds what a commit left where files were written, moved or removed."""
        units: dict[str, Snapshot] = {}
        gone: list[str] = []
        for path in paths:
            if any(each in units for each in (*parents_of(path), path)):
                continue
            snapshot = self._unit(repository, commit, path)
            if snapshot is not None:
                units[path_of(snapshot)] = snapshot
            else:
                gone.append(path)
        with self._lock:
            for place in list(self._files_written):
                if place[0] == repository and any(is_under(place[1], path) for path in gone):
                    del self._files_written[place]
            for unit, snapshot in units.items():
                self._own.add((repository, snapshot))
                self._files_written[repository, unit] = DatasetAccess(
                    repository=repository, snapshots=(snapshot,), commit=commit, ref=ref
                )

    def _described_as_said(self, access: DatasetAccess) -> DatasetAccess:
        described = self._described.get((access.repository, access.dataset))
        return access if described is None else replace(access, about=described[0], columns=described[1])

    def _unit(self, repository: str, commit: CommitId, path: str) -> Snapshot | None:
        """Returns the dataset or partition that a path is in at a commit."""
        objects = self._catalog.objects
        try:
            dataset = objects.get_dataset(repository, commit, path)
        except ObjectNotFoundError:
            return None
        if not dataset.partition_depth:
            return Snapshot(
                dataset=dataset.path,
                partition="",
                snapshot=dataset.snapshot,
                objects=dataset.objects,
                size=dataset.size,
            )
        segments = path[len(dataset.path) + 1 :].split("/")
        try:
            return objects.get_snapshot(
                repository, commit, "/".join([dataset.path, *segments[: dataset.partition_depth]])
            )
        except ObjectNotFoundError:
            return None


_accesses: "weakref.WeakSet[Accesses]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for accesses in list(_accesses):
        accesses._begin()  # noqa: SLF001 - a thread of the parent may hold the lock, and is not in the child


os.register_at_fork(after_in_child=_after_fork_in_child)
