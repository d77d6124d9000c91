"""A look at lineage in memory: values are their own keys."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.run import Run
from lineageflow_core.store.instants import to_microseconds
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import (
    NO_TIME,
    Access,
    Key,
    KeyedColumnEdge,
    KeyedFlow,
    KnownTouch,
    RunTimes,
    Touch,
    Writes,
)


class _Facts(Protocol):
    """What a look is at."""

    def all_reads(self) -> list[Io]: ...

    def all_writes(self) -> list[Io]: ...

    def flows(self, run_ids: Sequence[RunId]) -> list[Flow]: ...

    def columns(self, run_ids: Sequence[RunId]) -> dict[tuple[RunId, DatasetName], frozenset[ColumnEdge]]: ...

    def runs(self, run_ids: Sequence[RunId]) -> dict[RunId, Run]: ...


class MemoryLineageLook:
    """A `LineageLook` at facts that do not change meanwhile."""

    def __init__(self, facts: _Facts) -> None:
        self._facts = facts

    def run_keys(self, run_ids: Collection[RunId]) -> dict[RunId, Key]:
        return {run_id: run_id for run_id in self._facts.runs(list(run_ids))}

    def version_keys(self, versions: Collection[Version]) -> dict[Version, Key]:
        touched = {version for version, _ in self._of_version}
        return {version: version for version in versions if version in touched}

    def readers(self, versions: Collection[Key]) -> set[Key]:
        return {io.run_id for version in versions for io in self._of_version.get((version, False), ())}

    def read_by(self, runs: Collection[Key]) -> set[Key]:
        return {io.version for run in runs for io in self._by_run.get((run, False), ())}

    def writers(self, versions: Collection[Key]) -> Writes:
        writes = [io for version in versions for io in self._of_version.get((version, True), ())]
        return Writes({io.run_id for io in writes if self._is_settled(io)}, self._unsettled(writes))

    def written_by(self, runs: Collection[Key]) -> Writes:
        writes = [io for run in runs for io in self._by_run.get((run, True), ())]
        return Writes({io.version for io in writes if self._is_settled(io)}, self._unsettled(writes))

    def reads_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return [_touch(io) for version in versions for io in self._of_version.get((version, False), ())]

    def writes_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return [_touch(io) for version in versions for io in self._of_version.get((version, True), ())]

    def rewritten(self, versions: Collection[Key]) -> set[Key]:
        return {version for version in versions if len(self._of_version.get((version, True), ())) > 1}

    def reads_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return [_known_touch(io) for run in runs for io in self._by_run.get((run, False), ())]

    def writes_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return [_known_touch(io) for run in runs for io in self._by_run.get((run, True), ())]

    def accesses(self, runs: Collection[Key], *, written: bool) -> list[Access]:
        return [
            Access(io.run_id, io.version, written, io.version.dataset, io.evidence)
            for run in runs
            for io in self._by_run.get((run, written), ())
        ]

    def flows(self, runs: Collection[Key]) -> list[KeyedFlow]:
        return [
            KeyedFlow(flow.run_id, flow.target, flow.source, flow.evidence)
            for flow in self._facts.flows(_as_they_are(runs))
        ]

    def columns(self, runs: Collection[Key]) -> list[KeyedColumnEdge]:
        return [
            KeyedColumnEdge(
                run, target, edge.source, edge.field, edge.source_field, edge.kind, edge.subtype, edge.masking
            )
            for (run, target), edges in self._facts.columns(_as_they_are(runs)).items()
            for edge in edges
        ]

    def times(self, runs: Collection[Key]) -> dict[Key, RunTimes]:
        found: Iterable[tuple[RunId, Run]] = self._facts.runs(_as_they_are(runs)).items()
        return {key: RunTimes(key, place_of_run(run).at, run.ended_at) for key, run in found}

    def inputs(self, runs: Collection[Key]) -> dict[Key, int]:
        read: dict[Key, set[Key]] = defaultdict(set)
        for access in self.accesses(runs, written=False):
            read[access.run].add(access.dataset)
        return {run: len(datasets) for run, datasets in read.items()}

    def versions(self, keys: Collection[Key]) -> dict[Key, Version]:
        return {key: key for key in _as_they_are(keys)}

    def types(self, versions: Collection[Key]) -> dict[Key, str]:
        wanted = set(versions)
        found: dict[Key, str] = {}
        for ios in (self._facts.all_reads(), self._facts.all_writes()):
            said = ((io.version, io.dataset_type) for io in ios)
            typed = [(version, kind) for version, kind in said if version in wanted and kind]
            found |= dict(sorted(typed, key=lambda each: each[1], reverse=True))
        return found

    def datasets(self, keys: Collection[Key]) -> dict[Key, DatasetName]:
        return {key: key for key in _as_they_are(keys)}

    def runs(self, keys: Collection[Key]) -> dict[Key, Run]:
        found: Iterable[tuple[Key, Run]] = self._facts.runs(_as_they_are(keys)).items()
        return dict(found)

    def _unsettled(self, writes: Iterable[Io]) -> list[tuple[Key, Key]]:
        return [(io.run_id, io.version) for io in writes if not self._is_settled(io)]

    def _is_settled(self, write: Io) -> bool:
        reads, at = self._of_version.get((write.version, False), ()), write.at
        return (
            write.evidence is not Evidence.UNKNOWN
            and at is not None
            and len(self._of_version[write.version, True]) == 1
            and all(read.run_id != write.run_id and read.at is not None and at <= read.at for read in reads)
        )

    @cached_property
    def _of_version(self) -> dict[tuple[Key, bool], list[Io]]:
        found: dict[tuple[Key, bool], list[Io]] = defaultdict(list)
        for written, io in self._ios:
            found[io.version, written].append(io)
        return dict(found)

    @cached_property
    def _by_run(self) -> dict[tuple[Key, bool], list[Io]]:
        found: dict[tuple[Key, bool], list[Io]] = defaultdict(list)
        for written, io in self._ios:
            found[io.run_id, written].append(io)
        return dict(found)

    @cached_property
    def _ios(self) -> list[tuple[bool, Io]]:
        reads, writes = self._facts.all_reads(), self._facts.all_writes()
        return [*((False, io) for io in reads), *((True, io) for io in writes)]


def _touch(io: Io) -> Touch:
    return io.run_id, io.version, NO_TIME if io.at is None else to_microseconds(io.at)


def _known_touch(io: Io) -> KnownTouch:
    return *_touch(io), io.evidence is not Evidence.UNKNOWN


def _as_they_are(keys: Collection[Key]) -> list[Any]:
    return list(keys)
