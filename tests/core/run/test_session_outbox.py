"""A run on a server that cannot always be told of it: nothing fails, nothing waits, nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import RunNotFoundError, ServerUnreachableError, StaleReadError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState, TransactionState
from lineageflow_core.model.settings import BranchRule, StaleReads
from lineageflow_core.openlineage.allowance import Allowance
from lineageflow_core.openlineage.courier import Courier
from lineageflow_core.openlineage.outbox import Outbox, receivers_in
from lineageflow_core.openlineage.receiver import Receiver, bearer_of
from lineageflow_core.testing.catalog.scene import new_run_id
from tests.server.serving import TOKEN, served


class Intake(httpx2.HTTPTransport):
    """The way to the server's intake of events, which can be cut."""

    cut = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("connection refused")
        return super().handle_request(request)


@pytest.fixture
def address() -> Iterator[str]:
    with served(connect("memory:")) as address:
        yield address


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
def outbox(tmp_path: Path, address: str) -> Outbox:
    return Outbox(tmp_path / "outbox", address)


@pytest.fixture
def lake(address: str, intake: Intake, outbox: Outbox) -> Catalog:
    receiver = Receiver(address, bearer=bearer_of(TOKEN), wire=intake)
    emitter = Courier(outbox, receiver, allowance=Allowance(burst=60.0), pause=lambda _: None)
    return replace(connect(address, token=TOKEN), emitter=emitter)


@pytest.fixture
def repo(lake: Catalog) -> Repository:
    repo = Repository(lake, "shop", author="ada").create()
    repo.put("raw", {"x": b"1"})
    return repo


def step_of(repo: Repository, *, pipeline: RunId | None = None) -> RunSession:
    return RunSession(
        repo.catalog, repo.name, Job(namespace="tests", name="nightly.clean"), pipeline=pipeline
    )


def test_a_server_that_can_be_told_knows_of_a_run_when_it_completes(repo: Repository) -> None:
    session = step_of(repo)
    session.write("clean", {"x": b"1"})
    session.complete()
    assert RunState.COMPLETED is repo.catalog.lineage.get_run(session.run.id).run.state


def test_connect_is_told_where_events_wait(address: str, tmp_path: Path) -> None:
    lake = connect(address, token=TOKEN, outbox=tmp_path / "outbox")
    session = step_of(lake.repository("shop").create())
    session.complete()
    assert lake.emitter is not None
    lake.emitter.flush(session.pipeline)
    assert RunState.COMPLETED is lake.lineage.get_run(session.run.id).run.state
    assert [address] == receivers_in(tmp_path / "outbox")


def test_a_lake_in_this_process_is_told_at_once(tmp_path: Path) -> None:
    lake = connect("memory:", outbox=tmp_path / "outbox")
    session = step_of(lake.repository("shop").create())
    session.complete()
    assert RunState.COMPLETED is lake.lineage.get_run(session.run.id).run.state
    assert not (tmp_path / "outbox").exists()


def test_a_step_ends_well_where_the_server_cannot_be_told_and_is_told_of_later(
    repo: Repository, intake: Intake, outbox: Outbox, address: str
) -> None:
    intake.cut = True
    session = step_of(repo, pipeline=new_run_id())
    session.read("raw")
    session.write("clean", {"x": b"2"})
    session.complete()
    with pytest.raises(RunNotFoundError):
        repo.catalog.lineage.get_run(session.run.id)
    next_process = Courier(outbox, Receiver(address, bearer=bearer_of(TOKEN)))
    next_process.flush(session.pipeline)
    told = repo.catalog.lineage.get_run(session.run.id)
    assert RunState.COMPLETED is told.run.state
    assert (["raw"], ["clean"]) == (
        [read.version.name for read in told.reads],
        [write.version.name for write in told.writes],
    )


def test_nothing_is_published_before_the_server_knows_what_was_read(repo: Repository, intake: Intake) -> None:
    session = step_of(repo)
    session.read("raw")
    session.write("clean", {"x": b"2"})
    intake.cut = True
    with pytest.raises(ServerUnreachableError):
        session.publish()
    assert TransactionState.OPEN is session.transaction.state
    intake.cut = False
    session.publish()
    assert session.transaction.published is not None
    assert RunState.COMPLETED is repo.catalog.lineage.get_run(session.run.id).run.state


def test_what_a_step_read_while_the_server_could_not_be_told_counts_when_its_pipeline_publishes(
    repo: Repository, intake: Intake
) -> None:
    settings = repo.catalog.settings.get_settings(repo.name)
    rule = BranchRule(pattern="main", stale_reads=StaleReads.FAIL)
    repo.catalog.settings.update_settings(repo.name, replace(settings, branch_rules=(rule,)), author="ada")
    pipeline = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"))
    pipeline.start()
    intake.cut = True
    step = step_of(repo, pipeline=pipeline.run.id)
    step.read("raw")
    step.write("clean", {"x": b"2"})
    step.complete()
    repo.put("raw", {"x": b"newer"})
    intake.cut = False
    with pytest.raises(StaleReadError):
        pipeline.publish()
