"""Which old runs and events may go, and removing them.

Invariant: what stays says the same as before. A pipeline goes with all of its steps, or stays. One stays if
anything that is held now was made of what it wrote, however far back; and if a run that stays read what it
wrote as the newest version of a dataset, because without that write it would seem to have read an older one
(`own_reads`: unless it is of the same pipeline, and nothing older stays).
Events about no run go by their age alone: what they say of jobs and datasets is kept.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from lineageflow_core.errors import IntegrityError, InvalidInputError, NotFoundError
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.model.page import MAX_LIMIT, every
from lineageflow_core.model.pruning import KeptBecause, KeptPipelines, Pruned, PruningPlan
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.openlineage.naming import dataset_namespace, version_of
from lineageflow_core.openlineage.record import Said
from lineageflow_core.service.collection_roots import roots_of
from lineageflow_core.service.folding import said_by
from lineageflow_core.service.kept_words import keep_words
from lineageflow_core.service.old_pipelines import OldPipelines
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.own_reads import OwnReads
from lineageflow_core.service.renames import RepositoryNames
from lineageflow_core.store.paging import Place
from lineageflow_core.store.ports import LineageStore, LineageWriter, StoredEvent
from lineageflow_core.tree.root import RootTree

_EXAMPLES = 20
_AT_ONCE = 200
"""Runs, about, or events about none, that one transaction removes: others wait for it."""
_ASKED = 1000
"""Things that are asked about at once."""
_MAX_DAYS = 36_500
_MAX_VERSIONS = 1_000_000
_SMALLEST_ID = RunId("00000000-0000-0000-0000-000000000000")


class Pruning:
    """Finds and removes old runs."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._store: LineageStore = lake.lineage
        self._events = lake.stores.events

    def plan(self, older_than_days: int, keep_last: int) -> PruningPlan:
        """Returns what `catalog.Events.plan_pruning` promises."""
        before = self._before(older_than_days, keep_last)
        found = self._find(before, keep_last)
        kept: dict[KeptBecause, list[RunId]] = defaultdict(list)
        for root, because in found.kept.items():
            kept[because].append(root)
        going = found.going
        return PruningPlan(
            before=before,
            pipelines=len(going),
            runs=sum(map(len, going.values())),
            events=self._events.count_runless_events(before=before),
            examples=tuple(islice(going, _EXAMPLES)),
            kept=tuple(
                KeptPipelines(because=because, count=len(roots), examples=tuple(roots[:_EXAMPLES]))
                for because in KeptBecause
                if (roots := kept.get(because))
            ),
        )

    def prune(self, older_than_days: int, keep_last: int, limit: int) -> Pruned:
        """Does what `catalog.Events.prune` promises."""
        if limit < 1:
            raise InvalidInputError(f"at least one run is pruned at once, not {limit}")
        before = self._before(older_than_days, keep_last)
        found = self._find(before, keep_last)
        place = self._lake.stores.operations.last_place()
        pipelines = runs = 0
        waiting = found.in_order()
        while waiting and runs < limit:
            batch: list[RunId] = []
            while waiting and sum(len(found.families[root]) for root in batch) < _AT_ONCE:
                batch.append(waiting.popleft())
            with self._store.write() as writer:
                place = self._keep_what_is_held_since(place, found)
                removed = self._remove(writer, self._ready(batch, found, before))
            pipelines, runs = pipelines + len(removed), runs + sum(map(len, removed))
        with self._store.write() as writer:
            self._remove(writer, [(run_id,) for run_id in self._events.late_runs(_AT_ONCE)])
        events = self._remove_runless(before, limit - runs)
        more = bool(waiting) or self._events.count_runless_events(before=before) > 0
        return Pruned(pipelines=pipelines, runs=runs, events=events, more=more)

    def _before(self, older_than_days: int, keep_last: int) -> datetime:
        if not 0 <= older_than_days <= _MAX_DAYS or not 0 <= keep_last <= _MAX_VERSIONS:
            raise InvalidInputError(
                f"{older_than_days} days and {keep_last} versions cannot be; days are 0 to {_MAX_DAYS}, and "
                f"versions 0 to {_MAX_VERSIONS}"
            )
        return self._lake.clock() - timedelta(days=older_than_days)

    def _find(self, before: datetime, keep_last: int) -> OldPipelines:
        found = OldPipelines(own=OwnReads(self._lake))
        for roots in self._old_roots(before):
            for root, family in self._families(roots).items():
                found.add(root, family)
                if any(self._last_heard(run, before) >= before for run in family):
                    found.kept[root] = KeptBecause.GOING
        if keep_last:
            found.keep(self._store.last_writers(keep_last), KeptBecause.LAST)
        found.keep(self._past_of(self._held()), KeptBecause.HELD)
        self._keep_what_is_read(found)
        return found

    def _old_roots(self, before: datetime) -> Iterator[Sequence[Run]]:
        after: str | None = str(Place(before, _SMALLEST_ID))
        while after is not None:
            page = self._store.list_runs(job=None, state=None, parent=None, after=after, limit=MAX_LIMIT)
            yield page.items
            after = page.next

    def _families(self, roots: Sequence[Run]) -> dict[RunId, list[Run]]:
        families = {root.id: [root] for root in roots}
        root_of = {root.id: root.id for root in roots}
        pending = list(families)
        while pending:
            steps = [step for step in self._store.steps(pending) if step.id not in root_of]
            for step in steps:
                assert step.parent is not None  # it was found by it
                root_of[step.id] = root_of[step.parent]
                families[root_of[step.id]].append(step)
            pending = [step.id for step in steps]
        return families

    def _last_heard(self, run: Run, before: datetime) -> datetime:
        """Returns when something was last heard of a run; of one that ended, when it ended."""
        told = [at for at in (run.started_at, run.ended_at) if at is not None]
        if run.state is RunState.RUNNING and max(told, default=before) <= before:
            events = self._events.events_of(run.id)
            told += [at for event in events for at in (event.at, event.received_at) if at is not None]
        return max(told, default=datetime.min.replace(tzinfo=before.tzinfo))

    def _keep_what_is_read(self, found: OldPipelines) -> None:
        """Keeps what wrote the versions that runs which stay are bound to, until that brings no more."""
        writers: dict[RunId, set[RunId]] = defaultdict(set)
        """By reader, the old runs that wrote what it read as of its start."""
        own: list[tuple[Io, set[RunId]]] = []
        going = [run_id for family in found.going.values() for run_id in family]
        old = set(going)
        for some in _chunks(going):
            for io, wrote in self._bound_to(some, found.own):
                if found.own.is_own(io, wrote):
                    own.append((io, wrote))
                else:
                    writers[io.run_id] |= wrote
        pending = [reader for reader in writers if reader not in old]
        while pending or (pending := self._keep_own(found, own, writers)):
            needed = writers.pop(pending.pop(), set())
            for root in found.keep(needed, KeptBecause.READ):
                pending += [run_id for run_id in found.families[root] if run_id in writers]
        for reader, needed in writers.items():
            found.read(reader, needed)
        for io, wrote in own:
            if found.is_going(io.run_id):
                found.read_own(io.run_id, filter(found.is_going, wrote))

    def _keep_own(
        self, found: OldPipelines, own: Sequence[tuple[Io, set[RunId]]], readers: Collection[RunId]
    ) -> list[RunId]:
        """Keeps what runs that stay read of their own pipeline, and may not forget.

        Returns those of `readers` that stay because of that.
        """
        kept: list[RunId] = []
        is_more = True
        while is_more:
            is_more = False
            for io, wrote in own:
                if found.is_going(io.run_id) or not any(map(found.is_going, wrote)):
                    continue
                if found.own.is_bound_to_stay(io, lambda run_id: not found.is_going(run_id)):
                    is_more = True
                    for root in found.keep(wrote, KeptBecause.READ):
                        kept += [run_id for run_id in found.families[root] if run_id in readers]
        return kept

    def _bound_to(self, run_ids: Sequence[RunId], own: OwnReads) -> Iterator[tuple[Io, set[RunId]]]:
        """Yields reads without a version that are of what runs wrote, each with those that wrote it."""
        written: dict[Version, set[RunId]] = defaultdict(set)
        for io in self._store.writes(run_ids):
            written[io.version].add(io.run_id)
        reads = [io for io in self._store.readers(list(written)) if io.evidence is Evidence.AS_OF]
        own.learn(run_ids, {io.run_id for io in reads})
        yield from ((io, written[io.version]) for io in reads)

    def _held(self) -> Iterator[Version]:
        """Yields all that refs, plans and quarantines of all repositories hold."""
        for opened in self._repositories():
            window = timedelta(days=opened.settings().trash_days)
            roots = roots_of(opened, window=window)
            commits = [ref.commit for ref in (*roots.branches, *roots.tags)]
            commits += [root.commit for root in roots.others]
            yield from _versions_at(opened, dict.fromkeys(commits))
            for held in self._quarantines(opened.info.id):
                yield Version(
                    namespace=dataset_namespace(opened.info.name),
                    name=held.dataset,
                    partition=held.partition,
                    version=held.snapshot,
                )

    def _quarantines(self, repository: str) -> Iterator[Quarantine]:
        store = self._lake.stores.quarantines
        return every(lambda after, limit: store.list(repository, path="", after=after, limit=limit))

    def _repositories(self) -> Iterator[OpenRepository]:
        repositories = self._lake.stores.repositories
        for deleted in (False, True):
            for info in every(
                lambda after, limit, deleted=deleted: repositories.list(  # type: ignore[misc]
                    after=after, limit=limit, deleted=deleted
                )
            ):
                yield self._lake.with_id(info.id)

    def _past_of(self, versions: Iterable[Version]) -> set[RunId]:
        """Returns all runs that made these versions, or anything that went into them."""
        runs: set[RunId] = set()
        seen: set[Version] = set()
        pending = iter(versions)
        while some := list(islice(pending, _ASKED)):
            firsts = self._lake.datasets.first_names({each.dataset for each in some})
            frontier = [each.under(firsts[each.dataset]) for each in some]
            while frontier := [each for each in dict.fromkeys(frontier) if each not in seen]:
                seen.update(frontier)
                makers = {io.run_id for io in self._store.writers(frontier)} - runs
                runs |= makers
                reads = self._store.reads(sorted(makers))
                frontier = [io.version for io in reads if io.version.version is not None]
        return runs

    def _keep_what_is_held_since(self, place: int, found: OldPipelines) -> int:
        """Keeps the past of what refs were moved to since a place; returns the place now."""
        operations = self._lake.stores.operations
        while done := operations.placed_after(place, MAX_LIMIT):
            for each in done:
                commits = [move.after for move in each.operation.moves if move.after is not None]
                with suppress(NotFoundError):
                    opened = self._lake.with_id(each.repository)
                    found.keep(self._past_of(_versions_at(opened, commits)), KeptBecause.HELD)
            place = done[-1].place
        return place

    def _ready(
        self, roots: Sequence[RunId], found: OldPipelines, before: datetime
    ) -> list[tuple[RunId, ...]]:
        """Returns those pipelines that are as they were when they were found, now that nobody else writes."""
        run_ids = [run_id for root in roots for run_id in found.families[root]]
        runs, old = self._store.runs(run_ids), set(run_ids)
        changed = [run_id for run_id in run_ids if run_id not in runs]
        changed += [run.id for run in runs.values() if self._last_heard(run, before) >= before]
        changed += [step.parent for step in self._store.steps(run_ids) if step.parent and step.id not in old]
        found.keep(changed, KeptBecause.GOING)
        reads = list(self._bound_to(run_ids, found.own))
        while any(
            found.keep(wrote, KeptBecause.READ)
            for io, wrote in reads
            if not found.is_going(io.run_id) and not self._may_forget(io, wrote, found, old)
        ):
            pass  # what read them may itself have been kept just now
        return [found.families[root] for root in roots if root not in found.kept]

    def _may_forget(
        self, read: Io, wrote: Collection[RunId], found: OldPipelines, leaving: Collection[RunId]
    ) -> bool:
        """Tells whether a read may forget what it was of, once these runs are removed that may go."""
        if not found.own.is_own(read, wrote):
            return False
        return not found.own.is_bound_to_stay(
            read, lambda run_id: run_id not in leaving or not found.is_going(run_id)
        )

    def _remove_runless(self, before: datetime, limit: int) -> int:
        """Removes events about no run, and keeps what they said; returns how many."""
        removed = place = 0
        while removed < limit:
            with self._store.write() as writer:
                some = self._events.runless_events(before=before, after=place, limit=_AT_ONCE)
                keep_words(writer, _said_by((event for _, event in some), self._lake.names()))
                writer.prune_events([event.digest for _, event in some])
            if not some:
                break
            removed, place = removed + len(some), some[-1][0]
        return removed

    def _remove(
        self, writer: LineageWriter, families: Sequence[tuple[RunId, ...]]
    ) -> list[tuple[RunId, ...]]:
        """Removes runs, and keeps what they said of others; but none that say something about runs that stay.

        Returns those that were removed.
        """
        by_run: dict[RunId, list[StoredEvent]] = defaultdict(list)
        for event in self._events.events_about([run_id for family in families for run_id in family]):
            assert event.run_id is not None  # it was found by it
            by_run[event.run_id].append(event)
        names = self._lake.names()
        said = {
            family: _said_by((event for run_id in family for event in by_run[run_id]), names)
            for family in families
        }
        about = {run_id for each in said.values() for run_id in each.runs}
        gone = writer.pruned(about)
        while staying := about - gone - {run_id for family in said for run_id in family}:
            said = {family: each for family, each in said.items() if not staying & each.runs.keys()}
            about = {run_id for each in said.values() for run_id in each.runs}
        words = Said()
        for each in said.values():
            words.add(each)
        keep_words(writer, words)
        writer.prune([run_id for family in said for run_id in family])
        return list(said)


