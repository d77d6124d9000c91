"""Lineage across renames: a repository's datasets have one namespace in the store, whatever it is called.

An event names a repository by what it was called when its run began. What the store keeps is the namespace of
the repository's *first* name; what it is asked, and what it answers, is in today's names. Where a repository
took a name that another had first, its id tells the two apart. Nothing is rewritten by a rename, and in a
lake where nothing was renamed, nothing is translated.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.repository import RepositoryName
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.openlineage.naming import dataset_namespace, repository_of
from lineageflow_core.store.ports import LineageStore, LineageWriter, RepositoryStore, RunFacts, StoredEvent


class CurrentNames:
    """A `LineageStore` that speaks of repositories by their names of today."""

    def __init__(self, store: LineageStore, repositories: RepositoryStore) -> None:
        self._store = store
        self._repositories = repositories

    def write(self) -> AbstractContextManager[LineageWriter]:
        return self._write()

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        return self._store.events_of(run_id)

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

    def reads(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._today(self._store.reads(run_ids))

    def writes(self, run_ids: Sequence[RunId]) -> list[Io]:
        return self._today(self._store.writes(run_ids))

    def readers(self, versions: Sequence[Version]) -> list[Io]:
        return self._today(self._store.readers(self._stored(versions)))

    def writers(self, versions: Sequence[Version]) -> list[Io]:
        return self._today(self._store.writers(self._stored(versions)))

    def today(self, version: Version) -> Version:
        """Returns a version as it is called today, whichever of its repository's names it has."""
        names = _Names(self._repositories)
        return names.today(names.stored(version, None))

    @contextmanager
    def _write(self) -> Iterator[LineageWriter]:
        names = _Names(self._repositories)
        with self._store.write() as writer:
            yield _Writer(writer, names)

    def _stored(self, versions: Sequence[Version]) -> list[Version]:
        names = _Names(self._repositories)
        return [names.stored(version, None) for version in versions]

    def _today(self, ios: list[Io]) -> list[Io]:
        names = _Names(self._repositories)
        if not names.renamed:
            return ios
        return [replace(io, version=names.today(io.version)) for io in ios]


class _Writer:
    """A `LineageWriter` that stores facts under the names that do not change."""

    def __init__(self, writer: LineageWriter, names: "_Names") -> None:
        self._writer = writer
        self._names = names

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        return self._writer.append(events)

    def events_of(self, run_id: RunId) -> list[StoredEvent]:
        return self._writer.events_of(run_id)

    def put_facts(self, facts: RunFacts) -> None:
        names = self._names
        began = facts.run.started_at or facts.run.ended_at

        def stored(ios: Sequence[Io]) -> tuple[Io, ...]:
            # Under two names of one repository, one version may stand twice: it is one read, one write.
            found = (replace(io, version=names.stored(io.version, began)) for io in ios)
            return tuple({io.version: io for io in found}.values())

        if names.renamed:
            facts = replace(facts, reads=stored(facts.reads), writes=stored(facts.writes))
        self._writer.put_facts(facts)


class _Names:
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

    def stored(self, version: Version, at: datetime | None) -> Version:
        """Returns a version under the name that lasts, from a name as of an instant; None is now."""
        name = repository_of(version.namespace)
        held = [each for each in self._held.get(name or "", ()) if at is None or each.since <= at]
        if not held:
            return version
        return replace(version, namespace=dataset_namespace(self._lasting[held[-1].repository]))

    def today(self, version: Version) -> Version:
        """Returns a version under today's name, from the name that lasts."""
        lasting = repository_of(version.namespace)
        owner = self._owner.get(lasting or "")
        if owner is None:
            return version
        if owner not in self._today:
            info = self._repositories.with_id(owner)
            self._today[owner] = info.name if info else str(lasting)
        return replace(version, namespace=dataset_namespace(self._today[owner]))
