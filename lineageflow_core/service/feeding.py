"""Which of a run's inputs fed which of its outputs: all of them, unless the run says more."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from lineageflow_core.model.lineage import Evidence

R = TypeVar("R", bound=Hashable)
D = TypeVar("D", bound=Hashable)
R_co = TypeVar("R_co", covariant=True)
D_co = TypeVar("D_co", covariant=True)

_STRENGTH = list(Evidence)


class SomeFlow(Protocol[R_co, D_co]):
    """A `Flow`, or a `KeyedFlow`."""

    @property
    def run_id(self) -> R_co: ...

    @property
    def target(self) -> D_co: ...

    @property
    def source(self) -> D_co | None: ...

    @property
    def evidence(self) -> Evidence: ...


class Feeding(Generic[R, D]):
    """What some runs say of their flows."""

    def __init__(self, flows: Iterable[SomeFlow[R, D]] = ()) -> None:
        self._sources: dict[tuple[R, D], set[D]] = defaultdict(set)
        self._evidence: dict[tuple[R, D], Evidence] = {}
        self.telling: set[R] = set()
        """The runs that say anything of that."""
        self.add(flows)

    def add(self, flows: Iterable[SomeFlow[R, D]]) -> None:
        """Takes in what more runs say."""
        for flow in flows:
            output = flow.run_id, flow.target
            self.telling.add(flow.run_id)
            known = self._evidence.get(output, flow.evidence)
            self._evidence[output] = min(known, flow.evidence, key=_STRENGTH.index)
            self._sources[output] |= {flow.source} if flow.source is not None else set()

    def fed(self, run: R, source: D, target: D) -> bool:
        """Tells whether one input of a run fed one output."""
        return (run, target) not in self._evidence or source in self._sources[run, target]

    def evidence(self, run: R, target: D) -> Evidence:
        """Returns how it is known what fed an output, at best: CARTESIAN where the run says nothing."""
        return self._evidence.get((run, target), Evidence.CARTESIAN)
