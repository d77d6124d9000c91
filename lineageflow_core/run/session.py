"""A run as its code sees it: reads at exact versions, writes on the run's own branch, and all of it lineage.

A pipeline's run and its steps share one transaction, named by the pipeline's run id; any of their processes
may begin it. Invariant: what a session reads and writes is in its events at the exact version, and an event
is durable before the method that tells it returns, unless it is left to a `Telling`: in the lake, or, where
the catalog has an emitter and the lake cannot take it now, on this machine. What a run read is in the lake
before it publishes, in either case. So a published run's lineage is there, but for what other machines still
keep, and for an end of which `publish` warns.
"""

import dataclasses
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from lineageflow_core.admission import admit
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import (
    InvalidInputError,
    LineageFlowError,
    NotFoundError,
    ObjectNotFoundError,
    StateError,
)
from lineageflow_core.model.change import Change, paths_of, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId, parse_run_id
from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.run import CodeVersion, Job, Run, RunState, Transaction
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.access import DatasetAccess, PlannedWrite
from lineageflow_core.openlineage.events import run_event
from lineageflow_core.openlineage.naming import pipeline_job
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.run.accesses import Accesses
from lineageflow_core.run.look import look
from lineageflow_core.run.pins import check_pins, commit_of_pin, find_pin, is_unwritten
from lineageflow_core.run.results import Reading, Written
from lineageflow_core.run.telling import Saying, Telling, tell
from lineageflow_core.uploads import Source, upload_sources

_log = logging.getLogger(__name__)


