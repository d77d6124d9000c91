"""Many writers of one lake: none fails, none is lost, and readers see whole commits only.

Every writer does all that moves a branch: it commits, merges a branch of its own, and publishes a run. What
it writes in one commit is a pair of equal files, so that a reader knows half a commit when it sees one.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.errors import TransactionClosedError
from lineageflow_core.model.change import Change, put
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.testing.catalog.scene import commit, entries, files, first_parents
from lineageflow_core.testing.shared_stores import run_all

PROCESSES, THREADS, ROUNDS = 3, 2, 6
RUN = RunId(str(UUID(int=1)))


def open_repo(lake: Path) -> Repository:
    return Repository(connect(str(lake)), "data", author="ada")


def pair(repo: Repository, path: str, text: str) -> Change:
    return put(path, entries(repo, dict.fromkeys(("one", "other"), text.encode())))


def write_rounds(repo: Repository, writer: str) -> list[CommitId]:
    """Writes in all ways; returns the commits on `main` that were acknowledged."""
    made = []
    for round_ in range(ROUNDS):
        name = f"{writer}-{round_}"
        made.append(commit(repo, pair(repo, f"commits/{name}", name)).id)
        repo.branch(f"side-{name}")
        commit(repo, pair(repo, f"merges/{name}", name), branch=f"side-{name}")
        made.append(repo.merge(f"side-{name}").id)
        session = RunSession(repo.catalog, repo.name, Job(namespace="tests", name=f"write-{writer}"))
        session.write(f"runs/{name}", dict.fromkeys(("one", "other"), name.encode()))
        published = session.publish().published
        assert published is not None
        made.append(published)
    return made


def write_in_threads(repo: Repository, writer: str) -> list[CommitId]:
    with ThreadPoolExecutor(THREADS) as pool:
        rounds = [pool.submit(write_rounds, repo, f"{writer}-{thread}") for thread in range(THREADS)]
        return [made for each in rounds for made in each.result()]


def write_and_tell(lake: Path, writer: str) -> None:
    """A process that writes, and leaves the commits that were acknowledged in a file."""
    made = write_in_threads(open_repo(lake), writer)
    (lake.parent / f"{writer}.txt").write_text("\n".join(made))


def check_history(repo: Repository, acknowledged: list[CommitId], writers: list[str]) -> None:
    """Asserts that `main` is one line of just these commits, and holds all that they wrote."""
    chain = first_parents(repo)
    assert len(acknowledged) == len(set(acknowledged)) == 3 * ROUNDS * len(writers)
    assert {*acknowledged} == {*chain[:-1]}
    names = [f"{writer}-{round_}" for writer in writers for round_ in range(ROUNDS)]
    assert {
        f"{kind}/{name}/{part}": name.encode()
        for kind in ("commits", "merges", "runs")
        for name in names
        for part in ("one", "other")
    } == files(repo)


class Reader(threading.Thread):
    """Reads `main` over and over, until it is told to stop."""

    def __init__(self, repo: Repository) -> None:
        super().__init__()
        self._repo = repo
        self._stop_now = threading.Event()
        self.seen: list[CommitId] = []
        self.halves: list[str] = []

    def run(self) -> None:
        while not self._stop_now.is_set():
            found = files(self._repo)
            self.seen.append(self._repo.head().id)
            self.halves += [
                path for path, text in found.items() if text != found.get(f"{path.rpartition('/')[0]}/other")
            ]

    def stop(self) -> None:
        self._stop_now.set()
        self.join()


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return open_repo(tmp_path / "lake").create()


def test_processes_with_threads_write_one_branch_while_others_read(repo: Repository, tmp_path: Path) -> None:
    reader = Reader(repo)
    reader.start()
    try:
        run_all(write_and_tell, [(tmp_path / "lake", f"p{number}") for number in range(PROCESSES)])
    finally:
        reader.stop()
    acknowledged = [
        CommitId(line)
        for number in range(PROCESSES)
        for line in (tmp_path / f"p{number}.txt").read_text().splitlines()
    ]
    writers = [f"p{process}-{thread}" for process in range(PROCESSES) for thread in range(THREADS)]
    check_history(repo, acknowledged, writers)
    assert [] == reader.halves
    places = [first_parents(repo)[::-1].index(seen) for seen in reader.seen]
    assert sorted(places) == places


def test_one_process_may_open_a_lake_twice(repo: Repository, tmp_path: Path) -> None:
    other = open_repo(tmp_path / "lake")
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(write_in_threads, repo, "one"), pool.submit(write_in_threads, other, "two")
        acknowledged = one.result() + two.result()
    writers = [f"{name}-{thread}" for name in ("one", "two") for thread in range(THREADS)]
    for each in (repo, other):
        check_history(each, acknowledged, writers)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_process_may_fork_after_it_opened_a_lake(repo: Repository, tmp_path: Path) -> None:
    def write_in_child() -> None:
        (tmp_path / "child.txt").write_text("\n".join(write_rounds(repo, "child")))

    repo.head()
    child = multiprocessing.get_context("fork").Process(target=write_in_child)
    child.start()
    acknowledged = write_rounds(repo, "parent")
    child.join(60)
    assert 0 == child.exitcode
    acknowledged += [CommitId(line) for line in (tmp_path / "child.txt").read_text().splitlines()]
    check_history(repo, acknowledged, ["child", "parent"])


def begin_once(lake: Path, into: str) -> None:
    repo = open_repo(lake)
    began = repo.catalog.transactions.begin("data", RUN, base=into, into=into)
    (lake.parent / f"{into}.txt").write_text(f"{began.base} {began.into}")


def test_processes_that_race_to_begin_a_run_agree(repo: Repository, tmp_path: Path) -> None:
    branches = [f"b{number}" for number in range(PROCESSES)]
    for branch in branches:
        repo.branch(branch)
        repo.put("file", branch.encode(), branch=branch)
    run_all(begin_once, [(tmp_path / "lake", branch) for branch in branches])
    began = repo.catalog.transactions.get_transaction("data", RUN)
    assert began.base == repo.head(began.into).id
    assert {f"{began.base} {began.into}"} == {(tmp_path / f"{branch}.txt").read_text() for branch in branches}


def publish_once(lake: Path) -> None:
    repo = open_repo(lake)
    done = at_once(lambda: repo.catalog.transactions.publish("data", RUN, author=f"{os.getpid()}"))
    (lake.parent / f"{os.getpid()}.published").write_text("\n".join(f"{each.published}" for each in done))


def at_once(call: Callable[[], Transaction]) -> list[Transaction]:
    """Makes a call in several threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result() for each in [pool.submit(call) for _ in range(THREADS)]]


