"""Which of a run's inputs fed which of its outputs: all of them, unless the run says more."""

from collections import defaultdict
from collections.abc import Iterable

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Flow


class Feeding:
    """What some runs say of their flows."""

    def __init__(self, flows: Iterable[Flow] = ()) -> None:
        self._sources: dict[tuple[RunId, DatasetName], set[DatasetName]] = defaultdict(set)
        self._evidence: dict[tuple[RunId, DatasetName], Evidence] = {}
        self.add(flows)

    def add(self, flows: Iterable[Flow]) -> None:
        """Takes in what more runs say."""
        for flow in flows:
            output = flow.run_id, flow.target
            self._evidence[output] = flow.evidence
            self._sources[output] |= {flow.source} if flow.source is not None else set()

    def fed(self, run: RunId, source: DatasetName, target: DatasetName) -> bool:
        """Tells whether one input of a run fed one output."""
        return (run, target) not in self._evidence or source in self._sources[run, target]

    def evidence(self, run: RunId, target: DatasetName) -> Evidence:
        """Returns how it is known what fed an output: CARTESIAN where the run says nothing."""
        return self._evidence.get((run, target), Evidence.CARTESIAN)