class RunSession:
    """One run of a job: a step of a pipeline, or a pipeline as a whole.

    `run_id` is its own id, and `pipeline` the id of the whole pipeline's run (its own, if it is that).
    `base` is what it reads where the pipeline has not written, and `into` the branch that `publish` merges
    into; of all the processes of a run, the first one's choice holds. `pins` are datasets that it reads at
    other refs: by their path, and `@ref/path` for what code asks for at that ref. A branch is read as it was
    when the run began; what the pipeline has written, it reads as it wrote it. `code`, `environment` and
    `params` are recorded as given, and so are what kind of job it is, what people say `about` it, and the run
    of the same job that this one comes `after`: one that failed, say, and is repeated. `parent` is the run
    that it is told to be a step of, where that is not the pipeline. With `ends_elsewhere` somebody else tells
    of its start and its end, and the session of what it reads and writes. `warn` is told where an event can
    be neither kept on this machine nor told the lake; without it that raises StorageError, or is logged where
    the run is published already. `metadata` is said of every commit that it makes. With a `telling`, events
    wait until its owner tells them; what is read or written goes into the next one. A process that was forked
    from the session's tells at once.
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
        pins: Mapping[str, str] = {},
        author: str = "lineageflow",
        code: CodeVersion | None = None,
        environment: Mapping[str, str] = {},
        params: Mapping[str, str] = {},
        job_type: JobType | None = None,
        about: About | None = None,
        after: RunId | None = None,
        parent: RunId | None = None,
        ends_elsewhere: bool = False,
        warn: Callable[[str], None] | None = None,
        metadata: Mapping[str, str] = {},
        telling: Telling | None = None,
    ) -> None:
        run_id = parse_run_id(run_id) if run_id else RunId(str(uuid4()))
        self.pipeline = parse_run_id(pipeline) if pipeline else run_id
        parent = parse_run_id(parent) if parent else self.pipeline
        self._parent = (
            Run(id=parent, job=pipeline_job(job), state=RunState.RUNNING) if parent != run_id else None
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
        self.catalog = catalog
        self.repository = repository
        self.author = author
        self.metadata = dict(metadata)
        self._base, self._into = base, into
        self._pins = check_pins(pins)
        self._job_type, self._about, self._warn = job_type, about, warn
        self._telling = telling
        self._after = Run(id=after, job=job, state=RunState.FAILED) if after else None
        self._base_commit: CommitId | None = None
        self._accesses = Accesses(catalog)
        self._planned: tuple[PlannedWrite, ...] = ()
        self._started = ends_elsewhere
        self._ends_elsewhere = ends_elsewhere
        self._begun = False
        self._process: int | None = os.getpid()

    @classmethod
    def join(cls, catalog: Catalog, arguments: Mapping[str, Any]) -> "RunSession":
        """Returns a session of a run that another process began, from its `arguments`.

        It tells of every read and write at once; how the run ends is told by the process that began it.
        """
        session = cls(catalog, **arguments)
        session._started = True
        session._process = None
        return session

    @property
    def arguments(self) -> dict[str, Any]:
        """What `join` needs in another process. Plain values, and equal for equal sessions."""
        run = self.run
        return {
            "repository": self.repository,
            "job": run.job,
            "run_id": run.id,
            "pipeline": self.pipeline,
            "parent": run.parent,
            "base": self._base,
            "into": self._into,
            "pins": self._pins,
            "author": self.author,
            "code": run.code,
            "environment": run.environment,
            "params": run.params,
            "metadata": self.metadata,
        }

    @property
    def ref(self) -> str:
        """What the run sees: its branch, or its base before the first write."""
        return f"run:{self.pipeline}"

    @property
    def base(self) -> CommitId:
        """The commit that the run reads where it has not written. Asked for once: it never changes."""
        if self._base_commit is None:
            self._base_commit = self.transaction.base
        return self._base_commit

    @property
    def transaction(self) -> Transaction:
        """The run's transaction, begun if it was not."""
        return self.catalog.transactions.begin(
            self.repository, self.pipeline, base=self._base, into=self._into
        )

    @property
    def reads(self) -> Sequence[DatasetAccess]:
        """What this session read so far, in order; what it wrote itself is not among it."""
        return self._accesses.reads

    @property
    def writes(self) -> Sequence[DatasetAccess]:
        """What this session wrote so far; of files that were written one by one, what they left."""
        return self._accesses.writes

    def start(self) -> None:
        """Tells that the run has started. The first read or write does so, too."""
        if not self._started:
            self._started = True
            self._emit(EventType.START)

    def read(
        self,
        dataset: str,
        *,
        partitions: Sequence[str] | None = None,
        ref: str | None = None,
        allow_quarantined: bool = False,
    ) -> Reading:
        """Pins a dataset, or some of its partitions, and records that the run read it.

        `ref` overrides what the run sees. Raises ObjectNotFoundError if the dataset or a partition is not
        there, naming where it was looked for, and QuarantinedVersionError as `admit` does.
        """
        commit = self.see(self.repository, ref, path=dataset)
        try:
            reading = look(self.catalog, self.repository, commit, dataset, partitions=partitions)
        except ObjectNotFoundError as error:
            if partitions is None:
                raise
            raise ObjectNotFoundError(
                f"{error.message} (the run reads {ref or self.ref}, which is at {commit[:8]})",
                **error.details,
            ) from None
        notices = admit(
            self.catalog,
            self.repository,
            commit,
            dataset,
            partitions=partitions,
            allow_quarantined=allow_quarantined,
        )
        self.record(reading, ref=ref)
        return dataclasses.replace(reading, notices=notices)

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
        self._begin()
        path = f"{dataset}/{partition}" if partition else dataset
        previous = self._snapshot_now(path)
        change = replace(
            path,
            upload_sources(self.catalog, self.repository, files),
            dataset=dataset if partition else None,
        )
        commit = self.catalog.history.commit(
            self.repository,
            self.ref,
            [change],
            author=self.author,
            message=message or f"{self.run.job.name}: write {path}",
            metadata=self.metadata,
            run_id=self.run.id,
        )
        snapshot = self.catalog.objects.get_snapshot(self.repository, commit.id, path)
        self._accesses.add_write(
            DatasetAccess(
                repository=self.repository,
                snapshots=(snapshot,),
                commit=commit.id,
                ref=self.ref,
                dataset_type=dataset_type,
                schema=tuple(schema),
                rows=rows,
            )
        )
        self._report_from_elsewhere()
        return Written(snapshot=snapshot, commit=commit.id, previous=previous)

    def describe(
        self, dataset: str, *, about: About | None = None, columns: Iterable[ColumnEdge] = ()
    ) -> None:
        """Says what people say of a dataset that the run writes, and what its columns come from.

        The next event tells it, of all that was written of the dataset. A later call takes the place of an
        earlier one.
        """
        self._accesses.describe(self.repository, dataset, about=about, columns=columns)

    def ref_for(self, repository: str) -> str:
        """Returns what the run reads where the code names no ref: its own state, or a default branch."""
        if repository != self.repository:
            return self.catalog.repositories.get_repository(repository).default_branch
        self._begin()
        return self.ref

    def see(self, repository: str, ref: str | None = None, *, path: str = "") -> CommitId:
        """Returns the commit that the run sees of a repository now: at `ref`, else at `ref_for`.

        `path` is what it looks at there: pins hold for it.
        """
        self.start()
        found = find_pin(self._pins, path, ref) if repository == self.repository else None
        if found is not None:
            dataset, pin = found
            if ref is not None or is_unwritten(self.catalog, self.transaction, dataset):
                return commit_of_pin(self.catalog, self.transaction, pin)
        return self.catalog.refs.resolve(repository, ref or self.ref_for(repository)).id

    def record(self, reading: Reading, *, ref: str | None = None) -> None:
        """Records that the run read all of what `look` found in a commit that the run sees."""
        self._accesses.add_read(
            DatasetAccess(
                repository=reading.repository,
                snapshots=reading.snapshots,
                commit=reading.commit,
                ref=ref or self._pin_of(reading.repository, reading.commit, _dataset(reading)),
            )
        )
        self._report_from_elsewhere()

    def record_all(self, reads: Iterable[DatasetAccess]) -> None:
        """Records reads that another session did for this one. The next event tells of them."""
        for access in reads:
            self._accesses.add_read(access)

    def record_read(self, repository: str, commit: CommitId, path: str, *, ref: str | None = None) -> None:
        """Records that the run read the file at `path` in a commit that it sees."""
        ref = ref or self._pin_of(repository, commit, path)
        if self._accesses.read_file(repository, commit, path, ref=ref):
            self._report_from_elsewhere()

    def branch_for(self, repository: str) -> str:
        """Returns the branch that the run writes to where the code names none: its own.

        Raises StateError for another repository: what a run writes there is not published with it.
        """
        if repository != self.repository:
            raise StateError(
                f"run {self.run.id} publishes to {self.repository!r}; to write to {repository!r}, name a "
                f"branch: 'lf://{repository}/@<branch>/...'",
                repository=repository,
            )
        self._begin()
        return self.ref

    def commit(self, repository: str, branch: str, changes: Sequence[Change], *, message: str) -> Commit:
        """Commits changes to `branch`, and records what they leave in the datasets that they touch.

        The run's own branch is `branch_for(repository)`. Raises as `History.commit` does.
        """
        self.start()
        commit = self.catalog.history.commit(
            repository,
            branch,
            changes,
            author=self.author,
            message=message,
            metadata=self.metadata,
            run_id=self.run.id,
        )
        self.record_commit(repository, commit.id, changes, branch=branch)
        return commit

    def record_commit(
        self, repository: str, commit: CommitId, changes: Sequence[Change], *, branch: str
    ) -> None:
        """Records what a commit that was made for the run left in the datasets that its changes touched."""
        self._accesses.write_files(repository, commit, paths_of(changes), ref=branch)
        self._report_from_elsewhere()

    def report(self) -> None:
        """Tells what was read and written so far: for a step whose end another process tells."""
        self._emit(EventType.RUNNING)

    def complete(self) -> None:
        """Tells that the run succeeded: what it wrote becomes versions. Nothing is published by this."""
        self._end(EventType.COMPLETE)

    def fail(self, error: str, *, planned: Iterable[PlannedWrite] = ()) -> None:
        """Tells that the run failed, and what it was to write, whether it came to that or not."""
        self._planned = tuple(planned)
        self._end(EventType.FAIL, error)

    def abort(self, error: str | None = None, *, planned: Iterable[PlannedWrite] = ()) -> None:
        """Tells that the run was stopped, or never began, and what it was to write."""
        self._planned = tuple(planned)
        self._end(EventType.ABORT, error)

    def publish(self, message: str | None = None) -> Transaction:
        """Makes all that the pipeline wrote visible on its target branch, as one commit; then completes.

        Raises MergeConflictError, StaleReadError; then nothing is visible, and the run's branch is as it was.
        So it is with ServerUnreachableError where the lake does not take the events that are kept for it;
        where the lake's answer was lost, the transaction says which it is. Where only the end cannot be told,
        that is a warning: the run is published. To publish again is safe, and tells the end.
        """
        _ = self.transaction
        if self._accesses.reads:
            self.report()  # so that the lake can tell whether what it read has been changed since
        if self._telling is not None:
            self._telling.now()
        if self.catalog.emitter is not None:
            self.catalog.emitter.flush(self.pipeline)  # of its steps, too: they are other processes
        published = self.catalog.transactions.publish(
            self.repository, self.pipeline, author=self.author, message=message, metadata=self.metadata
        )
        try:
            self.complete()
        except LineageFlowError as error:
            warn = self._warn or _log.warning
            warn(
                f"run {self.run.id} is published, but the lake was not told that it has completed; publish "
                f"again to tell it: {error.message}"
            )
        if not published.is_part:
            with suppress(LineageFlowError):  # nobody asked for it: it only saves the next reader the wait
                self.catalog.tables.profile_changes(self.repository, published.published or published.base)
        return published

    def discard(self, error: str) -> Transaction:
        """Closes the transaction of a run that failed, keeping its branch to be looked at; then fails."""
        _ = self.transaction
        discarded = self.catalog.transactions.discard(self.repository, self.pipeline)
        self.fail(error)
        return discarded

    def _pin_of(self, repository: str, commit: CommitId, path: str) -> str | None:
        """Returns the ref that a path was pinned to, where that led to the commit."""
        found = find_pin(self._pins, path, None) if repository == self.repository else None
        if found is None or commit_of_pin(self.catalog, self.transaction, found[1]) != commit:
            return None
        return found[1]

    def _begin(self) -> None:
        self.start()
        if not self._begun:
            self._base_commit = self.transaction.base
            self._begun = True

    @property
    def _is_elsewhere(self) -> bool:
        """Whether this is another process than the first one, which tells the end but knows only its own."""
        return os.getpid() != self._process

    def _report_from_elsewhere(self) -> None:
        """Tells at once in another process than the first one."""
        if self._is_elsewhere:
            self.report()

    def _end(self, event_type: EventType, error: str | None = None) -> None:
        if not self._ends_elsewhere:
            self._emit(event_type, error=error)
        elif event_type is EventType.COMPLETE:
            self._emit(EventType.RUNNING)

    def _emit(self, event_type: EventType, *, error: str | None = None) -> None:
        run, at = dataclasses.replace(self.run, error=error), datetime.now(UTC)
        started = self._event(event_type, run, at) if event_type is EventType.START else None
        saying = Saying(
            run_id=run.id,
            event_type=event_type,
            teller=self,
            is_bare=not (self._accesses.reads or self._accesses.writes or self._planned),
            make=lambda: started or self._event(event_type, run, at),
            warn=self._warn,
        )
        if self._telling is None or self._is_elsewhere:  # a forked process may end without another word
            tell(self.catalog, [saying])
        else:
            self._telling.soon(saying)

    def _event(self, event_type: EventType, run: Run, at: datetime) -> dict[str, Any]:
        return run_event(
            event_type,
            run,
            at=at,
            parent=self._parent,
            after=self._after,
            job_type=self._job_type,
            about=self._about,
            inputs=self._accesses.reads,
            outputs=self._accesses.writes,
            planned=self._planned,
        )

    def _snapshot_now(self, path: str) -> SnapshotId | None:
        try:
            return self.catalog.objects.get_snapshot(self.repository, self.ref, path).snapshot
        except NotFoundError:
            return None


def _dataset(reading: Reading) -> str:
    return reading.snapshots[0].dataset if reading.snapshots else ""
