"""Lineage across renames: a repository's datasets have one namespace in the store, whatever it is called.

An event names a repository by what it was called when its run began. What the store keeps is the namespace of
the repository's *first* name; what it is asked, and what it answers, is in today's names. Where a repository
took a name that another had first, its id tells the two apart. Nothing is rewritten by a rename, and in a
lake where nothing was renamed, nothing is translated.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Flow, Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryName
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.openlineage.naming import dataset_namespace, repository_of
from lineageflow_core.store.ports import (
    Key,
    LineageLook,
    LineageStore,
    LineageWriter,
    RepositoryStore,
    RunFacts,
    StoredEvent,
    Word,
)


class CurrentNames:
    """A `LineageStore` that speaks of repositories by their names of today."""

    def __init__(self, store: LineageStore, repositories: RepositoryStore) -> None:
        self._store = store
        self._repositories = repositories

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    def fold(self) -> int:
        return self._store.fold()

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        return self._store.events_of(run_id)

    def list_events(
        self,
        *,
        run_id: RunId | None,
        kind: EventKind | None,
        since: datetime | None,
        until: datetime | None,
        with_problems: bool,
        after: str | None,
        limit: int,
    ) -> Page[StoredEvent]:
        return self._store.list_events(
            run_id=run_id,
            kind=kind,
            since=since,
            until=until,
            with_problems=with_problems,
            after=after,
            limit=limit,
        )

    def find_events(self, first: bytes, last: bytes) -> list[StoredEvent]:
        return self._store.find_events(first, last)

    def events_after(self, place: int, limit: int) -> list[tuple[int, RunId | None]]:
        return self._store.events_after(place, limit)

    def last_writers(self, number: int) -> set[RunId]:
        return self._store.last_writers(number)

    def late_runs(self, limit: int) -> list[RunId]:
        return self._store.late_runs(limit)

    def last_event(self) -> int:
        return self._store.last_event()

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]:
        return self._store.runs(run_ids)

    def steps(self, parents: Sequence[RunId]) -> list[Run]:
        return self._store.steps(parents)

    def list_runs(
        self,
        *,
        job: str | None,
        state: RunState | None,
        parent: RunId | None,
        after: str | None,
        limit: int,
    ) -> Page[Run]:
        return self._store.list_runs(job=job, state=state, parent=parent, after=after, limit=limit)

    def look(self) -> AbstractContextManager[LineageLook]:
        return self._look()

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._today(self._store.reads(run_ids))

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._today(self._store.writes(run_ids))

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        return self._today(self._store.readers(self._stored(versions)))

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        return self._today(self._store.writers(self._stored(versions)))

    def flows(self, run_ids: Sequence[RunId]) -> list[Flow]:
        names = RepositoryNames(self._repositories)
        return [
            replace(
                flow,
                target=names.today(flow.target),
                source=names.today(flow.source) if flow.source is not None else None,
            )
            for flow in self._store.flows(run_ids)
        ]

    def columns(self, run_ids: Sequence[RunId]) -> dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]]:
        names = RepositoryNames(self._repositories)
        return {
            (run_id, names.today(dataset)): frozenset(
                replace(edge, source=names.today(edge.source)) for edge in edges
            )
            for (run_id, dataset), edges in self._store.columns(run_ids).items()
        }

    def job_edges(self, jobs: Sequence[Job]) -> list[JobEdge]:
        return self._store.job_edges(jobs)

    def names(self, dataset: DatasetName) -> tuple[DatasetName, ...]:
        names = RepositoryNames(self._repositories)
        return tuple(map(names.today, self._store.names(names.stored(dataset, None))))

    def dataset_words(self, dataset: DatasetName) -> dict[str, Word]:
        return self._store.dataset_words(RepositoryNames(self._repositories).stored(dataset, None))

    def job_words(self, job: Job) -> dict[str, Word]:
        return self._store.job_words(job)

    def today(self, version: Version) -> Version:
        """Returns a version as it is called today, whichever of its dataset's names it has."""
        [first, *_] = self.names(version.dataset)
        return version.under(first)

    @contextmanager
    def _look(self) -> Iterator[LineageLook]:
        names = RepositoryNames(self._repositories)
        with self._store.look() as look:
            yield _Look(look, names) if names.renamed else look

    @contextmanager
    def _write(self) -> Iterator[LineageWriter]:
        names = RepositoryNames(self._repositories)
        with self._store.write() as writer:
            yield _Writer(writer, names)

    def _stored(self, versions: Sequence[Version]) -> list[Version]:
        names = RepositoryNames(self._repositories)
        return [version.under(names.stored(version.dataset, None)) for version in versions]

    def _today(self, ios: list[Io]) -> list[Io]:
        names = RepositoryNames(self._repositories)
        if not names.renamed:
            return ios
        return [replace(io, version=io.version.under(names.today(io.version.dataset))) for io in ios]


