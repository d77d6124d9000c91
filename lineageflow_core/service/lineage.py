"""Taking events in, and answering what runs did.

Invariant: an event and the facts that follow from it become durable in one transaction, and the facts about
a run are always the fold of all its events. So events may come in any order, any number of times, over any
number of processes, and the outcome is one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lineageflow_core.catalog import History, Objects, Repositories
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.column_lineage import ColumnGraph
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.lineage import (
    Blame,
    Direction,
    Evidence,
    Impact,
    IntakeReport,
    LineageGraph,
    LineagePart,
    LineagePaths,
    RunDetails,
    SourceChange,
)
from lineageflow_core.model.node import JOB_PREFIX, format_node, parse_node
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.received import ReceivedEvent, receive
from lineageflow_core.openlineage.record import Said
from lineageflow_core.service.blame import BlameService
from lineageflow_core.service.columns import check_question, trace_columns
from lineageflow_core.service.declarations import Declarations
from lineageflow_core.service.declared import with_declared, with_declaring
from lineageflow_core.service.folding import put
from lineageflow_core.service.graph import Question, part, paths, trace
from lineageflow_core.service.impact import ImpactQuestion, Impacts
from lineageflow_core.service.intake import take_in
from lineageflow_core.service.lineage_at import source_changes, versions_at
from lineageflow_core.service.nodes import Nodes, Start, in_order, run_with_steps
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.renames import lasting_words
from lineageflow_core.store.paging import check_limit, page_of


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
        self._objects = objects
        self._nodes = Nodes(lake, repositories=repositories, objects=objects)
        self._impacts = Impacts(lake)
        self._blame = BlameService(lake, objects=objects, history=history)

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
        check_limit(limit)
        parent = parse_run_id(parent) if parent is not None else None
        return self._store.list_runs(job=job, state=state, parent=parent, after=after, limit=limit)

    def trace(
        self,
        node: str,
        *,
        direction: Direction,
        depth: int = 3,
        limit: int = 300,
        evidence: Sequence[Evidence] | None = None,
        dataset_types: Sequence[str] | None = None,
        until: datetime | None = None,
    ) -> LineageGraph:
        question = Question(
            direction=direction,
            depth=depth,
            limit=limit,
            evidence=evidence,
            dataset_types=dataset_types,
            until=until,
        )
        return self._trace(self._nodes.resolve(node), question)

    def paths(self, source: str, target: str, *, depth: int = 20, limit: int = 10) -> LineagePaths:
        one, other = self._nodes.resolve(source), self._nodes.resolve(target)
        return paths(self._store, one, other, depth=depth, limit=limit)

    def trace_columns(
        self,
        node: str,
        *,
        direction: Direction,
        column: str | None = None,
        depth: int = 3,
        limit: int = 1000,
    ) -> ColumnGraph:
        check_question(direction, depth, limit)
        start = self._nodes.resolve(node)
        if start.runs:
            raise InvalidInputError(f"{node} is a run, which has no columns: name a dataset or version")
        return trace_columns(
            self._lake, start.versions, column, direction=direction, depth=depth, limit=limit
        )

    def trace_ref(self, repository: str, ref: str, *, depth: int = 1, limit: int = 1000) -> LineageGraph:
        question = Question(direction=Direction.UPSTREAM, depth=depth, limit=limit)
        start = Start(versions=tuple(versions_at(self._lake, self._objects, repository, ref)))
        return self._trace(start, question)

    def list_lineage(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> LineagePart:
        check_limit(limit)
        last = _parse_last(after) if after is not None else None
        found: list[RunId | Job] = []
        if not isinstance(last, Job):
            found += self._store.runs_that_touched(namespace, after=last, limit=limit + 1)
            last = None
        if len(found) <= limit:  # behind all runs
            found += self._store.jobs_that_declare(namespace, after=last, limit=limit + 1 - len(found))
        page = page_of(found, limit, cursor=lambda each: format_node(each) if isinstance(each, Job) else each)
        graph = part(self._store, [each for each in page.items if not isinstance(each, Job)])
        jobs = [each for each in page.items if isinstance(each, Job)]
        if jobs:
            graph = with_declaring(graph, Declarations(self._lake), jobs)
        return LineagePart(graph=graph, next=page.next)

    def diff_lineage(self, repository: str, left: str, right: str) -> tuple[SourceChange, ...]:
        before, after = (
            set(versions_at(self._lake, self._objects, repository, ref)) for ref in (left, right)
        )
        return source_changes(self._store, before, after)

    def impact(
        self,
        node: str,
        *,
        depth: int | None = None,
        evidence: Sequence[Evidence] | None = None,
        dataset_types: Sequence[str] | None = None,
        until: datetime | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Impact]:
        question = ImpactQuestion(depth=depth, evidence=evidence, dataset_types=dataset_types, until=until)
        return self._impacts.list(self._nodes.resolve(node), question, after=after, limit=limit)

    def blame(self, repository: str, ref: str, path: str) -> Blame:
        return self._blame.blame(repository, ref, path)

    def blame_partitions(
        self, repository: str, ref: str, dataset: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Blame]:
        return self._blame.blame_partitions(repository, ref, dataset, after=after, limit=limit)

    def _trace(self, start: Start, question: Question) -> LineageGraph:
        if not question.follows_declared:
            return trace(self._store, start, question)
        said = Declarations(self._lake)
        said.learn(jobs=start.jobs)
        jobs = [job for job in start.jobs if said.declares(job) or not start.runs]
        if jobs:  # with what they would read now; what that fed besides has nothing to do with them
            is_upstream = question.direction is not Direction.DOWNSTREAM and question.limit > len(jobs)
            start = Start(versions=tuple(each for job in jobs for each in said.read_now(job) if is_upstream))
        only_up = replace(question, direction=Direction.UPSTREAM, limit=max(question.limit - len(jobs), 1))
        return with_declared(
            trace(self._store, start, only_up if jobs else question),
            said,
            direction=question.direction,
            depth=question.depth,
            limit=question.limit,
            jobs=jobs,
        )

    def _store_new(self, events: Sequence[ReceivedEvent]) -> Sequence[bool]:
        """Stores what is new, with all that follows from it; tells for each whether it was new."""
        names = self._lake.names()
        with self._store.write() as writer:
            new = writer.append([event.stored for event in events])
            said = Said()
            for event, is_new in zip(events, new, strict=True):
                if is_new:
                    said.add(lasting_words(event.said, event.stored, names))
            put(writer, said, names)
        return new


def _parse_last(text: str) -> RunId | Job:
    """Reads what the part before ended with. Raises InvalidInputError."""
    if not text.startswith(JOB_PREFIX):
        return parse_run_id(text)
    job = parse_node(text)
    assert isinstance(job, Job)  # as the prefix says
    return job
