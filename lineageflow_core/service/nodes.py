"""From a node as people write it to the runs and versions that it stands for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lineageflow_core.catalog import Objects, Repositories
from lineageflow_core.errors import DatasetNotFoundError, JobNotFoundError, RunNotFoundError
from lineageflow_core.model.address import Address
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownJob
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.names import is_under
from lineageflow_core.model.node import parse_node
from lineageflow_core.model.objects import Dataset, Snapshot
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job, Run
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.ports import JobStore, LineageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a node stands for: a run with its steps, versions, or what a job declares."""

    runs: tuple[Run, ...] = ()
    versions: tuple[Version, ...] = ()
    jobs: tuple[Job, ...] = ()


class Nodes:
    """Looks nodes up."""

    def __init__(self, lake: Lake, *, repositories: Repositories, objects: Objects) -> None:
        self._lake = lake
        self._repositories = repositories
        self._objects = objects

    def resolve(self, text: str) -> Start:
        """Returns what a node stands for.

        Raises InvalidInputError if it is none, RunNotFoundError, DatasetNotFoundError, JobNotFoundError, and
        for an address what looking there raises. A version that nobody touched is a node all the same.
        """
        node = parse_node(text)
        if isinstance(node, Version):
            return Start(versions=(self._lake.today(node),))
        if isinstance(node, Address):
            return Start(versions=tuple(self._versions_at(node)))
        if isinstance(node, DatasetName):
            return Start(versions=(self._current(node),))
        if isinstance(node, Job):
            latest = find_job(self._lake.jobs, node).latest
            runs = run_with_steps(self._lake.lineage, latest.id) if latest else ()
            return Start(runs=runs, jobs=(node,))
        return Start(runs=run_with_steps(self._lake.lineage, node))

    def _current(self, dataset: DatasetName) -> Version:
        """Returns what was written last of a dataset; where nothing was, its version that is not known."""
        known = self._lake.datasets.datasets([dataset]).get(dataset)
        if known is None:
            raise unknown_dataset(dataset)
        return known.current or Version(namespace=known.name.namespace, name=known.name.name)

    def _versions_at(self, address: Address) -> Iterator[Version]:
        repository = address.repository
        ref = address.ref or self._repositories.get_repository(repository).default_branch
        for snapshot in snapshots_at(self._objects, repository, ref, address.path):
            yield self._lake.today(version_of(repository, snapshot))


def snapshots_at(objects: Objects, repository: str, ref: str, path: str) -> Iterator[Snapshot]:
    """Yields the exact contents that `path` stands for, as lineage knows them.

    Of a dataset without partitions, or an object in it, that is the dataset; of a partition, or an object in
    it, the partition; of a partitioned dataset, or a folder above partitions, the whole dataset (because it
    may have been written as a whole) and each of the partitions.
    """
    dataset = objects.get_dataset(repository, ref, path)
    partition = partition_at(dataset, path)
    if partition is not None:
        yield objects.get_snapshot(repository, ref, _unit(dataset, partition))
        return
    folder = path[len(dataset.path) + 1 :]
    if not folder:
        yield objects.get_snapshot(repository, ref, dataset.path)
    for snapshot in every(
        lambda after, limit: objects.list_snapshots(repository, ref, dataset.path, after=after, limit=limit)
    ):
        if is_under(snapshot.partition, folder):
            yield snapshot


def partition_at(dataset: Dataset, path: str) -> str | None:
    """Returns the partition of `dataset` that `path` is or lies in, '' where the dataset has none.

    None is a path above several partitions.
    """
    if not dataset.partition_depth:
        return ""
    segments = path[len(dataset.path) + 1 :].split("/")
    if len(segments) < dataset.partition_depth or segments == [""]:
        return None
    return "/".join(segments[: dataset.partition_depth])


def find_job(store: JobStore, job: Job) -> KnownJob:
    """Returns what is known of a job. Raises JobNotFoundError."""
    known = store.jobs([job]).get(job)
    if known is None:
        raise JobNotFoundError(
            f"no event names the job {job.name[:200]!r} in {job.namespace[:200]!r}; `lineageflow job list` "
            "lists those there are",
            namespace=job.namespace,
            name=job.name,
        )
    return known


def run_with_steps(store: LineageStore, run_id: RunId) -> tuple[Run, ...]:
    """Returns a run, then its steps and theirs. Raises RunNotFoundError."""
    run = store.runs([run_id]).get(run_id)
    if run is None:
        raise unknown_run(run_id)
    found = {run.id: run}
    pending = [run.id]
    while pending:
        steps = [step for step in store.steps(pending) if step.id not in found]
        found.update((step.id, step) for step in steps)
        pending = [step.id for step in steps]
    return tuple(found.values())


def unknown_run(run_id: RunId) -> RunNotFoundError:
    """Returns the error for a run that no event is about."""
    return RunNotFoundError(
        f"no event about run {run_id} was received; `lineageflow runs list` lists the runs there are",
        run_id=run_id,
    )


def unknown_dataset(dataset: DatasetName) -> DatasetNotFoundError:
    """Returns the error for a dataset that no event names."""
    return DatasetNotFoundError(
        f"no event names the dataset {dataset.name[:200]!r} in {dataset.namespace[:200]!r}; "
        "`lineageflow dataset list` lists those there are",
        namespace=dataset.namespace,
        name=dataset.name,
    )


def in_order(ios: Iterable[Io]) -> list[Io]:
    """Sorts what runs read or wrote by the version's name, then by run: stores have no order."""
    return sorted(ios, key=lambda io: (version_order(io.version), io.run_id))


def version_order(version: Version) -> tuple[str, str, str, str]:
    """Returns what versions are sorted by: dataset, then partition, then content."""
    return version.namespace, version.name, version.partition, version.version or ""


def _unit(dataset: Dataset, partition: str) -> str:
    return f"{dataset.path}/{partition}" if partition else dataset.path
