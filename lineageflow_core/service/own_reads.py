"""Reads of what the same pipeline wrote before, without a version: `MERGE`, incremental loads.

Each such run rests on the one before it, and that one on the one before: if all of them had to stay, none
would ever go. So once all older writes of the dataset go, such a read may forget which version it was of.
While an older one stays it may not: it would seem to have read that one.
"""

from collections.abc import Callable, Collection

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.run import Run
from lineageflow_core.service.opened import Lake

_ASKED = 1000
"""Writes that are asked for at once."""


class OwnReads:
    """Tells which reads are of what their own pipeline wrote, and may forget that."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._runs: dict[RunId, Run] = {}
        self._written: dict[RunId, set[DatasetName]] = {}
        """By pipeline, what it and its steps wrote."""

    def learn(self, run_ids: Collection[RunId], readers: Collection[RunId]) -> None:
        """Asks about runs, and what the pipelines of readers wrote, if that was not asked about before."""
        wanted = {run_id for run_id in (*run_ids, *readers) if run_id not in self._runs}
        while wanted:
            found = self._lake.lineage.runs(sorted(wanted))
            self._runs |= found
            wanted = {run.parent for run in found.values() if run.parent} - self._runs.keys() - wanted
        pipelines = {run.id for each in readers if (run := self._pipeline(each)) is not None}
        root_of = {run_id: run_id for run_id in pipelines - self._written.keys()}
        self._written |= {run_id: set() for run_id in root_of}
        pending = sorted(root_of)
        while pending:
            steps = [step for step in self._lake.lineage.steps(pending) if step.id not in root_of]
            root_of |= {step.id: root_of[step.parent] for step in steps if step.parent in root_of}
            pending = [step.id for step in steps if step.id in root_of]
        for io in self._lake.lineage.writes(sorted(root_of)):
            self._written[root_of[io.run_id]].add(io.version.dataset)

    def is_own(self, read: Io, writers: Collection[RunId]) -> bool:
        """Tells whether runs that were learned are of the reader's pipeline, which writes what it reads."""
        mine = self._pipeline(read.run_id)
        if mine is None or read.version.dataset not in self._written.get(mine.id, ()):
            return False
        pipelines = [self._pipeline(writer) for writer in writers]
        return all(each is not None and each.job == mine.job for each in pipelines)

    def is_bound_to_stay(self, read: Io, stays: Callable[[RunId], bool]) -> bool:
        """Tells whether anything that was written before a read, by another run, stays."""
        offset = 0
        while True:
            found = self._lake.datasets.list_writes(
                read.version.dataset, until=read.at, offset=offset, limit=_ASKED
            )
            if any(io.run_id != read.run_id and stays(io.run_id) for io in found.items):
                return True
            offset += len(found.items)
            if offset >= found.total or not found.items:
                return False

    def _pipeline(self, run_id: RunId) -> Run | None:
        run, seen = self._runs.get(run_id), set[RunId]()
        while run is not None and run.parent in self._runs and run.id not in seen:
            seen.add(run.id)
            run = self._runs[run.parent]
        return run
