"""Stale reads: what runs of one side read, and the other side has changed since.

A run's outputs are only as good as its inputs. If the target branch has new inputs by the time that the
outputs are merged, no path collides, and the branch would hold outputs that do not belong to its inputs. We
know what a run read, so a merge can be checked like a transaction of a serialisable database.

What counts as changed: the run read what the branch had when the run began (or where the histories parted),
and the branch has something else now. Reading an old version on purpose is not stale, and what the source
wrote itself is an ordinary conflict. Partitions that are new since are not seen: nobody read them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId, SnapshotId
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.merge import StaleRead
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.attribution import last_changes
from lineageflow_core.service.commit_graph import Parting
from lineageflow_core.service.namespaces import CurrentNames
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.compare import changed_datasets
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree, join

_Unit = tuple[str, str]
"""A dataset and a partition of it, '' for the whole."""


def stale_policy(opened: OpenRepository, branch: str, given: StaleReads | None) -> StaleReads:
    """Returns what becomes of stale reads on a branch: as given, else what its rules say."""
    return given if given is not None else opened.settings().stale_reads_on(branch)


def find_stale_reads(
    opened: OpenRepository, parting: Parting, *, ours: Commit, theirs: Commit
) -> tuple[StaleRead, ...]:
    """Returns what runs whose commits only `theirs` has read of ours, and ours has changed since, by path."""
    commits = opened.commits(parting.right)
    own = {commit.run_id for commit in commits if commit.run_id is not None}
    # Ours may have moved on although the source has all of it: by then, the source had merged it.
    is_behind = bool(parting.left) or any(len(commit.parents) > 1 for commit in commits)
    if not own or not is_behind:
        return ()
    runs = _with_pipelines(opened.lineage, own)
    roots = {base.root for base in parting.bases} | _began_at(opened, runs)
    changed = {path for root in roots for path, _, _ in changed_datasets(opened.nodes, root, ours.root)}
    if not changed:
        return ()
    reads = _units_read(opened, runs, changed)
    began = [RootTree(opened.nodes, root) for root in sorted(roots)]
    now, source = RootTree(opened.nodes, ours.root), RootTree(opened.nodes, theirs.root)
    base = RootTree(opened.nodes, parting.bases[0].root if parting.bases else EMPTY_ROOT)
    found: list[StaleRead] = []
    for (dataset, partition), versions in sorted(reads.items()):
        path = join(dataset, partition)
        here = now.digest_at(path)
        if source.digest_at(path) != base.digest_at(path):
            continue
        seen = {tree.digest_at(path) for tree in began}
        for version, readers in sorted(versions.items()):
            if version != here and version in seen:
                found.append(
                    StaleRead(
                        dataset=dataset,
                        partition=partition,
                        read=SnapshotId(version),
                        now=SnapshotId(here) if here else None,
                        readers=tuple(sorted(readers)),
                    )
                )
    return _attributed(opened, parting, found)


def _with_pipelines(store: CurrentNames, run_ids: Collection[RunId]) -> set[RunId]:
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


def _began_at(opened: OpenRepository, runs: Iterable[RunId]) -> set[str]:
    """Returns the roots that the runs' transactions read where they had not written."""
    found = (opened.stores.transactions.get(opened.info.id, run) for run in sorted(runs))
    return {opened.commit(transaction.base).root for transaction in found if transaction is not None}


def _units_read(
    opened: OpenRepository, runs: Iterable[RunId], datasets: Collection[str]
) -> dict[_Unit, dict[str, set[RunId]]]:
    """Returns, for what was read of these datasets, the versions and who read them."""
    namespace = dataset_namespace(opened.info.name)
    units: dict[_Unit, dict[str, set[RunId]]] = defaultdict(lambda: defaultdict(set))

    def concerns(io: Io) -> bool:
        return io.version.namespace == namespace and io.version.name in datasets

    for io in filter(concerns, opened.lineage.reads(sorted(runs))):
        if io.version.version is not None:
            units[io.version.name, io.version.partition][io.version.version].add(io.run_id)
    return units


def _attributed(
    opened: OpenRepository, parting: Parting, found: Iterable[StaleRead]
) -> tuple[StaleRead, ...]:
    stale = list(found)
    who = last_changes(opened.nodes, opened.commit, parting.left, [read.path for read in stale])
    return tuple(replace(read, changed_by=who.get(read.path)) for read in stale)
