"""What events are about, across renames: as `namespaces.py` has it for what runs read and wrote.

Pages are cut by the names that last, so a list stays in their order where a repository was renamed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset, KnownJob, KnownNamespace, Occurrence
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.run import Job, Run
from lineageflow_core.model.search import Condition, Found
from lineageflow_core.service.namespaces import RepositoryNames
from lineageflow_core.store.ports import KnownStore, RepositoryStore, Word


class KnownToday:
    """A `KnownStore` that speaks of repositories by their names of today."""

    def __init__(self, store: KnownStore, repositories: RepositoryStore) -> None:
        self._store = store
        self._repositories = repositories

    def list_namespaces(self, *, after: str | None, limit: int) -> Page[KnownNamespace]:
        names = self._names()
        page = self._store.list_namespaces(after=after, limit=limit)
        return Page(
            items=tuple(
                replace(item, namespace=names.today(DatasetName(namespace=item.namespace, name="")).namespace)
                for item in page.items
            ),
            next=page.next,
        )

    def list_datasets(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownDataset]:
        names = self._names()
        if namespace is not None:
            namespace = names.stored(DatasetName(namespace=namespace, name=""), None).namespace
        page = self._store.list_datasets(namespace=namespace, after=after, limit=limit)
        return Page(items=tuple(_today(names, item) for item in page.items), next=page.next)

    def datasets(self, names: Sequence[DatasetName]) -> dict[DatasetName, KnownDataset]:
        known = self._names()
        stored = {name: known.stored(name, None) for name in names}
        found = self._store.datasets(list(stored.values()))
        return {name: _today(known, found[lasting]) for name, lasting in stored.items() if lasting in found}

    def list_jobs(self, *, namespace: str | None, after: str | None, limit: int) -> Page[KnownJob]:
        return self._store.list_jobs(namespace=namespace, after=after, limit=limit)

    def jobs(self, jobs: Sequence[Job]) -> dict[Job, KnownJob]:
        return self._store.jobs(jobs)

    def runs_of(self, job: Job, *, after: str | None, limit: int) -> Page[Run]:
        return self._store.runs_of(job, after=after, limit=limit)

    def declared(self, job: Job) -> Word | None:
        return self._store.declared(job)

    def records(self, run_ids: Sequence[RunId]) -> dict[RunId, bytes]:
        return self._store.records(run_ids)

    def history(
        self, dataset: DatasetName, *, partition: str | None, after: str | None, limit: int
    ) -> Page[Occurrence]:
        names = self._names()
        page = self._store.history(names.stored(dataset, None), partition=partition, after=after, limit=limit)
        return Page(
            items=tuple(
                replace(
                    item,
                    io=replace(item.io, version=item.io.version.under(names.today(item.io.version.dataset))),
                )
                for item in page.items
            ),
            next=page.next,
        )

    def list_tested(
        self, dataset: DatasetName | None, *, failed: bool | None, after: str | None, limit: int
    ) -> Page[Tested]:
        names = self._names()
        stored = names.stored(dataset, None) if dataset is not None else None
        page = self._store.list_tested(stored, failed=failed, after=after, limit=limit)
        return Page(
            items=tuple(replace(item, dataset=names.today(item.dataset)) for item in page.items),
            next=page.next,
        )

    def count_gaps(self) -> tuple[GapCount, ...]:
        return self._store.count_gaps()

    def list_unended(self, *, after: str | None, limit: int) -> Page[Run]:
        return self._store.list_unended(after=after, limit=limit)

    def list_lacking(self, gap: Gap, *, after: str | None, limit: int) -> Page[KnownDataset]:
        names = self._names()
        page = self._store.list_lacking(gap, after=after, limit=limit)
        return Page(items=tuple(_today(names, item) for item in page.items), next=page.next)

    def search(
        self, conditions: Sequence[Condition], *, now: datetime, after: str | None, limit: int
    ) -> Page[Found]:
        names = self._names()
        page = self._store.search(conditions, now=now, after=after, limit=limit)
        return Page(
            items=tuple(
                replace(item, dataset=_today(names, item.dataset)) if item.dataset else item
                for item in page.items
            ),
            next=page.next,
        )

    def tested(self, versions: Sequence[Version]) -> list[Tested]:
        names = self._names()
        stored = [version.under(names.stored(version.dataset, None)) for version in versions]
        return [replace(each, dataset=names.today(each.dataset)) for each in self._store.tested(stored)]

    def _names(self) -> RepositoryNames:
        return RepositoryNames(self._repositories)


def _today(names: RepositoryNames, found: KnownDataset) -> KnownDataset:
    if not names.renamed:
        return found
    name = names.today(found.name)
    return replace(found, name=name, current=found.current.under(name) if found.current else None)
