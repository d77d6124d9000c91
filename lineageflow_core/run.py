"""A run as its code sees it: reads at exact versions, writes on the run's own branch, and all of it lineage.

A pipeline's run and its steps share one transaction, named by the pipeline's run id; any of their processes
may begin it. Invariant: what a session reads and writes is in its events at the exact version, and the event
that completes a step is stored before `complete` returns. So a published run's lineage is there.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from uuid import uuid4

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError, ObjectNotFoundError
from lineageflow_core.model.change import replace
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId, parse_run_id
from lineageflow_core.model.objects import ObjectEntry, Snapshot
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.run import CodeVersion, Job, Run, RunState, Transaction
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.events import run_event
from lineageflow_core.openlineage.naming import pipeline_job
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.uploads import Source, upload_sources


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run read of one dataset."""

    repository: str
    commit: CommitId
    """The state of the repository that it was read from."""
    snapshots: tuple[Snapshot, ...]
    """Its exact content: one for each partition, or one for the whole where it has none."""
    objects: tuple[ObjectEntry, ...]
    catalog: Catalog

    def open(self, entry: ObjectEntry) -> BinaryIO:
        """Opens one of `objects` for reading. Raises IntegrityError rather than give damaged bytes."""
        return self.catalog.content.open(self.repository, entry.object_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a run wrote."""

    snapshot: Snapshot
    commit: CommitId
    """The commit on the run's branch."""
    previous: SnapshotId | None
    """What was there before, as the run saw it."""


class RunSession:
    """One run of a job: a step of a pipeline, or a pipeline as a whole.

    `run_id` is its own id, and `pipeline` the id of the whole pipeline's run (its own, if it is that).
    `base` is what it reads where the pipeline has not written, and `into` the branch that `publish` merges
    into; of all the processes of a run, the first one's choice holds. `code`, `environment` and `params` are
    recorded as given.
    """

    def __init__(
        self,
        catalog: Catalog,
        repository: str,
        job: Job,
        *,
        run_id: RunId | None = None,
        pipeline: RunId | None = None,
        base: str | None = None,
        into: str | None = None,
        author: str = "lineageflow",
        code: CodeVersion | None = None,
        environment: Mapping[str, str] = {},
        params: Mapping[str, str] = {},
    ) -> None:
        run_id = parse_run_id(run_id) if run_id else RunId(str(uuid4()))
        self.pipeline = parse_run_id(pipeline) if pipeline else run_id
        self._parent = (
            Run(id=self.pipeline, job=pipeline_job(job), state=RunState.RUNNING)
            if self.pipeline != run_id
            else None
        )
        self.run = Run(
            id=run_id,
            job=job,
            state=RunState.RUNNING,
            parent=self._parent.id if self._parent else None,
            code=code,
            environment=dict(environment),
            params=dict(params),
        )
        self._catalog = catalog
        self._repository = repository
        self._base, self._into, self._author = base, into, author
        self._reads: list[DatasetAccess] = []
        self._writes: list[DatasetAccess] = []
        self._started = False

    @property
    def ref(self) -> str:
        """What the run sees: its branch, or its base before the first write."""
        return f"run:{self.pipeline}"

    @property
    def transaction(self) -> Transaction:
        """The run's transaction, begun if it was not."""
        return self._catalog.transactions.begin(
            self._repository, self.pipeline, base=self._base, into=self._into
        )

    def start(self) -> None:
        """Tells that the run has started. The first read or write does so, too."""
        if not self._started:
            self._started = True
            self._emit(EventType.START)

    def read(
        self, dataset: str, *, partitions: Sequence[str] | None = None, ref: str | None = None
    ) -> Reading:
        """Pins a dataset, or some of its partitions, and records that the run read it.

        `ref` overrides what the run sees. Raises ObjectNotFoundError if the dataset or a partition is not
        there, naming where it was looked for.
        """
        self.start()
        if ref is None:
            _ = self.transaction
        commit = self._catalog.refs.resolve(self._repository, ref or self.ref).id
        snapshots = self._snapshots(commit, dataset, partitions, ref)
        objects = tuple(
            entry
            for snapshot in snapshots
            for entry in self._objects(commit, "/".join(filter(None, (dataset, snapshot.partition))))
        )
        self._reads.append(
            DatasetAccess(repository=self._repository, snapshots=snapshots, commit=commit, ref=ref)
        )
        return Reading(self._repository, commit, snapshots, objects, self._catalog)

    def write(
        self,
        dataset: str,
        files: Mapping[str, Source],
        *,
        partition: str = "",
        dataset_type: str | None = None,
        schema: Sequence[tuple[str, str]] = (),
        rows: int | None = None,
        message: str | None = None,
    ) -> Written:
        """Replaces a dataset, or one partition of it, as one commit on the run's branch, and records that.

        `files` has the content by path relative to the dataset or partition; the path '' makes the dataset a
        single file. `schema` lists columns by name and type. Raises InvalidInputError if there are no files.
        """
        if not files:
            raise InvalidInputError(
                f"run {self.run.id} gave no files for {dataset!r}: a dataset or partition without any does "
                "not exist; write one, if need be without rows"
            )
        self.start()
        _ = self.transaction
        path = f"{dataset}/{partition}" if partition else dataset
        previous = self._snapshot_now(path)
        change = replace(
            path,
            upload_sources(self._catalog, self._repository, files),
            dataset=dataset if partition else None,
        )
        commit = self._catalog.history.commit(
            self._repository,
            self.ref,
            [change],
            author=self._author,
            message=message or f"{self.run.job.name}: write {path}",
            run_id=self.run.id,
        )
        snapshot = self._catalog.objects.get_snapshot(self._repository, commit.id, path)
        self._writes.append(
            DatasetAccess(
                repository=self._repository,
                snapshots=(snapshot,),
                commit=commit.id,
                ref=self.ref,
                dataset_type=dataset_type,
                schema=tuple(schema),
                rows=rows,
            )
        )
        return Written(snapshot=snapshot, commit=commit.id, previous=previous)

    def report(self) -> None:
        """Tells what was read and written so far: for a step whose end another process tells."""
        self._emit(EventType.RUNNING)

    def complete(self) -> None:
        """Tells that the run succeeded: what it wrote becomes versions. Nothing is published by this."""
        self._emit(EventType.COMPLETE)

    def fail(self, error: str) -> None:
        """Tells that the run failed."""
        self._emit(EventType.FAIL, error=error)

    def publish(self, message: str | None = None) -> Transaction:
        """Makes all that the pipeline wrote visible on its target branch, as one commit; then completes.

        Raises MergeConflictError; then nothing is visible, and the run's branch is as it was.
        """
        _ = self.transaction
        published = self._catalog.transactions.publish(
            self._repository, self.pipeline, author=self._author, message=message
        )
        self.complete()
        return published

    def discard(self, error: str) -> Transaction:
        """Closes the transaction of a run that failed, keeping its branch to be looked at; then fails."""
        _ = self.transaction
        discarded = self._catalog.transactions.discard(self._repository, self.pipeline)
        self.fail(error)
        return discarded

    def _emit(self, event_type: EventType, *, error: str | None = None) -> None:
        run = dataclasses.replace(self.run, error=error)
        event = run_event(
            event_type,
            run,
            at=datetime.now(UTC),
            parent=self._parent,
            inputs=self._reads,
            outputs=self._writes,
        )
        self._catalog.lineage.ingest([event])

    def _snapshots(
        self, commit: CommitId, dataset: str, partitions: Sequence[str] | None, ref: str | None
    ) -> tuple[Snapshot, ...]:
        objects = self._catalog.objects
        if partitions is None:
            found: list[Snapshot] = []
            after: str | None = None
            while True:
                page = objects.list_snapshots(self._repository, commit, dataset, after=after, limit=MAX_LIMIT)
                found += page.items
                if page.next is None:
                    return tuple(found)
                after = page.next
        try:
            return tuple(
                objects.get_snapshot(self._repository, commit, f"{dataset}/{partition}")
                for partition in partitions
            )
        except ObjectNotFoundError as error:
            raise ObjectNotFoundError(
                f"{error.message} (the run reads {ref or self.ref}, which is at {commit[:8]})",
                **error.details,
            ) from None

    def _objects(self, commit: CommitId, path: str) -> Iterator[ObjectEntry]:
        after: str | None = None
        while True:
            page = self._catalog.objects.list_objects(
                self._repository, commit, path=path, after=after, limit=MAX_LIMIT
            )
            yield from page.items
            if page.next is None:
                return
            after = page.next

    def _snapshot_now(self, path: str) -> SnapshotId | None:
        try:
            return self._catalog.objects.get_snapshot(self._repository, self.ref, path).snapshot
        except NotFoundError:
            return None


@contextmanager
def run_transaction(session: RunSession) -> Iterator[RunSession]:
    """Publishes the session's run at the end of the block, or discards it if the block raises."""
    session.start()
    try:
        yield session
    except BaseException as error:
        session.discard(f"{type(error).__name__}: {error}")
        raise
    session.publish()
