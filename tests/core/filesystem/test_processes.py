"""One file system object, in many threads and processes, and found again from nothing but a URL."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fsspec
import pytest

from lineageflow_core import Job, RunSession, connect
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.filesystem.lakes import find_lake
from lineageflow_core.run import run_transaction
from tests.core.filesystem.conftest import Reached


def write(fs: LineageFlowFileSystem, name: str) -> bytes:
    """Runs in another process."""
    fs.pipe(name, fs.cat_file("sales/raw"))
    return fs.cat_file(name)


def test_instances_are_shared_and_bake_in_no_ref(lake: Reached) -> None:
    fs = fsspec.filesystem("lf", **lake.options)
    assert fs is fsspec.filesystem("lf", **lake.options)
    lake.repo.put("raw", b"1")
    assert b"1" == fs.cat_file("sales/raw")
    lake.repo.put("raw", b"2")
    assert b"2" == fs.cat_file("sales/raw")


def test_a_copy_in_another_process_works_on(any_lake: Reached) -> None:
    any_lake.repo.put("raw", b"1")
    fs = any_lake.fs
    assert fs == pickle.loads(pickle.dumps(fs))
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            assert b"1" == pool.submit(write, fs, f"sales/{method}").result()
    assert ["sales/fork", "sales/raw", "sales/spawn"] == fs.find("sales")


def test_a_copy_remembers_the_folders_that_were_made(lake: Reached) -> None:
    lake.fs.mkdir("sales/out")
    copy = pickle.loads(pickle.dumps(lake.fs))
    assert copy.isdir("sales/out")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_in_other_processes_are_in_the_run(lake: Reached, method: str) -> None:
    lake.repo.put("raw", b"1")
    job = Job(namespace="tests", name="clean")
    with run_transaction(RunSession(lake.repo.catalog, "sales", job)) as session:
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            assert b"1" == pool.submit(write, lake.fs, "sales/out").result()
        assert ["sales/@main/raw"] == lake.fs.find("sales/@main")
    details = lake.repo.catalog.lineage.get_run(session.run.id)
    assert ["raw"] == [io.version.name for io in details.reads]
    assert ["out"] == [io.version.name for io in details.writes]
    assert b"1" == lake.repo.read_bytes("out")


def test_an_open_file_can_be_sent(lake: Reached) -> None:
    lake.repo.put("raw", b"123")
    with lake.fs.open("sales/raw") as file:
        file.read(1)
        lake.repo.put("raw", b"changed")
        with pickle.loads(pickle.dumps(file)) as copy:
            assert b"23" == copy.read()


def test_the_lake_is_found_as_the_command_finds_it(
    lake: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.repo.put("raw", b"1")
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    monkeypatch.chdir(nowhere)
    with fsspec.open("lf://sales/raw") as file:  # the lake is beside it
        assert b"1" == file.read()
    monkeypatch.chdir("/")
    with pytest.raises(FileNotFoundError, match=r"there is no lake.*LINEAGEFLOW_LAKE"):
        fsspec.filesystem("lf").cat_file("sales/raw")
    monkeypatch.setenv("LINEAGEFLOW_LAKE", str(lake.options["lake"]))
    assert b"1" == fsspec.filesystem("lf").cat_file("sales/raw")


def test_fsspecs_own_configuration_names_the_lake(lake: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.repo.put("raw", b"1")
    monkeypatch.setitem(fsspec.config.conf, "lf", lake.options)
    assert b"1" == fsspec.filesystem("lf").cat_file("sales/raw")


def is_inherited(address: str, identity: int) -> bool:
    """Runs in another process."""
    return id(find_lake(address, None)) == identity


def test_connections_are_not_shared_with_a_forked_process(lake: Reached) -> None:
    address = lake.options["lake"]
    mine = find_lake(address, None)
    assert mine is find_lake(address, None)
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        assert not pool.submit(is_inherited, address, id(mine)).result()


def test_open_lakes_are_never_mixed_up() -> None:
    lakes = [connect("memory:"), connect("memory:")]
    for number, lake in enumerate(lakes):
        lake.repository("sales").create().put("raw", bytes([number]))
    systems = [LineageFlowFileSystem.of(lake) for lake in lakes]
    assert [b"\0", b"\1"] == [fs.cat_file("sales/raw") for fs in systems]
    assert systems[0] != systems[1]
