"""Fifty writers of one branch in PostgreSQL, on two servers: none fails, none is lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from lineageflow_server.postgresql import open_stores

from lineageflow_core import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.catalog.scene import commit, files, first_parents
from lineageflow_core.testing.shared_stores import run_all
from tests.servers.postgresql import shared_postgresql
from tests.stateful.test_writers import pair

PROCESSES, THREADS = 2, 25


def write(lake: str, process: int) -> None:
    with closing(open_stores(lake)) as stores, ThreadPoolExecutor(THREADS) as pool:
        repo = Repository(open_embedded(stores), "data", author=f"{process}")
        names = [f"{process}-{thread}" for thread in range(THREADS)]
        list(pool.map(lambda name: write_both_ways(repo, name), names))


def write_both_ways(repo: Repository, name: str) -> None:
    commit(repo, pair(repo, f"commits/{name}", name))
    repo.branch(f"side-{name}")
    commit(repo, pair(repo, f"merges/{name}", name), branch=f"side-{name}")
    repo.merge(f"side-{name}")


def test_fifty_writers_of_two_servers_lose_nothing(tmp_path: Path) -> None:
    with shared_postgresql().empty_database() as database:
        lake = f"{database}&storage={tmp_path}"
        with closing(open_stores(lake)) as stores:
            repo = Repository(open_embedded(stores), "data", author="ada").create()
            run_all(write, [(lake, process) for process in range(PROCESSES)])
            names = [f"{process}-{thread}" for process in range(PROCESSES) for thread in range(THREADS)]
            assert {
                f"{kind}/{name}/{part}": name.encode()
                for kind in ("commits", "merges")
                for name in names
                for part in ("one", "other")
            } == files(repo)
            assert 1 + 2 * len(names) == len(first_parents(repo))
