"""What jobs declare that they read and write, of those that never did anything.

A declaration names datasets, and neither versions nor a time. So it counts for a job only while no run of it
is known to have read or written anything. What such a job would read is what is there now: of a dataset that
runs wrote, the versions in force, else whatever was read of it. What it would write is a version that is not
known, or any version of a dataset that no run wrote.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job
from lineageflow_core.service.nodes import version_order
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.taint import Derived
from lineageflow_core.store.in_force import in_force

_AT_ONCE = 1000


class Declarations:
    """What jobs declare, of those that never did anything; asked for once a dataset and job."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._asked: set[DatasetName] = set()
        self._jobs: set[Job] = set()
        self._touching: dict[DatasetName, set[Wire]] = defaultdict(set)
        self._of_job: dict[Job, set[Wire]] = defaultdict(set)
        self._now: dict[DatasetName, Collection[Version]] = {}

    def learn(self, datasets: Iterable[DatasetName] = (), jobs: Iterable[Job] = ()) -> None:
        """Asks about datasets and jobs that were not asked about before."""
        new = set(datasets) - self._asked
        self._asked |= new
        found = self._lake.lineage.declarations(datasets=new) if new else []
        silent = self._silent({*jobs, *(wire.job for wire in found)} - self._jobs)
        wires = self._lake.lineage.declarations(jobs=silent) if silent else []
        firsts = self._lake.datasets.first_names({wire.dataset for wire in wires})
        for wire in wires:
            named = replace(wire, dataset=firsts[wire.dataset])
            self._of_job[wire.job].add(named)
            self._touching[named.dataset].add(named)

    def declares(self, job: Job) -> bool:
        """Tells whether a job that was learned declares anything that counts."""
        return bool(self._of_job.get(job))

    def of_job(self, job: Job, *, written: bool) -> list[DatasetName]:
        """Returns what a job that was learned declares to read, or to write."""
        return sorted({wire.dataset for wire in self._of_job.get(job, ()) if wire.written == written})

    def read_now(self, job: Job) -> list[Version]:
        """Returns the versions that are there now of what a job that was learned declares to read."""
        return [each for dataset in self.of_job(job, written=False) for each in self.in_force(dataset)]

    def ends(self, job: Job, *, written: bool) -> list[Version]:
        """Returns the versions that a job that was learned stands between: before it, or behind it."""
        datasets = self.of_job(job, written=written)
        return [version for dataset in datasets for version in self._ends(dataset, written=written)]

    def around(self, version: Version, *, written: bool) -> list[Job]:
        """Returns the jobs that would write, or would read, a version of a dataset that was learned."""
        jobs = sorted({w.job for w in self._touching.get(version.dataset, ()) if w.written == written})
        if not jobs or version.version is None:
            return jobs
        now = self.in_force(version.dataset)
        return jobs if not now or (not written and version in now) else []

    def _silent(self, jobs: set[Job]) -> list[Job]:
        self._jobs |= jobs
        last = self._lake.jobs.last_runs(jobs, until=None) if jobs else {}
        return sorted(job for job in jobs if job not in last or not last[job].telling)

    def in_force(self, dataset: DatasetName) -> Collection[Version]:
        """Returns the versions of a dataset that are there now; none of one that no run wrote."""
        if dataset not in self._now:
            writes = list(self._last_writes(dataset))
            last = max((io.at for io in writes if io.at), default=None)
            self._now[dataset] = in_force(writes, partition="", at=last)
        return self._now[dataset]

    def _ends(self, dataset: DatasetName, *, written: bool) -> Collection[Version]:
        unknown = [Version(namespace=dataset.namespace, name=dataset.name)]
        if now := self.in_force(dataset):
            return unknown if written else now
        return self._only_read(dataset) or unknown

    def _only_read(self, dataset: DatasetName) -> list[Version]:
        """Returns the versions of a dataset that were read, and that no run is known to have written."""
        history = self._lake.datasets.history
        found = every(lambda after, limit: history(dataset, partition=None, after=after, limit=limit))
        return [each.io.version for each in found if each.run is None]

    def _last_writes(self, dataset: DatasetName) -> Iterator[Io]:
        """Yields what was written of a dataset, the last first, back to the last time as a whole."""
        offset, limit = 0, 1
        while True:
            found = self._lake.datasets.list_writes(dataset, until=None, offset=offset, limit=limit)
            yield from found.items
            offset, limit = offset + len(found.items), _AT_ONCE
            if offset >= found.total or any(io.version.partition == "" for io in found.items):
                return


def would_be_derived(
    said: Declarations, start: Mapping[Version, int], jobs: Collection[Job], *, depth: int | None
) -> list[Derived]:
    """Returns what jobs would make of versions at some distance, and what some jobs would write.

    Nearest first; of versions that nobody can know. Each job counts once, where it is nearest. `depth`:
    nothing that is farther away.
    """
    found: dict[Version, Derived] = {}
    layers: dict[int, set[Version]] = defaultdict(set)
    done: set[Job] = set()

    def go_on(job: Job, degree: int) -> None:
        done.add(job)
        for dataset in said.of_job(job, written=True):
            version = Version(namespace=dataset.namespace, name=dataset.name)
            if version not in found:
                found[version] = Derived(
                    version=version, degree=degree, produced_by=None, tainted=False, declared_by=job
                )
                layers[degree].add(version)

    for version, degree in start.items():
        layers[degree].add(version)
    for job in jobs:
        go_on(job, 0)
    while layers and (depth is None or min(layers) < depth):
        degree = min(layers)
        layer = sorted(layers.pop(degree), key=version_order)
        said.learn({version.dataset for version in layer})
        for job in [job for version in layer for job in said.around(version, written=False)]:
            if job not in done:
                go_on(job, degree + 1)
    return list(found.values())