def _said_by(events: Iterable[StoredEvent], names: RepositoryNames) -> Said:
    said = Said()
    for event in events:
        if event.counts:
            said.add(said_by(event, names))
    return said


def _versions_at(opened: OpenRepository, commits: Iterable[CommitId]) -> Iterator[Version]:
    """Yields the versions of all datasets and partitions at some commits, each once."""
    roots: set[str] = set()
    datasets: set[tuple[str, str]] = set()
    for commit in commits:
        # What is not held any more may be collected already, and is in nobody's way.
        with suppress(NotFoundError, IntegrityError):
            root = opened.commit(commit).root
            if root in roots:
                continue
            roots.add(root)
            tree = RootTree(opened.nodes, root)
            for dataset in tree.datasets():
                if (dataset.path, dataset.snapshot) in datasets:
                    continue
                datasets.add((dataset.path, dataset.snapshot))
                for partition in ("", *(tree.partitions(dataset) if dataset.partition_depth else ())):
                    snapshot = tree.snapshot(dataset, partition)
                    if snapshot is not None:
                        yield version_of(opened.info.name, snapshot)


def _chunks(values: Sequence[RunId]) -> Iterator[Sequence[RunId]]:
    for start in range(0, len(values), _ASKED):
        yield values[start : start + _ASKED]
