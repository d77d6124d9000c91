"""Many datasets, jobs and runs at once, across renames: as `namespaces.py` has it for one run.

Lists are cut by the names that last, so they stay in their order where a repository was renamed.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Stretch, TimeOrder, Wire
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.service.namespaces import RepositoryNames
from lineageflow_core.store.ports import (
    LastRuns,
    OverviewStore,
    RepositoryStore,
    StoredEvent,
    Word,
    Written,
)


class OverviewToday:
    """An `OverviewStore` that speaks of repositories by their names of today."""

    def __init__(self, store: OverviewStore, repositories: RepositoryStore) -> None:
        self._store = store
        self._repositories = repositories

    def dataset_names(
        self, *, namespace: str | None, pattern: str | None, until: datetime | None, offset: int, limit: int
    ) -> Stretch[DatasetName]:
        names = self._names()
        if namespace is not None:
            namespace = names.stored(DatasetName(namespace=namespace, name=""), None).namespace
        found = self._store.dataset_names(
            namespace=namespace, pattern=pattern, until=until, offset=offset, limit=limit
        )
        return Stretch(items=tuple(map(names.today, found.items)), total=found.total)

    def job_names(
        self,
        *,
        namespace: str | None,
        pattern: str | None,
        states: Collection[RunState],
        until: datetime | None,
        offset: int,
        limit: int,
    ) -> Stretch[Job]:
        return self._store.job_names(
            namespace=namespace, pattern=pattern, states=states, until=until, offset=offset, limit=limit
        )

    def first_names(self, names: Collection[DatasetName]) -> dict[DatasetName, DatasetName]:
        known = self._names()
        stored = _stored(known, names)
        found = self._store.first_names(stored.values())
        return {name: known.today(found[lasting]) for name, lasting in stored.items()}

    def dataset_words(self, datasets: Collection[DatasetName]) -> dict[DatasetName, dict[str, Word]]:
        stored = _stored(self._names(), datasets)
        found = self._store.dataset_words(stored.values())
        return {name: found[lasting] for name, lasting in stored.items() if lasting in found}

    def job_words(self, jobs: Collection[Job]) -> dict[Job, dict[str, Word]]:
        return self._store.job_words(jobs)

    def declared(self) -> dict[Job, Word]:
        return self._store.declared()

    def words_on(self, facet: str) -> list[tuple[DatasetName, Word]]:
        names = self._names()
        return [(names.today(dataset), word) for dataset, word in self._store.words_on(facet)]

    def written(
        self, datasets: Collection[DatasetName], *, until: datetime | None
    ) -> dict[DatasetName, Written]:
        names = self._names()
        stored = _stored(names, datasets)
        found = self._store.written(stored.values(), until=until)
        return {
            name: replace(each, last=_today(names, each.last) if each.last else None)
            for name, lasting in stored.items()
            if (each := found.get(lasting))
        }

    def last_runs(self, jobs: Collection[Job], *, until: datetime | None) -> dict[Job, LastRuns]:
        return self._store.last_runs(jobs, until=until)

    def wires(self, datasets: Collection[DatasetName], *, until: datetime | None) -> list[Wire]:
        names = self._names()
        found = self._store.wires(_stored(names, datasets).values(), until=until)
        return [replace(wire, dataset=names.today(wire.dataset)) for wire in found]

    def runs_of(self, job: Job, *, until: datetime | None, offset: int, limit: int) -> Stretch[RunId]:
        return self._store.runs_of(job, until=until, offset=offset, limit=limit)

    def writes_of(
        self, dataset: DatasetName, *, until: datetime | None, offset: int, limit: int
    ) -> Stretch[Io]:
        names = self._names()
        found = self._store.writes_of(names.stored(dataset, None), until=until, offset=offset, limit=limit)
        return Stretch(items=tuple(_today(names, io) for io in found.items), total=found.total)

    def events(
        self,
        *,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        order: TimeOrder,
        offset: int,
        limit: int,
    ) -> Stretch[StoredEvent]:
        return self._store.events(
            kind=kind, since=since, until=until, order=order, offset=offset, limit=limit
        )

    def _names(self) -> RepositoryNames:
        return RepositoryNames(self._repositories)


def _stored(names: RepositoryNames, datasets: Iterable[DatasetName]) -> dict[DatasetName, DatasetName]:
    return {dataset: names.stored(dataset, None) for dataset in datasets}


def _today(names: RepositoryNames, io: Io) -> Io:
    return replace(io, version=io.version.under(names.today(io.version.dataset)))
