"""Taking events in, and answering what runs did.

Invariant: an event and the facts that follow from it become durable in one transaction, and the facts about
a run are always the fold of all its events. So events may come in any order, any number of times, over any
number of processes, and the outcome is one.
"""

from collections.abc import Sequence
from typing import Any

from lineageflow_core.catalog import History, Objects, Repositories
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.lineage import Blame, Direction, Impact, IntakeReport, LineageGraph, RunDetails
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from lineageflow_core.model.run import Run, RunState
from lineageflow_core.openlineage.received import ReceivedEvent, receive
from lineageflow_core.openlineage.record import Said
from lineageflow_core.service.blame import BlameService
from lineageflow_core.service.folding import put
from lineageflow_core.service.graph import impact, trace
from lineageflow_core.service.intake import take_in
from lineageflow_core.service.nodes import Nodes, in_order, run_with_steps
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.tips import branches_holding


class LineageService:
    """Implements `catalog.Lineage` over the log of events and what the other services can look up."""

    def __init__(
        self,
        lake: Lake,
        *,
        repositories: Repositories,
        objects: Objects,
        history: History,
    ) -> None:
        store = lake.lineage
        self._lake = lake
        self._store = store
        self._nodes = Nodes(store, repositories=repositories, objects=objects)
        self._blame = BlameService(store, objects=objects, history=history)

    def ingest(self, events: Sequence[dict[str, Any]]) -> IntakeReport:
        now = self._lake.clock()
        return take_in(self._store, self._store_new, [receive(event, at=now) for event in events])

    def get_run(self, run_id: RunId) -> RunDetails:
        run, *steps = run_with_steps(self._store, parse_run_id(run_id))
        run_ids = [run.id, *(step.id for step in steps)]
        return RunDetails(
            run=run,
            steps=tuple(steps),
            reads=tuple(in_order(self._store.reads(run_ids))),
            writes=tuple(in_order(self._store.writes(run_ids))),
        )

    def list_runs(
        self,
        *,
        job: str | None = None,
        state: RunState | None = None,
        parent: RunId | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Run]:
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInputError(f"a page holds 1 to {MAX_LIMIT} runs, not {limit}")
        parent = parse_run_id(parent) if parent is not None else None
        return self._store.list_runs(job=job, state=state, parent=parent, after=after, limit=limit)

    def trace(self, node: str, *, direction: Direction, depth: int = 3, limit: int = 300) -> LineageGraph:
        return trace(self._store, self._nodes.resolve(node), direction=direction, depth=depth, limit=limit)

    def impact(self, node: str) -> tuple[Impact, ...]:
        return impact(
            self._store,
            self._nodes.resolve(node),
            current=lambda versions: branches_holding(self._lake, versions),
        )

    def blame(self, repository: str, ref: str, path: str) -> Blame:
        return self._blame.blame(repository, ref, path)

    def blame_partitions(
        self, repository: str, ref: str, dataset: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Blame]:
        return self._blame.blame_partitions(repository, ref, dataset, after=after, limit=limit)

    def _store_new(self, events: Sequence[ReceivedEvent]) -> Sequence[bool]:
        """Stores what is new, with all that follows from it; tells for each whether it was new."""
        with self._store.write() as writer:
            new = writer.append([event.stored for event in events])
            said = Said()
            for event, is_new in zip(events, new, strict=True):
                if is_new:
                    said.add(event.said)
            put(writer, said)
        return new
