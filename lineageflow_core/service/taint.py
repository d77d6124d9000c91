"""What is derived from something bad, and what of that cannot be trusted.

Derived is everything downstream. Of that, *clean* is the least that follows from: a write is clean if it is
not bad itself and every version that its run read is clean; a version is clean if it is not derived at all,
or if it is not named bad and some write of it is clean. The rest is tainted. So equal content that was also
made from good data is trusted, and a run that only reads and rewrites a version cannot vouch for it: as the
least fixpoint, clean never rests on itself.

Where a run says what fed which of its outputs, each output is a write of its own, that read just that.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.run import Job
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.nodes import version_order
from lineageflow_core.store.ports import Key, LineageLook, LineageStore

Write: TypeAlias = tuple[Key, Key]
"""A run, and a version that it wrote."""
Unit: TypeAlias = tuple[Key, Key | None]
"""One output of a run, a dataset: all of its versions are made of the same. None is all of its outputs."""

V = TypeVar("V", bound=Hashable)
"""A version, or its key."""
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A version that is bad or was derived from something bad, or would be if a job did what it declares."""

    version: Version
    degree: int
    """How many runs lie between: 0 is bad itself."""
    produced_by: RunId | None
    """The run that made it: a bad one, or the nearest that read something derived; None if no run did."""
    tainted: bool
    """No clean run ever made the same content."""
    dataset_type: str | None = None
    declared_by: Job | None = None
    """The job that would write it; None where a run did."""


def derive(
    store: LineageStore, *, bad_writes: Collection[Io] = (), bad_versions: Collection[Version] = ()
) -> tuple[Derived, ...]:
    """Returns everything that is bad or derived from it, nearest first, then by name.

    What was derived from clean content is not listed, although a bad run made the same content, too.
    `bad_writes` are what bad runs wrote (`store.writes(runs)`, or those of them that are in question): the
    same content made by a clean run is clean. `bad_versions` are bad whoever made them.
    """
    named = {version for version in bad_versions if version.version is not None}
    writes = {(io.run_id, io.version) for io in bad_writes if io.version.version is not None}
    with store.look() as look:
        keys = look.version_keys({*named, *(version for _, version in writes)})
        runs = look.run_keys({run for run, _ in writes})
        known = {keys[version] for version in named if version in keys}
        bad = {(runs[run], keys[version]) for run, version in writes if run in runs and version in keys}
        found = list(_Derivation(look, bad, known).derived())
    found += [
        Derived(version=version, degree=0, produced_by=None, tainted=True) for version in named - keys.keys()
    ]
    return tuple(sorted(found, key=lambda item: (item.degree, version_order(item.version))))


