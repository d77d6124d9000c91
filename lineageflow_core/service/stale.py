"""Stale reads: what runs of one side read, and the other side has changed since.

A run's outputs are only as good as its inputs. If the target branch has new inputs by the time that the
outputs are merged, no path collides, and the branch would hold outputs that do not belong to its inputs. We
know what a run read, so a merge can be checked like a transaction of a serialisable database; and so can a
cherry-pick, whose target may never have had what the run read.

What counts as changed: the run read what the branch had when the run began (or where the histories parted),
and the branch has something else now. Reading an old version on purpose is not stale, and what the source
wrote itself is an ordinary conflict. A partition that is new since is told of where a run had read all that
there were, and made of them something else than the same partitions of its outputs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.merge import StaleRead
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.attribution import last_changes
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.store.ports import LineageStore
from lineageflow_core.tree.compare import changed_datasets
from lineageflow_core.tree.root import RootTree, join

_Unit = tuple[str, str]
"""A dataset and a partition of it, '' for the whole."""
_Reads = dict[_Unit, dict[str | None, set[RunId]]]
"""What was read of units, None where there was nothing, and who read it."""


def stale_policy(opened: OpenRepository, branch: str, given: StaleReads | None) -> StaleReads:
    """Returns what becomes of stale reads on a branch: as given, else what its rules say."""
    return given if given is not None else opened.settings().stale_reads_on(branch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What commits bring to a branch."""

    commits: Sequence[CommitId]
    bases: frozenset[str]
    """Roots of states that their runs may have read as what is current."""
    before: str
    """The root that they are a difference from."""
    after: str


def find_stale_reads(
    opened: OpenRepository, brought: Brought, *, onto: str, others: Sequence[CommitId]
) -> tuple[StaleRead, ...]:
    """Returns what the runs that made commits read, and is something else at the root `onto`, by path.

    `others` are the commits that may have changed it, the last first.
    """
    own = {commit.run_id for commit in opened.commits(brought.commits) if commit.run_id is not None}
    if not own:
        return ()
    runs = _with_pipelines(opened.lineage, own)
    began_at = _began_at(opened, runs)
    roots = brought.bases | {*began_at.values()}
    changed = {path for root in roots for path, _, _ in changed_datasets(opened.nodes, root, onto)}
    if not changed:
        return ()
    reads = _units_read(opened, runs, changed)
    began = [RootTree(opened.nodes, root) for root in sorted(roots)]
    now = RootTree(opened.nodes, onto)
    source, base = RootTree(opened.nodes, brought.after), RootTree(opened.nodes, brought.before)
    found: list[StaleRead] = []
    states = {run: [began_at[run]] if run in began_at else sorted(brought.bases) for run in runs}
    for unit, run in list(_new_partitions(opened, states, reads, now)):
        reads[unit][None].add(run)
    for (dataset, partition), versions in sorted(reads.items()):
        path = join(dataset, partition)
        here = now.digest_at(path)
        if source.digest_at(path) != base.digest_at(path):
            continue
        seen = {tree.digest_at(path) for tree in began}
        for version, readers in sorted(versions.items(), key=lambda item: item[0] or ""):
            if version != here and version in seen:
                found.append(
                    StaleRead(
                        dataset=dataset,
                        partition=partition,
                        read=SnapshotId(version) if version else None,
                        now=SnapshotId(here) if here else None,
                        readers=tuple(sorted(readers)),
                    )
                )
    return _attributed(opened, others, found)


def _new_partitions(
    opened: OpenRepository, states: Mapping[RunId, Sequence[str]], reads: _Reads, now: RootTree
) -> Iterator[tuple[_Unit, RunId]]:
    """Yields the partitions that are new to runs which had read all of their dataset.

    `states` are roots that each run may have read.
    """
    read: dict[tuple[RunId, str], set[tuple[str, str | None]]] = defaultdict(set)
    for (dataset, partition), versions in reads.items():
        for version, readers in versions.items():
            for run in readers if partition and version else ():
                read[run, dataset].add((partition, version))
    written = [(io.run_id, io.version.partition) for io in opened.lineage.writes(sorted(states))]
    for (run, dataset), units in read.items():
        names = {partition for partition, _ in units}
        own = {partition for writer, partition in written if writer == run}
        if (own or {partition for _, partition in written}) <= names:
            continue  # each partition of its outputs was made from the same partition of its inputs
        here = _partitions(now, dataset)
        for root in states[run]:
            tree = RootTree(opened.nodes, root)
            there = _partitions(tree, dataset)
            is_all = there and there <= names
            if is_all and units >= {(name, tree.digest_at(join(dataset, name))) for name in there}:
                yield from (((dataset, new), run) for new in here - names)


def _partitions(tree: RootTree, path: str) -> set[str]:
    """Returns the partitions of a dataset; none where it has none."""
    dataset = tree.dataset_at(path)
    is_cut = dataset is not None and dataset.path == path and dataset.partition_depth
    return set(tree.partitions(dataset)) if dataset is not None and is_cut else set()


def _with_pipelines(store: LineageStore, run_ids: Collection[RunId]) -> set[RunId]:
    """Returns runs, the pipelines that they are steps of, and all steps of these.

    They share one transaction, and a step may hand on in memory what it read.
    """
    known = set(run_ids)
    pending = set(run_ids)
    while pending:
        parents = {run.parent for run in store.runs(sorted(pending)).values() if run.parent is not None}
        pending = parents - known
        known |= parents
    pending = set(known)
    while pending:
        pending = {run.id for run in store.steps(sorted(pending))} - known
        known |= pending
    return known


def _began_at(opened: OpenRepository, runs: Iterable[RunId]) -> dict[RunId, str]:
    """Returns the root that each run's transaction began at; a step's is its pipeline's."""
    found: dict[RunId, str] = {}
    for run in sorted(runs):
        transaction = opened.stores.transactions.get(opened.info.id, run)
        if transaction is not None:
            found[run] = opened.commit(transaction.base).root
    parents = {run.id: run.parent for run in opened.lineage.runs(sorted(runs)).values()}
    roots = {run: next((found[up] for up in _upwards(run, parents) if up in found), None) for run in runs}
    return {run: root for run, root in roots.items() if root is not None}


def _upwards(run: RunId, parents: Mapping[RunId, RunId | None]) -> Iterator[RunId]:
    """Yields a run, and the runs that it is a step of."""
    seen: set[RunId] = set()
    up: RunId | None = run
    while up is not None and up not in seen:
        seen.add(up)
        yield up
        up = parents.get(up)


def _units_read(opened: OpenRepository, runs: Iterable[RunId], datasets: Collection[str]) -> _Reads:
    """Returns, for what was read of these datasets, the versions and who read them."""
    namespace = dataset_namespace(opened.info.name)
    units: _Reads = defaultdict(lambda: defaultdict(set))

    def concerns(io: Io) -> bool:
        return io.version.namespace == namespace and io.version.name in datasets

    for io in filter(concerns, opened.lineage.reads(sorted(runs))):
        if io.version.version is not None:
            units[io.version.name, io.version.partition][io.version.version].add(io.run_id)
    return units


def _attributed(
    opened: OpenRepository, others: Sequence[CommitId], found: Iterable[StaleRead]
) -> tuple[StaleRead, ...]:
    stale = list(found)
    who = last_changes(opened.nodes, opened.commit, others, [read.path for read in stale])
    return tuple(replace(read, changed_by=who.get(read.path)) for read in stale)
