"""What is derived from something bad, and what of that cannot be trusted.

Derived is everything downstream. Of that, *clean* is the least that follows from: a write is clean if it is
not bad itself and every version that its run read is clean; a version is clean if it is not derived at all,
or if it is not named bad and some write of it is clean. The rest is tainted. So equal content that was also
made from good data is trusted, and a run that only reads and rewrites a version cannot vouch for it: as the
least fixpoint, clean never rests on itself.

Where a run says what fed which of its outputs, each output is a write of its own, that read just that.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.service.feeding import Feeding
from lineageflow_core.service.nodes import version_order
from lineageflow_core.store.ports import LineageStore

Write: TypeAlias = tuple[RunId, Version]
Unit: TypeAlias = tuple[RunId, DatasetName]
"""One output of a run: all of its versions are made of the same."""

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A version that is bad or was derived from something bad."""

    version: Version
    degree: int
    """How many runs lie between: 0 is bad itself."""
    produced_by: RunId | None
    """The run that made it: a bad one, or the nearest that read something derived; None if no run did."""
    tainted: bool
    """No clean run ever made the same content."""
    dataset_type: str | None = None


def derive(
    store: LineageStore, *, bad_writes: Collection[Io] = (), bad_versions: Collection[Version] = ()
) -> tuple[Derived, ...]:
    """Returns everything that is bad or derived from it, nearest first, then by name.

    What was derived from clean content is not listed, although a bad run made the same content, too.
    `bad_writes` are what bad runs wrote (`store.writes(runs)`, or those of them that are in question): the
    same content made by a clean run is clean. `bad_versions` are bad whoever made them.
    """
    named = {version for version in bad_versions if version.version is not None}
    bad = {(io.run_id, io.version): io for io in bad_writes if io.version.version is not None}
    feeding: Feeding[RunId, DatasetName] = Feeding()
    degrees, types = _closure(store, bad=bad, named=named, feeding=feeding)
    writers: dict[Version, set[Unit]] = defaultdict(set)
    for io in store.writers(list(degrees)):
        writers[io.version].add((io.run_id, io.version.dataset))
        types[io.version] = types.get(io.version) or io.dataset_type
    units: dict[RunId, set[DatasetName]] = defaultdict(set)
    for run, target in {unit for some in writers.values() for unit in some}:
        units[run].add(target)
    feeding.add(store.flows(sorted(units)))
    reads: dict[Unit, set[Version]] = defaultdict(set)
    for io in store.reads(sorted(units)):
        for target in units[io.run_id]:
            if feeding.fed(io.run_id, io.version.dataset, target):
                reads[io.run_id, target].add(io.version)
    clean = clean_versions(
        derived=degrees.keys(), named=named, bad_writes=bad.keys(), writers=writers, reads=reads
    )
    degrees = _degrees(
        {version for version, degree in degrees.items() if degree == 0}, clean, writers=writers, reads=reads
    )

    def produced_by(version: Version) -> RunId | None:
        def distance(unit: Unit) -> tuple[float, RunId]:
            run, _ = unit
            if (run, version) in bad:
                return 0, run
            near = (degrees[read] for read in reads[unit] if read in degrees)
            return 1 + min(near, default=float("inf")), run

        nearest = min(writers[version], key=distance, default=None)
        return nearest[0] if nearest else None

    found = (
        Derived(
            version=version,
            degree=degree,
            produced_by=produced_by(version),
            tainted=version not in clean,
            dataset_type=types.get(version),
        )
        for version, degree in degrees.items()
    )
    return tuple(sorted(found, key=lambda item: (item.degree, version_order(item.version))))


def clean_versions(
    *,
    derived: Set[Version],
    named: Set[Version],
    bad_writes: Set[Write],
    writers: Mapping[Version, Collection[Unit]],
    reads: Mapping[Unit, Collection[Version]],
) -> set[Version]:
    """Returns those of the `derived` versions that are clean.

    `writers` has the outputs of runs that each derived version is, and `reads` what fed each of those.
    """
    waiting = Counter({unit: sum(version in derived for version in read) for unit, read in reads.items()})
    readers = _inverted(reads)
    written: dict[Unit, list[Version]] = defaultdict(list)
    for version in derived - named:
        for unit in writers.get(version, ()):
            if (unit[0], version) not in bad_writes:
                written[unit].append(version)
    ready = [unit for unit in written if not waiting[unit]]
    clean: set[Version] = set()
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
    start: Set[Version],
    clean: Set[Version],
    *,
    writers: Mapping[Version, Collection[Unit]],
    reads: Mapping[Unit, Collection[Version]],
) -> dict[Version, int]:
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


def _closure(
    store: LineageStore, *, bad: Mapping[Write, Io], named: Set[Version], feeding: Feeding[RunId, DatasetName]
) -> tuple[dict[Version, int], dict[Version, str | None]]:
    """Returns everything downstream with its degree, and the types of the datasets where they are known."""
    degrees = dict.fromkeys(named, 0)
    types: dict[Version, str | None] = {}
    for (_, version), io in bad.items():
        degrees[version] = 0
        types[version] = io.dataset_type
    sources: dict[RunId, set[DatasetName]] = defaultdict(set)
    """By run, the derived datasets that it read."""
    frontier, degree = list(degrees), 0
    while frontier:
        degree += 1
        runs: set[RunId] = set()
        for io in store.readers(frontier):
            if io.version.dataset not in sources[io.run_id]:
                sources[io.run_id].add(io.version.dataset)
                runs.add(io.run_id)
        feeding.add(store.flows(sorted(runs)))
        frontier = []
        for io in store.writes(sorted(runs)):
            is_new = io.version.version is not None and io.version not in degrees
            target = io.version.dataset
            if is_new and any(feeding.fed(io.run_id, source, target) for source in sources[io.run_id]):
                degrees[io.version] = degree
                types[io.version] = io.dataset_type
                frontier.append(io.version)
    return degrees, types
