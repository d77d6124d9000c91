"""What happens in a lake, read from its two logs: events, and operations.

Nothing is written for it: a place is one place in each log, and both give out their places in the order in
which entries became visible (`EventLog.events_after`, `OperationStore.placed_after`). So whoever goes on
where they were misses nothing, whichever process wrote it, and no process needs to know who listens.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from lineageflow_core.errors import IntegrityError, InvalidInputError, NotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import PlanId, RunId
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.live import LiveEntries, LiveEntry, LiveKind
from lineageflow_core.model.operation import Operation, RefMove
from lineageflow_core.model.page import DEFAULT_LIMIT
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.run import Run
from lineageflow_core.openlineage.naming import repository_of
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.paging import check_limit
from lineageflow_core.store.ports import PlacedOperation

_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")
_ROLLBACK = "rollback"
_PEOPLES = frozenset({RefKind.BRANCH, RefKind.TAG})


class _Place(NamedTuple):
    """How far somebody is in each log."""

    events: int
    operations: int

    def __str__(self) -> str:
        return f"{self.events}.{self.operations}"


class LiveService:
    """Implements `catalog.Live` over the two logs."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def changes(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[LiveKind] = (),
        repository: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> LiveEntries:
        check_limit(limit)
        events, operations = self._lake.stores.events, self._lake.stores.operations
        if after is None:
            now = _Place(events.last_event(), operations.last_place())
            return LiveEntries(next=str(now), more=False)
        place = _parse(after)
        seen = events.events_after(place.events, limit)
        done = operations.placed_after(place.operations, limit)
        entries = [
            *self._of_events(seen, place.operations),
            *self._of_operations(done, seen[-1][0] if seen else place.events),
        ]
        wanted = frozenset(kinds) or frozenset(LiveKind)
        # A place beyond the end is of a lake that was there before: whoever comes with it goes on from now.
        end = _Place(
            seen[-1][0] if seen else min(place.events, events.last_event()),
            done[-1].place if done else min(place.operations, operations.last_place()),
        )
        return LiveEntries(
            items=tuple(
                entry
                for entry in entries
                if entry.kind in wanted and (repository is None or repository in entry.repositories)
            ),
            next=str(end),
            more=limit in {len(seen), len(done)},
        )

    def _of_events(self, seen: Sequence[tuple[int, RunId | None]], operations: int) -> Iterator[LiveEntry]:
        """Yields what events tell; of several about one run, the last one stands for all."""
        last = {run_id: place for place, run_id in seen if run_id is not None}
        run_ids = list(last)
        runs = self._lake.lineage.runs(run_ids)
        written: dict[RunId, list[Io]] = defaultdict(list)
        for io in self._lake.lineage.writes(run_ids):
            written[io.run_id].append(io)
        read: dict[RunId, set[str]] = defaultdict(set)
        for io in self._lake.lineage.reads(run_ids):
            read[io.run_id] |= _repositories([io])
        for run_id, place in sorted(last.items(), key=lambda item: item[1]):
            if run_id in runs:
                at = str(_Place(place, operations))
                yield from _of_run(runs[run_id], written[run_id], read[run_id], at)

    def _of_operations(self, done: Iterable[PlacedOperation], events: int) -> Iterator[LiveEntry]:
        for each in done:
            try:
                opened = self._lake.with_id(each.repository)
            except NotFoundError:
                continue  # it was purged
            place, name = str(_Place(events, each.place)), opened.info.name
            for move in each.operation.moves:
                if move.ref.kind not in _PEOPLES:
                    continue
                yield _of_move(LiveKind.REF, move.ref.name, each.operation, move, place, name)
                if move.after is not None and move.before is not None and move.ref.kind is RefKind.BRANCH:
                    yield _of_move(LiveKind.COMMIT, move.after, each.operation, move, place, name)
                    if each.operation.operation == _ROLLBACK:
                        with suppress(IntegrityError):  # it may be collected, where its branch was deleted
                            [commit] = opened.commits([move.after])
                            yield from _of_plan(commit, each.operation, move, place, name)


def _parse(text: str) -> _Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"{text[:100]!r} is no place in what happened: pass the `next` of an answer as `after`, or '0.0'"
        )
    return _Place(int(match[1]), int(match[2]))


def _repositories(ios: Iterable[Io]) -> set[str]:
    return {name for io in ios if (name := repository_of(io.version.namespace)) is not None}


def _of_run(run: Run, written: Sequence[Io], read: set[str], place: str) -> Iterator[LiveEntry]:
    about = tuple(sorted(read | _repositories(written)))
    at, state = run.ended_at or run.started_at, run.state
    yield LiveEntry(
        place=place,
        kind=LiveKind.RUN,
        id=run.id,
        what=state.value,
        at=at,
        repositories=about,
        run_id=run.id,
        job=run.job.name,
        state=state,
    )
    versions: dict[DatasetName, list[Io]] = defaultdict(list)
    for io in written:
        if io.version.version is not None:
            versions[io.version.dataset].append(io)
    for dataset, ios in sorted(versions.items()):
        yield LiveEntry(
            place=place,
            kind=LiveKind.VERSION,
            id=f"{dataset.namespace}/{dataset.name}",
            what=state.value,
            at=at,
            repositories=tuple(sorted(_repositories(ios))),
            run_id=run.id,
            job=run.job.name,
            state=state,
            versions=len(ios),
        )


def _of_move(
    kind: LiveKind, id_: str, done: Operation, move: RefMove, place: str, repository: str
) -> LiveEntry:
    return LiveEntry(
        place=place,
        kind=kind,
        id=id_,
        what=done.operation,
        at=done.at,
        repositories=(repository,),
        ref=move.ref.name,
        commit=move.after,
    )


def _of_plan(
    commit: Commit, done: Operation, move: RefMove, place: str, repository: str
) -> Iterator[LiveEntry]:
    plan = commit.metadata.get("plan")
    if plan is not None:
        yield LiveEntry(
            place=place,
            kind=LiveKind.PLAN,
            id=plan,
            what=done.operation,
            at=done.at,
            repositories=(repository,),
            ref=move.ref.name,
            commit=move.after,
            plan=PlanId(plan),
        )
