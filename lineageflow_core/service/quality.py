"""What tests found out about data, and what is therefore not to be trusted.

Whether a version is tainted follows from what is upstream of it alone: so that is what is looked at, however
much was derived from the rest.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.quality import Outcome, Quality, Taint, Tested
from lineageflow_core.openlineage.quality import assertions, measurements, run_tests
from lineageflow_core.service.feeding import Feeding
from lineageflow_core.service.nodes import in_order
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.said import Said, plain_facets
from lineageflow_core.service.taint import Unit, clean_versions
from lineageflow_core.store.paging import place_of_run

MAX_UPSTREAM = 10_000
"""Versions that are looked at for one answer."""


def quality_of(lake: Lake, tested: Sequence[Tested]) -> list[Quality]:
    """Returns the results of tests and measurements, one for each of `tested`, in that order."""
    run_ids = sorted({each.run_id for each in tested})
    runs, said = lake.lineage.runs(run_ids), Said(lake, run_ids)
    ios: dict[tuple[RunId, DatasetName, bool], list[Io]] = defaultdict(list)
    readers = set()
    for written, found in ((True, lake.lineage.writes(run_ids)), (False, lake.lineage.reads(run_ids))):
        for io in in_order(found):
            ios[io.run_id, io.version.dataset, written].append(io)
            readers |= set() if written else {io.run_id}
    shown = []
    for each in tested:
        facets = said.facets(each.run_id, each.dataset, written=each.written)
        is_of_run = each.written == (each.run_id not in readers)
        of_run = run_tests(plain_facets(said.record(each.run_id).facets)) if is_of_run else ()
        shown.append(
            Quality(
                dataset=each.dataset,
                versions=tuple(io.version for io in ios[each.run_id, each.dataset, each.written]),
                run=runs[each.run_id],
                written=each.written,
                assertions=(*assertions(facets), *of_run),
                measurements=measurements(facets),
            )
        )
    return shown


def quality_by_version(lake: Lake, versions: Collection[Version]) -> dict[Version, list[Quality]]:
    """Returns what any run found out about each of these versions, the last first."""
    found: dict[Version, list[Quality]] = {version: [] for version in versions}
    every = quality_of(lake, lake.datasets.tested(list(versions)))
    for quality in sorted(every, key=lambda each: place_of_run(each.run), reverse=True):
        for version in quality.versions:
            if version in found:
                found[version].append(quality)
    return found


def taint(lake: Lake, version: Version) -> Taint:
    """Tells whether a version, or something upstream that it was made of, failed a test."""
    past = _Past(lake, version)
    tested = lake.datasets.tested(list(past.versions))
    suspects = {each.dataset for each in tested if each.failed}
    failed = _failures(quality_of(lake, [each for each in tested if each.dataset in suspects]), past.versions)
    derived = past.derived_from(failed.keys())
    if version not in derived:
        return Taint(version=version, tainted=False, is_complete=past.is_complete)
    clean = clean_versions(
        derived=derived, named=failed.keys(), bad_writes=frozenset(), writers=past.writers, reads=past.reads
    )
    bad = past.reached_over(version, derived - clean)
    causes = {cause.run.id + str(cause.dataset): cause for each in bad for cause in failed.get(each, ())}
    return Taint(
        version=version,
        tainted=bool(bad),
        causes=tuple(sorted(causes.values(), key=lambda each: place_of_run(each.run), reverse=True)),
        is_complete=past.is_complete,
    )


def _failures(found: Sequence[Quality], versions: Set[Version]) -> dict[Version, list[Quality]]:
    """Returns by version the failed tests that no later result of the same test took back."""
    last: dict[tuple[Version, tuple[str, str, str]], tuple[Quality, Outcome]] = {}
    for quality in sorted(found, key=lambda each: (place_of_run(each.run), each.written)):
        for version in versions & set(quality.versions):
            for each in quality.assertions:
                if each.outcome is not Outcome.SKIPPED:
                    last[version, each.key] = quality, each.outcome
    failed: dict[Version, dict[int, Quality]] = defaultdict(dict)
    for (version, _), (quality, outcome) in last.items():
        if outcome is Outcome.FAILED:
            kept = tuple(each for each in quality.assertions if each.outcome is Outcome.FAILED)
            failed[version][id(quality)] = replace(quality, assertions=kept)
    return {version: list(each.values()) for version, each in failed.items()}


class _Past:
    """Everything that a version was made of, as far as versions are known exactly."""

    def __init__(self, lake: Lake, start: Version) -> None:
        self.versions = {start}
        self.writers: dict[Version, set[Unit]] = defaultdict(set)
        self.reads: dict[Unit, set[Version]] = defaultdict(set)
        self.is_complete = True
        feeding: Feeding[RunId, DatasetName] = Feeding()
        store = lake.lineage
        frontier = [start]
        while frontier:
            units: dict[RunId, set[DatasetName]] = defaultdict(set)
            for io in store.writers(frontier):
                unit = io.run_id, io.version.dataset
                self.writers[io.version].add(unit)
                if unit not in self.reads:
                    self.reads[unit] = set()
                    units[io.run_id].add(io.version.dataset)
            feeding.add(store.flows(sorted(units)))
            found: dict[Version, None] = {}
            for io in in_order(store.reads(sorted(units))):
                for target in units[io.run_id]:
                    if io.version.version is not None and feeding.fed(io.run_id, io.version.dataset, target):
                        self.reads[io.run_id, target].add(io.version)
                        found[io.version] = None
            frontier = [each for each in found if each not in self.versions]
            if len(self.versions) + len(frontier) > MAX_UPSTREAM:
                self.is_complete = False
                frontier = frontier[: MAX_UPSTREAM - len(self.versions)]
            self.versions |= set(frontier)

    def derived_from(self, bad: Set[Version]) -> set[Version]:
        """Returns these versions and what was made of them."""
        made_of: dict[Version, set[Version]] = defaultdict(set)
        for version, units in self.writers.items():
            for unit in units:
                for read in self.reads[unit]:
                    made_of[read].add(version)
        return _closure(bad, made_of)

    def reached_over(self, version: Version, tainted: Set[Version]) -> set[Version]:
        """Returns what leads to a version over tainted ones only; nothing if it is not tainted itself."""
        read = {
            each: {read for unit in self.writers[each] for read in self.reads[unit] if read in tainted}
            for each in tainted
        }
        return _closure({version} & tainted, read)


def _closure(start: Set[Version], edges: Mapping[Version, Set[Version]]) -> set[Version]:
    found, pending = set(start), list(start)
    while pending:
        new = edges.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return found
