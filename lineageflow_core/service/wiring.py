"""Which job reads and writes which dataset: what its last runs say, and without any run, what it declares.

The last run that touches anything may be going on, and not have said everything yet; so the last one that
completed counts beside it. Walks go up the stream and down the stream from where they start, and never turn:
what else a neighbour feeds has nothing to do with the start.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Wire, Wiring
from lineageflow_core.model.run import Job
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.ports import LastRuns


class JobsAtWork:
    """What jobs read and write, learned a layer at a time."""

    def __init__(self, lake: Lake, until: datetime | None) -> None:
        self._lake = lake
        self._until = until
        self.runs: dict[Job, LastRuns] = {}
        """The last runs of each job that has any."""
        self._learned: set[Job] = set()
        self._touched: dict[bool, defaultdict[Job, set[DatasetName]]] = {
            False: defaultdict(set),
            True: defaultdict(set),
        }
        self._declared: dict[bool, defaultdict[Job, set[DatasetName]]] = {
            False: defaultdict(set),
            True: defaultdict(set),
        }

    def learn(self, jobs: Iterable[Job]) -> None:
        """Asks the store about jobs that were not asked about before."""
        new = [job for job in dict.fromkeys(jobs) if job not in self._learned]
        self._learned.update(new)
        found = self._lake.jobs.last_runs(new, until=self._until) if new else {}
        self.runs |= found
        self._learn_declared(new)
        job_of = {run: job for job, last in found.items() for run in last.telling}
        lineage = self._lake.lineage
        for written, ios in ((False, lineage.reads(list(job_of))), (True, lineage.writes(list(job_of)))):
            for io in ios:
                if self._counts(io):
                    self._touched[written][job_of[io.run_id]].add(io.version.dataset)

    def reads(self, job: Job) -> tuple[DatasetName, ...]:
        """Returns what a job that was learned reads."""
        return self._side(job, written=False)

    def writes(self, job: Job) -> tuple[DatasetName, ...]:
        """Returns what a job that was learned writes."""
        return self._side(job, written=True)

    def touching(self, datasets: Collection[DatasetName], *, written: bool) -> dict[DatasetName, list[Job]]:
        """Returns the jobs that write, or read, each dataset."""
        wires = self._lake.datasets.wires(datasets, until=self._until)
        if self._anything_declared:
            wires += self._lake.lineage.declarations(datasets=datasets)
        wanted = {wire.job for wire in wires if wire.written == written}
        self.learn(wanted)
        found: dict[DatasetName, list[Job]] = {dataset: [] for dataset in datasets}
        for job in sorted(wanted):
            for dataset in self._side(job, written=written):
                if dataset in found:
                    found[dataset].append(job)
        return found

    def _side(self, job: Job, *, written: bool) -> tuple[DatasetName, ...]:
        if job in self.runs and self.runs[job].telling:
            return tuple(sorted(self._touched[written][job]))
        return tuple(sorted(self._declared[written][job]))

    @cached_property
    def _anything_declared(self) -> bool:
        """Whether there is anything to ask: an event says what a job declares of no time but now."""
        return self._until is None and bool(self._lake.lineage.jobs_that_declare(None, after=None, limit=1))

    def _learn_declared(self, jobs: Sequence[Job]) -> None:
        """Asks what jobs declare."""
        if not jobs or not self._anything_declared:
            return
        wires = self._lake.lineage.declarations(jobs=jobs)
        firsts = self._lake.datasets.first_names({wire.dataset for wire in wires})
        for wire in wires:
            self._declared[wire.written][wire.job].add(firsts[wire.dataset])

    def _counts(self, io: Io) -> bool:
        return self._until is None or io.at is None or io.at <= self._until


def wire_up(
    work: JobsAtWork, datasets: Sequence[DatasetName], jobs: Sequence[Job], *, depth: int, limit: int
) -> Wiring:
    """Returns what lies up to `depth` jobs up and down the stream, at most `limit` datasets and jobs."""
    found = _Found(work, limit)
    for upstream in (True, False):
        found.walk(datasets, jobs, depth, upstream=upstream)
    return found.wiring()


class _Found:
    def __init__(self, work: JobsAtWork, limit: int) -> None:
        self._work = work
        self._limit = limit
        self._datasets: dict[DatasetName, None] = {}
        self._jobs: dict[Job, None] = {}
        self._truncated = False

    def walk(
        self, datasets: Sequence[DatasetName], jobs: Sequence[Job], depth: int, *, upstream: bool
    ) -> None:
        self._work.learn(jobs)
        seen_jobs, seen = set(jobs), set(datasets)
        self._add(datasets, jobs)
        frontier = [*datasets, *self._next(jobs, seen, upstream=upstream)]
        for _ in range(depth):
            if not frontier:
                return
            by_dataset = self._work.touching(frontier, written=upstream)
            found = [job for some in by_dataset.values() for job in some]
            new = [job for job in dict.fromkeys(found) if job not in seen_jobs]
            seen_jobs.update(new)
            self._add((), new)
            frontier = self._next(new, seen, upstream=upstream)

    def wiring(self) -> Wiring:
        """Returns what was found, with all wires between."""
        wires = [
            Wire(dataset=dataset, job=job, written=written)
            for job in sorted(self._jobs)
            for written, some in ((False, self._work.reads(job)), (True, self._work.writes(job)))
            for dataset in some
            if dataset in self._datasets
        ]
        return Wiring(
            datasets=tuple(sorted(self._datasets)),
            jobs=tuple(sorted(self._jobs)),
            wires=tuple(wires),
            truncated=self._truncated,
        )

    def _next(self, jobs: Iterable[Job], seen: set[DatasetName], *, upstream: bool) -> list[DatasetName]:
        """Returns the datasets that feed jobs, or that they feed, those that are new."""
        side = self._work.reads if upstream else self._work.writes
        new = [each for each in dict.fromkeys(name for job in jobs for name in side(job)) if each not in seen]
        seen.update(new)
        return self._add(new, ())

    def _add(self, datasets: Sequence[DatasetName], jobs: Sequence[Job]) -> list[DatasetName]:
        """Adds what there is room for; returns the datasets among it."""
        room = self._limit - len(self._datasets) - len(self._jobs)
        new_datasets = [each for each in datasets if each not in self._datasets]
        new_jobs = [each for each in jobs if each not in self._jobs]
        self._truncated |= len(new_datasets) + len(new_jobs) > room
        self._datasets |= dict.fromkeys(new_datasets[: max(room, 0)])
        self._jobs |= dict.fromkeys(new_jobs[: max(room - len(new_datasets), 0)])
        return [each for each in datasets if each in self._datasets]
