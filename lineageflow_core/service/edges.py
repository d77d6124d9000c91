"""What is known of edges while a walk looks at them: how well, since when, and what is connected in a run.

Everything is asked of the store once a layer, and only where somebody wants to know.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from lineageflow_core.model.lineage import Evidence
from lineageflow_core.service.feeding import Feeding
from lineageflow_core.store.ports import NO_TIME, Access, Key, KnownTouch, LineageLook, RunTimes, Touch

T = TypeVar("T", Touch, KnownTouch)


class Edge(NamedTuple):
    """From a version to a run that read it, or from a run to a version that it wrote."""

    run: Key
    version: Key
    written: bool


def edge_of(access: Access) -> Edge:
    """Returns the edge that an access is."""
    return Edge(access.run, access.version, access.written)


class Edges:
    """The edges of one look, as far as they are to be followed.

    `evidence`: only edges that are known so; None is all. `until`: only those of runs that had ended then.
    """

    def __init__(
        self,
        look: LineageLook,
        *,
        evidence: Collection[Evidence] | None = None,
        until: datetime | None = None,
    ) -> None:
        self._look = look
        self._wanted = None if evidence is None else frozenset(evidence)
        self._until = until
        self._feeding: Feeding[Key, Key] = Feeding()
        self._asked: set[Key] = set()
        """Runs whose flows are known."""
        self._inputs: dict[Key, int] = {}
        self._times: dict[Key, RunTimes] = {}

    @property
    def are_all(self) -> bool:
        """Whether all edges are to be followed."""
        return self._wanted is None and self._until is None

    def of(self, versions: Collection[Key], *, written: bool) -> Sequence[Touch]:
        """Returns what wrote these versions, or what read them."""
        look = self._look
        found = look.writes_of(versions) if written else look.reads_of(versions)
        return found if self._until is None else self._ended(found, self._until)

    def by(self, runs: Collection[Key], *, written: bool) -> Sequence[KnownTouch]:
        """Returns what these runs wrote, or what they read."""
        look = self._look
        found = look.writes_by(runs) if written else look.reads_by(runs)
        return found if self._until is None else self._ended(found, self._until)

    def wanted(self, touches: Sequence[T], *, written: bool) -> Sequence[T]:
        """Leaves those whose evidence is to be followed."""
        if self._wanted is None:
            return touches
        accesses = self._look.accesses({touch[0] for touch in touches}, written=written)
        evidence = self.evidence(accesses)
        return [touch for touch in touches if evidence[Edge(touch[0], touch[1], written)] in self._wanted]

    def wanted_of(self, accesses: Collection[Access]) -> Collection[Access]:
        """Leaves those that are to be followed."""
        if self._until is not None:
            ended = {touch[0] for touch in self._ended([access[:3] for access in accesses], self._until)}
            accesses = [access for access in accesses if access.run in ended]
        if self._wanted is None:
            return accesses
        evidence = self.evidence(accesses)
        return [access for access in accesses if evidence[edge_of(access)] in self._wanted]

    def evidence(self, accesses: Iterable[Access]) -> dict[Edge, Evidence]:
        """Returns how each edge is known.

        A run made its output of what it says fed it, else of all that it read: which is no more than a guess
        where that was several datasets.
        """
        accesses = list(accesses)
        writers = {access.run for access in accesses if access.written}
        self.learn_flows(writers)
        new = writers - self._inputs.keys()
        self._inputs |= dict.fromkeys(new, 0) | self._look.inputs(new)
        return {
            edge_of(access): (self._evidence_of_output(access) if access.written else access.evidence)
            for access in accesses
        }

    def learn_flows(self, runs: Iterable[Key]) -> None:
        """Asks what these runs say of what fed what, for `fed`."""
        new = set(runs) - self._asked
        self._asked |= new
        self._feeding.add(self._look.flows(new))

    def telling(self, runs: Collection[Key]) -> set[Key]:
        """Returns those of the runs that say of any output what fed it."""
        self.learn_flows(runs)
        return self._feeding.telling.intersection(runs)

    def fed(self, run: Key, source: Key, target: Key) -> bool:
        """Tells whether one dataset that a run read fed another that it wrote."""
        return self._feeding.fed(run, source, target)

    def feeders(self, reads: Sequence[T], writes: dict[Key, list[Touch]]) -> list[Key | None]:
        """Returns, for each read, the run whose write of the version fed the reader. `writes`: by version.

        Equal content is one version, so a version can have several writers. What fed a reader is the last to
        start of those that had written it when the reader started, or had started when it ended; no other
        writer and reader of a version are connected.
        """
        runs = {read[0] for read in reads}
        times = self.times(runs | {write[0] for read in reads for write in writes.get(read[1], ())})
        return [_feeder(read, writes.get(read[1], ()), times) for read in reads]

    def times(self, runs: Collection[Key]) -> dict[Key, RunTimes]:
        """Returns when runs were, these among them."""
        new = set(runs) - self._times.keys()
        if new:
            self._times |= self._look.times(new)
        return self._times

    def _ended(self, touches: Sequence[T], until: datetime) -> list[T]:
        times = self.times({touch[0] for touch in touches})
        return [touch for touch in touches if (end := times[touch[0]].ended) is not None and end <= until]

    def _evidence_of_output(self, access: Access) -> Evidence:
        if access.evidence is Evidence.UNKNOWN:
            return Evidence.UNKNOWN
        said = self._feeding.evidence(access.run, access.dataset)
        is_of_one = said is Evidence.CARTESIAN and self._inputs[access.run] <= 1
        return Evidence.EXPLICIT if is_of_one else said


def _feeder(read: T, writes: Iterable[Touch], times: dict[Key, RunTimes]) -> Key | None:
    reader, read_at = read[0], read[2]
    ended = times[reader].ended
    earlier = [
        (times[writer].started, times[writer].id, writer)
        for writer, _, written_at in writes
        if writer != reader
        and (NO_TIME < written_at <= read_at or ended is None or times[writer].started <= ended)
    ]
    return max(earlier, key=lambda each: each[:2])[2] if earlier else None