def test_a_run_that_many_publish_is_published_once(repo: Repository, tmp_path: Path) -> None:
    repo.catalog.transactions.begin("data", RUN)
    commit(repo, pair(repo, "out", "1"), branch=f"run:{RUN}")
    root = repo.head()
    run_all(publish_once, [(tmp_path / "lake",)] * PROCESSES)
    tip, before = first_parents(repo)
    assert root.id == before
    told = [line for each in tmp_path.glob("*.published") for line in each.read_text().splitlines()]
    assert [tip] * PROCESSES * THREADS == told


@pytest.mark.parametrize("close", ["publish", "discard"])
@pytest.mark.parametrize("written", [["first"], []], ids=["written", "empty"])
def test_a_write_gets_in_before_a_run_is_closed_or_is_refused(
    repo: Repository, close: str, written: list[str]
) -> None:
    transactions = repo.catalog.transactions
    transactions.begin("data", RUN)
    for name in written:
        commit(repo, pair(repo, name, "1"), branch=f"run:{RUN}")
    barrier = threading.Barrier(1 + 2 * THREADS)

    def write(writer: int) -> list[str]:
        barrier.wait()
        acknowledged: list[str] = []
        try:
            while True:
                name = f"late/{writer}-{len(acknowledged)}"
                commit(repo, pair(repo, name, "1"), branch=f"run:{RUN}")
                acknowledged.append(name)
        except TransactionClosedError:
            return acknowledged

    with ThreadPoolExecutor(2 * THREADS) as pool:
        writers = [pool.submit(write, number) for number in range(2 * THREADS)]
        barrier.wait()
        if close == "publish":
            closed = transactions.publish("data", RUN, author="ada")
        else:
            closed = transactions.discard("data", RUN)
        acknowledged = written + [name for each in writers for name in each.result()]
    there = {f"{name}/{part}" for name in acknowledged for part in ("one", "other")}
    assert there == files(repo, f"run:{RUN}").keys()
    assert (there if close == "publish" else set()) == files(repo).keys()
    assert closed.head == (repo.head(f"run:{RUN}").id if acknowledged else None)
    expected = TransactionState.PUBLISHED if close == "publish" else TransactionState.DISCARDED
    assert closed == transactions.get_transaction("data", RUN)
    assert expected is closed.state
    if close == "publish":
        assert () == repo.catalog.refs.list_refs("data", kind=RefKind.RUN).items