class _Derivation:
    """What follows from bad writes and versions, by the keys of one look."""

    def __init__(self, look: LineageLook, bad: Set[Write], named: Set[Key]) -> None:
        self._look = look
        self._edges = Edges(look)
        self._bad = bad
        self._named = named

    def derived(self) -> Iterator[Derived]:
        start = self._named | {version for _, version in self._bad}
        closure = self._closure(start)
        writers = self._writers(closure)
        reads = self._reads({unit for units in writers.values() for unit in units}, closure)
        clean = clean_versions(
            derived=closure, named=self._named, bad_writes=self._bad, writers=writers, reads=reads
        )
        degrees = _degrees(start, clean, writers=writers, reads=reads)
        versions, types = self._look.versions(degrees), self._look.types(degrees)
        times = self._edges.times({unit[0] for version in degrees for unit in writers.get(version, ())})

        def distance(version: Key, unit: Unit) -> tuple[float, RunId]:
            run_id = times[unit[0]].id
            if (unit[0], version) in self._bad:
                return 0, run_id
            near = (degrees[read] for read in reads.get(unit, ()) if read in degrees)
            return 1 + min(near, default=float("inf")), run_id

        for version, degree in degrees.items():
            made = writers.get(version, set())
            nearest = next(iter(made), None)
            if len(made) > 1:
                nearest = min(made, key=partial(distance, version))
            yield Derived(
                version=versions[version],
                degree=degree,
                produced_by=times[nearest[0]].id if nearest else None,
                tainted=version not in clean,
                dataset_type=types.get(version),
            )

    def _closure(self, start: Set[Key]) -> set[Key]:
        """Returns everything downstream, with the start."""
        found, frontier, done = set(start), set(start), set[Key]()
        over: dict[Key, set[Key]] = defaultdict(set)
        """Of runs that say what fed what, the derived datasets that they read."""
        while frontier:
            runs = {read[0] for read in self._look.reads_of(frontier)}
            telling = self._edges.telling(runs)
            following = {touch[1] for touch in self._look.writes_by(runs - telling - done) if touch[3]}
            done |= runs
            for access in self._look.accesses(telling, written=False) if telling else ():
                if access.version in frontier:
                    over[access.run].add(access.dataset)
            if telling:
                known = {touch[1] for touch in self._look.writes_by(telling) if touch[3]}
                following |= {
                    access.version
                    for access in self._look.accesses(telling, written=True)
                    if access.version in known
                    and any(
                        self._edges.fed(access.run, source, access.dataset) for source in over[access.run]
                    )
                }
            frontier = following - found
            found |= frontier
        return found

    def _writers(self, versions: Set[Key]) -> dict[Key, set[Unit]]:
        """Returns the outputs of runs that each version is."""
        writes = self._look.writes_of(versions)
        telling = self._edges.telling({write[0] for write in writes})
        datasets = {
            access[:2]: access.dataset
            for access in (self._look.accesses(telling, written=True) if telling else ())
        }
        writers: dict[Key, set[Unit]] = defaultdict(set)
        for run, version, _ in writes:
            writers[version].add((run, datasets.get((run, version))))
        return writers

    def _reads(self, units: Set[Unit], derived: Set[Key]) -> dict[Unit, set[Key]]:
        """Returns which of the derived versions fed each output."""
        reads: dict[Unit, set[Key]] = defaultdict(set)
        plain = {run for run, target in units if target is None}
        for run, version, *_ in self._look.reads_by(plain) if plain else ():
            if version in derived:
                reads[run, None].add(version)
        targets: dict[Key, list[Key]] = defaultdict(list)
        for run, target in units:
            if target is not None:
                targets[run].append(target)
        for access in self._look.accesses(targets, written=False) if targets else ():
            if access.version in derived:
                for target in targets[access.run]:
                    if self._edges.fed(access.run, access.dataset, target):
                        reads[access.run, target].add(access.version)
        return reads


def clean_versions(
    *,
    derived: Set[V],
    named: Set[V],
    bad_writes: Set[tuple[Key, V]],
    writers: Mapping[V, Collection[Unit]],
    reads: Mapping[Unit, Collection[V]],
) -> set[V]:
    """Returns those of the `derived` versions that are clean.

    `writers` has the outputs of runs that each derived version is, and `reads` what fed each of those.
    """
    waiting = Counter({unit: sum(version in derived for version in read) for unit, read in reads.items()})
    readers = _inverted(reads)
    written: dict[Unit, list[V]] = defaultdict(list)
    for version in derived - named:
        for unit in writers.get(version, ()):
            if (unit[0], version) not in bad_writes:
                written[unit].append(version)
    ready = [unit for unit in written if not waiting[unit]]
    clean: set[V] = set()
    while ready:
        for version in written[ready.pop()]:
            if version in clean:
                continue
            clean.add(version)
            for unit in readers[version]:
                waiting[unit] -= 1
                if not waiting[unit] and unit in written:
                    ready.append(unit)
    return clean


def _degrees(
    start: Set[V],
    clean: Set[V],
    *,
    writers: Mapping[V, Collection[Unit]],
    reads: Mapping[Unit, Collection[V]],
) -> dict[V, int]:
    """Returns how far from the start each version is that was made of something tainted."""
    readers, written = _inverted(reads), _inverted(writers)
    degrees = dict.fromkeys(start, 0)
    frontier, degree = start - clean, 0
    while frontier:
        degree += 1
        units = {unit for version in frontier for unit in readers[version]}
        found = {version for unit in units for version in written[unit]} - degrees.keys()
        degrees.update(dict.fromkeys(found, degree))
        frontier = found - clean
    return degrees


def _inverted(pairs: Mapping[A, Collection[B]]) -> defaultdict[B, list[A]]:
    inverted: defaultdict[B, list[A]] = defaultdict(list)
    for one, others in pairs.items():
        for other in others:
            inverted[other].append(one)
    return inverted
