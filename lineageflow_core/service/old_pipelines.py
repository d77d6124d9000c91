"""Pipelines that are old enough to go: which of them may, why others stay, and in which order they go."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.pruning import KeptBecause
from lineageflow_core.model.run import Run
from lineageflow_core.service.own_reads import OwnReads


@dataclass(slots=True)
class OldPipelines:
    """Old pipelines: those that may go, and why others stay."""

    own: OwnReads
    families: dict[RunId, tuple[RunId, ...]] = field(default_factory=dict)
    """By pipeline, itself and its steps."""
    kept: dict[RunId, KeptBecause] = field(default_factory=dict)
    _roots: dict[RunId, RunId] = field(default_factory=dict)
    """By run, its pipeline."""

    readers: dict[RunId, set[RunId]] = field(default_factory=lambda: defaultdict(set))
    """By pipeline, others that may go, too, and read what it wrote without naming a version."""

    @property
    def going(self) -> dict[RunId, tuple[RunId, ...]]:
        """Those that may go, newest first."""
        return {root: family for root, family in self.families.items() if root not in self.kept}

    def in_order(self) -> deque[RunId]:
        """Returns those that may go, what read before what it read, as far as there is such an order."""
        going = self.going
        sorter = TopologicalSorter({root: self.readers.get(root, ()) for root in going})
        with suppress(CycleError):  # what lies before a circle is sorted all the same
            sorter.prepare()
        ordered: dict[RunId, None] = {}
        while ready := sorter.get_ready():
            ordered |= dict.fromkeys(ready)
            sorter.done(*ready)
        return deque(ordered | dict.fromkeys(going))

    def read(self, reader: RunId, writers: Iterable[RunId]) -> None:
        """Takes note that a run read what others wrote; all of them are of pipelines that may go."""
        for root in {self._roots[each] for each in writers} - {self._roots[reader]}:
            self.readers[root].add(self._roots[reader])

    def read_own(self, reader: RunId, writers: Iterable[RunId]) -> None:
        """Takes note that a run read what its pipeline wrote before: of those, the oldest go first."""
        for writer in writers:
            self.read(writer, [reader])

    def keep(self, run_ids: Iterable[RunId], because: KeptBecause) -> set[RunId]:
        """Keeps the pipelines of these runs that are among the old ones; returns those not kept before."""
        new = {self._roots[each] for each in run_ids if each in self._roots} - self.kept.keys()
        self.kept |= dict.fromkeys(new, because)
        return new

    def is_going(self, run_id: RunId) -> bool:
        """Tells whether a run is of a pipeline that may go."""
        root = self._roots.get(run_id)
        return root is not None and root not in self.kept

    def add(self, root: RunId, family: Sequence[Run]) -> None:
        """Adds an old pipeline with its steps."""
        self.families[root] = tuple(run.id for run in family)
        self._roots |= dict.fromkeys(self.families[root], root)
