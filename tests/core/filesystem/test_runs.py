"""What a run reads and writes through `lf://` is in its lineage at exact versions."""

import threading

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.errors import StateError
from lineageflow_core.model.lineage import Io
from lineageflow_core.run import run_transaction, running
from lineageflow_core.testing.catalog.scene import files
from tests.core.filesystem.conftest import Reached


@pytest.fixture
def repo(lake: Reached) -> Repository:
    lake.repo.replace("raw/2026-01", {"x": b"1"}, dataset="raw")
    lake.repo.replace("raw/2026-02", {"x": b"2", "y": b"3"}, dataset="raw")
    return lake.repo


def session_of(repo: Repository) -> RunSession:
    return RunSession(repo.catalog, repo.name, Job(namespace="tests", name="clean"))


def told(ios: tuple[Io, ...]) -> set[tuple[str, str, str | None]]:
    return {(io.version.name, io.version.partition, io.version.version) for io in ios}


def version(repo: Repository, path: str, ref: str = "main") -> tuple[str, str, str]:
    found = repo.catalog.objects.get_snapshot(repo.name, ref, path)
    return found.dataset, found.partition, found.snapshot


def test_reads_and_writes_are_recorded_by_dataset_and_partition(repo: Repository, lake: Reached) -> None:
    fs = lake.fs
    with run_transaction(session_of(repo)) as session:
        content = fs.cat_file("sales/raw/2026-02/x") + fs.cat_file("sales/raw/2026-02/y")
        fs.pipe("lf://sales/clean/a", content)
        fs.pipe("lf://sales/raw/2026-01/x", b"9")
    details = repo.catalog.lineage.get_run(session.run.id)
    assert {version(repo, "raw/2026-02")} == told(details.reads)
    assert {version(repo, "clean/a"), version(repo, "raw/2026-01")} == told(details.writes)


def test_looking_is_not_reading(repo: Repository, lake: Reached) -> None:
    with run_transaction(session_of(repo)) as session:
        assert lake.fs.find("sales/raw")
        assert lake.fs.exists("sales/raw/2026-01/x")
    assert () == repo.catalog.lineage.get_run(session.run.id).reads


def test_writes_go_to_the_runs_branch_until_it_publishes(repo: Repository, lake: Reached) -> None:
    with run_transaction(session_of(repo)) as session:
        lake.fs.pipe("sales/clean", b"1")
        assert b"1" == lake.fs.cat_file("sales/clean")
        assert "clean" not in files(repo)
        assert b"1" == files(repo, session.ref)["clean"]
    assert b"1" == files(repo)["clean"]


def test_a_run_sees_what_was_there_when_it_began(repo: Repository, lake: Reached) -> None:
    with run_transaction(session_of(repo)):
        before = lake.fs.cat_file("sales/raw/2026-01/x")
        repo.put("raw/2026-01/x", b"changed", branch="main")
        assert before == lake.fs.cat_file("sales/raw/2026-01/x")
        assert b"changed" == lake.fs.cat_file("sales/@main/raw/2026-01/x")
    assert b"changed" == lake.fs.cat_file("sales/raw/2026-01/x")


def test_what_a_run_leaves_is_its_output_and_its_own_output_no_input(repo: Repository, lake: Reached) -> None:
    fs = lake.fs
    with run_transaction(session_of(repo)) as session:
        fs.mkdir("sales/clean")
        fs.pipe("sales/clean/a", b"1")
        fs.pipe("sales/clean/b", fs.cat_file("sales/clean/a"))
        fs.pipe("sales/scratch", b"1")
        fs.rm("sales/scratch")
    details = repo.catalog.lineage.get_run(session.run.id)
    assert set() == told(details.reads)
    assert {version(repo, "clean")} == told(details.writes)


def test_a_transaction_in_a_run_is_one_commit_on_its_branch(repo: Repository, lake: Reached) -> None:
    with run_transaction(session_of(repo)) as session:
        with lake.fs.transaction:
            lake.fs.pipe({"sales/a": b"1", "sales/b": b"1"})
        assert repo.head("main").id in repo.head(session.ref).parents
    assert 2 == len(repo.catalog.lineage.get_run(session.run.id).writes)


def test_arrows_own_threads_are_in_the_run(repo: Repository, lake: Reached) -> None:
    frame = pd.DataFrame({"day": ["mon", "tue"], "amount": [1, 2]})
    frame.to_parquet("lf://sales/table", partition_cols=["day"], storage_options=lake.options)
    seen: set[int] = set()
    with run_transaction(session_of(repo)) as session:
        found = ds.dataset("sales/table", partitioning="hive", filesystem=lake.fs)
        table = found.to_table()
        seen.add(threading.get_ident())
        with lake.fs.open("sales/out.parquet", "wb") as file:
            pq.write_table(table, file)
    details = repo.catalog.lineage.get_run(session.run.id)
    assert {version(repo, "table")} == told(details.reads)
    assert {version(repo, "out.parquet")} == told(details.writes)


def test_a_run_brings_its_lake(repo: Repository) -> None:
    with run_transaction(session_of(repo)) as session:
        frame = pd.read_csv("lf://sales/raw/2026-01/x", header=None)
        frame.to_csv("lf://sales/copy.csv", index=False)
    assert {version(repo, "copy.csv")} == told(repo.catalog.lineage.get_run(session.run.id).writes)


def test_another_lake_is_not_the_runs(repo: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("other") / "lake")
    other = Repository(connect(folder), "sales").create()
    with run_transaction(session_of(repo)) as session:
        pd.DataFrame({"x": [1]}).to_csv("lf://sales/x.csv", storage_options={"lake": folder})
    assert ["x.csv"] == list(files(other))
    assert () == repo.catalog.lineage.get_run(session.run.id).writes


def test_another_repository_is_read_as_it_is_and_written_only_by_name(
    repo: Repository, lake: Reached
) -> None:
    other = Repository(repo.catalog, "other").create()
    other.put("x", b"1")
    with run_transaction(session_of(repo)) as session:
        assert b"1" == lake.fs.cat_file("other/x")
        with pytest.raises(StateError, match=r"name a branch: 'lf://other/@<branch>/...'"):
            lake.fs.pipe("other/y", b"2")
        lake.fs.pipe("other/@main/y", b"2")
    details = repo.catalog.lineage.get_run(session.run.id)
    assert {version(other, "x")} == told(details.reads)
    assert {version(other, "y")} == told(details.writes)


def test_two_runs_in_two_threads_keep_apart(repo: Repository, lake: Reached) -> None:
    sessions = [session_of(repo), session_of(repo)]
    meet = threading.Barrier(2)

    def work(number: int) -> None:
        with running(sessions[number]):
            meet.wait(timeout=30)
            lake.fs.pipe(f"sales/out-{number}", bytes([number]))
            lake.fs.cat_file(f"sales/raw/2026-0{number + 1}/x")
            meet.wait(timeout=30)
        sessions[number].publish()

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, session in enumerate(sessions):
        details = repo.catalog.lineage.get_run(session.run.id)
        assert {version(repo, f"raw/2026-0{number + 1}")} == told(details.reads)
        assert {version(repo, f"out-{number}")} == told(details.writes)