class _Writer:
    """A `LineageWriter` that stores facts under the names that do not change."""

    def __init__(self, writer: LineageWriter, names: "RepositoryNames") -> None:
        self._writer = writer
        self._names = names

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        return self._writer.append(events)

    def reread(self, events: Sequence[StoredEvent]) -> None:
        self._writer.reread(events)

    def replace(self, digest: bytes, by: bytes) -> None:
        self._writer.replace(digest, by)

    def records(self, run_ids: Collection[RunId]) -> dict[RunId, bytes]:
        return self._writer.records(run_ids)

    def put_facts(self, facts: RunFacts, record: bytes = b"") -> None:
        self._writer.put_facts(self._stored(facts) if self._names.renamed else facts, record)

    def put_words(
        self,
        *,
        jobs: Mapping[Job, Mapping[str, Word]] = {},
        declared: Mapping[Job, Word] = {},
        datasets: Mapping[DatasetName, Mapping[str, Word]] = {},
    ) -> None:
        stored = {self._names.stored(name, None): words for name, words in datasets.items()}
        self._writer.put_words(jobs=jobs, declared=declared, datasets=stored)

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        stored = self._names.stored
        self._writer.link([(stored(one, None), stored(other, None)) for one, other in names])

    def stored_events(self, *, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        return self._writer.stored_events(after=after, limit=limit)

    def prune(self, run_ids: Collection[RunId]) -> None:
        self._writer.prune(run_ids)

    def pruned(self, run_ids: Collection[RunId]) -> set[RunId]:
        return self._writer.pruned(run_ids)

    def keep_words(self, words: Mapping[bytes, bytes]) -> None:
        self._writer.keep_words(words)

    def kept_words(self, digests: Collection[bytes]) -> dict[bytes, bytes]:
        return self._writer.kept_words(digests)

    def all_kept_words(self, *, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        return self._writer.all_kept_words(after=after, limit=limit)

    def clear(self) -> None:
        self._writer.clear()

    def digests(self) -> dict[str, str]:
        return self._writer.digests()

    def set_fold(self, fold: int) -> None:
        self._writer.set_fold(fold)

    def _stored(self, facts: RunFacts) -> RunFacts:
        began = facts.run.started_at or facts.run.ended_at

        def name(dataset: DatasetName) -> DatasetName:
            return self._names.stored(dataset, began)

        def stored(ios: Sequence[Io]) -> tuple[Io, ...]:
            # Under two names of one repository, one version may stand twice: it is one read, one write.
            found = (replace(io, version=io.version.under(name(io.version.dataset))) for io in ios)
            return tuple({io.version: io for io in found}.values())

        return replace(
            facts,
            reads=stored(facts.reads),
            writes=stored(facts.writes),
            flows=tuple(
                replace(flow, target=name(flow.target), source=name(flow.source) if flow.source else None)
                for flow in facts.flows
            ),
            columns={
                name(dataset): frozenset(replace(edge, source=name(edge.source)) for edge in edges)
                for dataset, edges in facts.columns.items()
            },
            tested=tuple(
                {
                    (dataset, each.written): replace(each, dataset=dataset)
                    for each in sorted(facts.tested, key=lambda each: each.failed)
                    for dataset in [name(each.dataset)]
                }.values()
            ),
            input_facets={name(dataset): words for dataset, words in facts.input_facets.items()},
            output_facets={name(dataset): words for dataset, words in facts.output_facets.items()},
        )


class _Look:
    """A `LineageLook` that speaks of repositories by their names of today."""

    def __init__(self, look: LineageLook, names: "RepositoryNames") -> None:
        self._look = look
        self._names = names
        self.run_keys = look.run_keys
        self.reads_of = look.reads_of
        self.writes_of = look.writes_of
        self.reads_by = look.reads_by
        self.writes_by = look.writes_by
        self.accesses = look.accesses
        self.flows = look.flows
        self.columns = look.columns
        self.times = look.times
        self.inputs = look.inputs
        self.types = look.types
        self.runs = look.runs

    def version_keys(self, versions: Collection[Version]) -> dict[Version, Key]:
        stored = {version.under(self._names.stored(version.dataset, None)): version for version in versions}
        return {stored[version]: key for version, key in self._look.version_keys(stored).items()}

    def versions(self, keys: Collection[Key]) -> dict[Key, Version]:
        return {
            key: version.under(self._names.today(version.dataset))
            for key, version in self._look.versions(keys).items()
        }

    def datasets(self, keys: Collection[Key]) -> dict[Key, DatasetName]:
        return {key: self._names.today(name) for key, name in self._look.datasets(keys).items()}


class RepositoryNames:
    """Who had which name, at one moment."""

    def __init__(self, repositories: RepositoryStore) -> None:
        self._repositories = repositories
        self._held: dict[str, list[RepositoryName]] = {}
        """By name, in the order in which repositories took it."""
        self._lasting: dict[str, str] = {}
        """The name that the store knows a repository by, by id."""
        for held in repositories.names():
            holders = self._held.setdefault(held.name, [])
            is_first = all(other.repository == held.repository for other in holders)
            self._lasting.setdefault(
                held.repository, held.name if is_first else f"{held.name}~{held.repository}"
            )
            holders.append(held)
        self._owner = {lasting: repository for repository, lasting in self._lasting.items()}
        self._today: dict[str, str] = {}

    @property
    def renamed(self) -> bool:
        """Tells whether any repository of the lake was ever renamed."""
        return bool(self._held)

    def stored(self, dataset: DatasetName, at: datetime | None) -> DatasetName:
        """Returns a dataset under the name that lasts, from a name as of an instant; None is now."""
        name = repository_of(dataset.namespace)
        held = [each for each in self._held.get(name or "", ()) if at is None or each.since <= at]
        if not held:
            return dataset
        return replace(dataset, namespace=dataset_namespace(self._lasting[held[-1].repository]))

    def today(self, dataset: DatasetName) -> DatasetName:
        """Returns a dataset under today's name, from the name that lasts."""
        lasting = repository_of(dataset.namespace)
        owner = self._owner.get(lasting or "")
        if owner is None:
            return dataset
        if owner not in self._today:
            info = self._repositories.with_id(owner)
            self._today[owner] = info.name if info else str(lasting)
        return replace(dataset, namespace=dataset_namespace(self._today[owner]))
