"""A run as its code sees it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.catalog import Lineage
from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    ObjectNotFoundError,
    ServerUnreachableError,
    StorageFullError,
)
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Direction
from lineageflow_core.model.run import CodeVersion, RunState, TransactionState
from lineageflow_core.openlineage.about import About
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.run import run_transaction
from lineageflow_core.run.telling import Telling
from lineageflow_core.testing.catalog.scene import files, new_run_id
from tests.core.openlineage.emitted import assert_all_are_valid


@pytest.fixture
def repo() -> Repository:
    repo = Repository(connect("memory:"), "lake", author="ada").create()
    repo.put("raw", {"x": b"1"})
    return repo


def session_of(repo: Repository, *, run_id: RunId | None = None, pipeline: RunId | None = None) -> RunSession:
    job = Job(namespace="tests", name="nightly.clean")
    return RunSession(repo.catalog, repo.name, job, run_id=run_id, pipeline=pipeline)


def state_of(repo: Repository, session: RunSession) -> RunState:
    return repo.catalog.lineage.get_run(session.run.id).run.state


def test_a_run_reads_what_was_there_when_it_began_and_what_it_wrote_itself(repo: Repository) -> None:
    session = session_of(repo)
    first = session.read("raw")
    repo.put("raw/x", b"2")
    assert first == session.read("raw")
    assert [b"1"] == [first.open(entry).read() for entry in first.objects]
    session.write("raw", {"x": b"3"})
    assert [b"3"] == [session.read("raw").open(entry).read() for entry in session.read("raw").objects]
    assert [b"2"] == [first.open(entry).read() for entry in session.read("raw", ref="main").objects]


def test_a_write_tells_what_was_there_before(repo: Repository) -> None:
    session = session_of(repo)
    before = repo.catalog.objects.get_snapshot(repo.name, "main", "raw").snapshot
    written = [session.write(path, {"x": b"2"}) for path in ("raw", "raw", "new")]
    assert [before, written[0].snapshot.snapshot, None] == [each.previous for each in written]
    assert written[0].snapshot.snapshot == written[1].snapshot.snapshot == written[2].snapshot.snapshot


def test_what_is_not_there_is_told_with_the_place_that_was_looked_at(repo: Repository) -> None:
    repo.replace("t/p", {"x": b"1"}, dataset="t")
    session = session_of(repo)
    with pytest.raises(ObjectNotFoundError, match="no dataset at 'nothing'"):
        session.read("nothing")
    with pytest.raises(ObjectNotFoundError, match=f"at 't/q'.*the run reads run:{session.pipeline}"):
        session.read("t", partitions=("p", "q"))


def test_a_dataset_without_files_is_not_written(repo: Repository) -> None:
    session = session_of(repo)
    with pytest.raises(InvalidInputError, match="gave no files for 'raw'"):
        session.write("raw", {})
    session.write("clean", {"x": b"1"})
    assert {"clean/x": b"1", "raw/x": b"1"} == files(repo, session.ref)


def test_a_run_id_may_be_given_in_any_form_and_is_one_run(repo: Repository) -> None:
    pipeline, step = new_run_id(), new_run_id()
    session = session_of(repo, run_id=RunId(step.upper()), pipeline=RunId(pipeline.replace("-", "")))
    session.write("clean", {"x": b"1"})
    session.complete()
    assert (step, pipeline) == (session.run.id, session.pipeline)
    assert repo.head(session.ref).run_id == step
    assert [step] == [run.id for run in repo.catalog.lineage.get_run(pipeline).steps]
    with pytest.raises(InvalidInputError, match="is not a run id"):
        session_of(repo, run_id=RunId("tonight"))


def test_a_block_that_ends_well_is_published(repo: Repository) -> None:
    with run_transaction(session_of(repo)) as session:
        session.write("clean", {"x": b"1"})
    assert {"clean/x": b"1", "raw/x": b"1"} == files(repo)
    assert RunState.COMPLETED is state_of(repo, session)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_block_that_raises_is_discarded(repo: Repository, error: type[BaseException]) -> None:
    session = session_of(repo)

    def fail() -> None:
        with run_transaction(session):
            session.write("clean", {"x": b"1"})
            raise error("no space")

    with pytest.raises(error):
        fail()
    assert {"raw/x": b"1"} == files(repo)
    assert {"clean/x": b"1", "raw/x": b"1"} == files(repo, session.ref)
    assert TransactionState.DISCARDED is session.transaction.state
    run = repo.catalog.lineage.get_run(session.run.id).run
    assert (RunState.FAILED, f"{error.__name__}: no space") == (run.state, run.error)


def test_a_conflict_publishes_nothing_and_leaves_the_run_open(repo: Repository) -> None:
    session = session_of(repo)
    session.write("raw", {"x": b"2"})
    repo.put("raw/y", b"3")
    with pytest.raises(MergeConflictError):
        session.publish()
    assert TransactionState.OPEN is session.transaction.state
    assert RunState.RUNNING is state_of(repo, session)


def test_every_event_of_a_run_and_of_its_steps_is_valid(repo: Repository) -> None:
    repo.replace("days/mon", {"x": b"1"}, dataset="days")
    pipeline = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"))
    pipeline.start()
    step = RunSession(
        repo.catalog,
        repo.name,
        Job(namespace="tests", name="nightly.clean"),
        pipeline=pipeline.run.id,
        code=CodeVersion(revision="4f2a", repository_url="git@example.org:acme/etl.git", branch="main"),
        environment={"python": "3.11.7"},
        params={"month": "7"},
    )
    step.read("raw")
    step.read("days")
    step.write("clean", {"x": b"2"})
    step.report()
    step.complete()
    pipeline.publish()
    session_of(repo).fail("boom")
    assert {EventType.START, EventType.RUNNING, EventType.COMPLETE, EventType.FAIL} == assert_all_are_valid(
        repo.catalog
    )


def test_a_try_of_a_task_is_a_transaction_into_that_of_the_pipeline(repo: Repository) -> None:
    whole, dag_run = new_run_id(), new_run_id()
    repo.catalog.transactions.begin(repo.name, whole)
    killed, session = (
        RunSession(
            repo.catalog,
            repo.name,
            Job(namespace="tests", name="nightly.clean"),
            into=f"run:{whole}",
            parent=dag_run,
        )
        for _ in range(2)
    )
    killed.write("half", {"x": b"0"})
    session.read("raw")
    session.write("clean", {"x": b"1"})
    session.publish()
    assert {"clean/x": b"1", "raw/x": b"1"} == files(repo, f"run:{whole}")
    assert {"raw/x": b"1"} == files(repo)
    told = repo.catalog.lineage.get_run(session.run.id).run
    assert (RunState.COMPLETED, dag_run) == (told.state, told.parent)


def test_a_run_whose_end_is_told_elsewhere_tells_only_what_it_reads_and_writes(repo: Repository) -> None:
    job = Job(namespace="tests", name="nightly.clean")
    session = RunSession(repo.catalog, repo.name, job, ends_elsewhere=True)
    session.start()
    session.read("raw")
    session.write("clean", {"x": b"1"})
    session.publish()
    session.fail("it did not")
    assert {EventType.RUNNING} == assert_all_are_valid(repo.catalog)
    told = repo.catalog.lineage.get_run(session.run.id)
    assert RunState.RUNNING is told.run.state
    assert ["raw"] == [each.version.name for each in told.reads]


def test_what_is_said_of_a_dataset_is_told_of_all_that_was_written_of_it(repo: Repository) -> None:
    session = session_of(repo)
    session.read("raw")
    session.write("clean", {"x": b"1"})
    edge = ColumnEdge(
        field="b", source=DatasetName(namespace=f"lf://{repo.name}", name="raw"), source_field="a"
    )
    session.describe("clean", about=About(owners=("ada",)), columns=[edge])
    session.complete()
    known = repo.catalog.datasets.get_known_dataset(f"lf://{repo.name}", "clean")
    assert ["ada"] == [owner["name"] for owner in known.facets["ownership"]["owners"]]
    traced = repo.catalog.lineage.trace_columns(
        f"lf://{repo.name}/@run:{session.pipeline}/clean",
        direction=Direction.UPSTREAM,
    )
    assert [("clean", "b"), ("raw", "a")] == [(each.version.name, each.column) for each in traced.columns]


def test_a_session_that_can_warn_goes_on_where_an_event_can_be_kept_nowhere(repo: Repository) -> None:
    class FullDisk:
        def emit(self, event: Mapping[str, Any]) -> None:
            raise StorageFullError("no space left")

        def flush(self, about: RunId) -> None:
            raise AssertionError

    warnings: list[str] = []
    catalog = replace(repo.catalog, emitter=FullDisk())
    job = Job(namespace="tests", name="nightly.clean")
    session = RunSession(catalog, repo.name, job, warn=warnings.append)
    session.write("clean", {"x": b"1"})
    session.report()
    assert [
        f"lineage of run {session.run.id} is lost unless a later event tells it: no space left"
    ] * 2 == warnings
    with pytest.raises(StorageFullError):
        RunSession(catalog, repo.name, job).start()


class DeafLake:
    """What tells a lake of runs, but that it does not hear of their ends until it is told to."""

    hears = False

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lineage, name)

    def ingest(self, events: Sequence[dict[str, Any]]) -> Any:
        if not self.hears and any(event["eventType"] == "COMPLETE" for event in events):
            raise ServerUnreachableError("nobody answers")
        return self._lineage.ingest(events)


@pytest.mark.parametrize("can_warn", [True, False])
def test_a_run_is_published_though_the_lake_cannot_be_told_that_it_has_completed(
    repo: Repository, caplog: pytest.LogCaptureFixture, *, can_warn: bool
) -> None:
    lineage = DeafLake(repo.catalog.lineage)
    catalog = replace(repo.catalog, lineage=lineage)
    warnings: list[str] = []
    job, warn = Job(namespace="tests", name="nightly"), warnings.append if can_warn else None
    with run_transaction(RunSession(catalog, repo.name, job, warn=warn)) as session:
        session.write("clean", {"x": b"1"})
    assert {"clean/x": b"1", "raw/x": b"1"} == files(repo)
    [warning] = warnings if can_warn else caplog.messages
    assert warning.startswith(f"run {session.run.id} is published, but the lake was not told")
    lineage.hears = True
    assert session.transaction == session.publish()
    assert RunState.COMPLETED is state_of(repo, session)
    assert ["clean"] == [each.version.name for each in repo.catalog.lineage.get_run(session.run.id).writes]


def in_a_fork(work: Callable[[], object]) -> int:
    """Forks a process that works, and ends without another word; returns how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(20)
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize("waits", [True, False])
def test_what_a_forked_process_reads_and_writes_is_told(tmp_path: Path, *, waits: bool) -> None:
    repo = Repository(connect(str(tmp_path / "lake")), "lake", author="ada").create()
    repo.put("raw", {"x": b"1"})
    telling = Telling(repo.catalog) if waits else None
    session = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"), telling=telling)
    session.start()
    assert 0 == in_a_fork(lambda: session.read("raw"))
    assert 0 == in_a_fork(lambda: session.write("clean", {"x": b"2"}))
    session.complete()
    if telling is not None:
        telling.now()
    told = repo.catalog.lineage.get_run(session.run.id)
    assert (["raw"], ["clean"]) == (
        [read.version.name for read in told.reads],
        [write.version.name for write in told.writes],
    )


def test_a_process_that_is_forked_while_a_thread_records_is_not_held_up(repo: Repository) -> None:
    recording, forked = threading.Event(), threading.Event()

    class Slow(tuple[Any, ...]):
        def __iter__(self) -> Iterator[Any]:
            recording.set()
            forked.wait(30)
            return super().__iter__()

    session = session_of(repo)
    snapshots = Slow(session.read("raw").snapshots)
    access = DatasetAccess(repository=repo.name, snapshots=snapshots, commit=session.base)
    thread = threading.Thread(target=session.record_all, args=[[access]])
    thread.start()
    recording.wait(30)
    try:
        assert 0 == in_a_fork(lambda: session.reads)
    finally:
        forked.set()
        thread.join()
