"""Fifty writers on one branch, each doing all that there is to do with a branch: none fails, none is lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lineageflow_core import Job, Repository, RunSession
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.testing.catalog.scene import commit, files, first_parents
from lineageflow_core.testing.shared_stores import run_all
from tests.stateful.test_writers import open_repo, pair

PROCESSES, THREADS = 5, 10
KINDS = ("commits", "merges", "picks", "resets", "runs")


def write_in_every_way(repo: Repository, writer: str) -> list[CommitId]:
    """Commits, merges, cherry-picks, reverts, resets and publishes; returns what `main` was acknowledged."""
    made = [commit(repo, pair(repo, f"commits/{writer}", writer))]
    for kind in ("merges", "picks"):
        repo.branch(f"{kind}-{writer}")
        commit(repo, pair(repo, f"{kind}/{writer}", writer), branch=f"{kind}-{writer}")
    made.append(repo.merge(f"merges-{writer}"))
    made.append(repo.cherry_pick(f"picks-{writer}"))
    made.append(commit(repo, pair(repo, f"undone/{writer}", writer)))
    made.append(repo.revert(made[-1].id))
    made.append(commit(repo, pair(repo, f"resets/{writer}", writer)))
    made.append(commit(repo, pair(repo, f"resets/{writer}", "wrong")))
    made.append(repo.reset(made[-2].id, path=f"resets/{writer}"))
    session = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="write"))
    session.read(f"commits/{writer}")
    session.write(f"runs/{writer}", dict.fromkeys(("one", "other"), writer.encode()))
    session.report()
    published = repo.catalog.transactions.publish(
        repo.name, session.run.id, author=writer, stale_reads=StaleReads.FAIL
    ).published
    assert published is not None
    return [*(each.id for each in made), published]


def write_and_tell(lake: Path, process: str) -> None:
    """A process of many writers; it leaves the commits that were acknowledged in a file."""
    repo = open_repo(lake)
    with ThreadPoolExecutor(THREADS) as pool:
        writers = [pool.submit(write_in_every_way, repo, f"{process}-{thread}") for thread in range(THREADS)]
        made = [each for writer in writers for each in writer.result()]
    (lake.parent / f"{process}.txt").write_text("\n".join(made))


def test_fifty_writers_of_one_branch_all_succeed(tmp_path: Path) -> None:
    repo = open_repo(tmp_path / "lake").create()
    processes = [f"p{number}" for number in range(PROCESSES)]
    run_all(write_and_tell, [(tmp_path / "lake", process) for process in processes])
    acknowledged = [
        line for each in processes for line in (tmp_path / f"{each}.txt").read_text().splitlines()
    ]
    assert 9 * PROCESSES * THREADS == len(set(acknowledged))
    assert {*acknowledged} == {*first_parents(repo)[:-1]}
    writers = [f"{process}-{thread}" for process in processes for thread in range(THREADS)]
    assert {
        f"{kind}/{writer}/{part}": writer.encode()
        for kind in KINDS
        for writer in writers
        for part in ("one", "other")
    } == files(repo)
