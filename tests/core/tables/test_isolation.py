"""The worker may crash, hang or lie: who asks gets an error that names the file, and the next an answer."""

import subprocess
import sys
from pathlib import Path

import pytest

from lineageflow_core.errors import InvalidInputError, UnreadableTableError
from lineageflow_core.model.table import TableSchema
from lineageflow_core.model.table_diff import RowDiff
from lineageflow_core.tables import isolation
from lineageflow_core.tables.engine import open_engine
from lineageflow_core.tables.files import LocalFile
from lineageflow_core.tables.isolation import Workers
from lineageflow_core.tables.jobs import CompareRows, DescribeTable
from tests.core.tables.scene import Folder


@pytest.fixture
def table(folder: Folder) -> LocalFile:
    return folder.file("orders.csv", b"id\n1\n2\n")


def test_a_worker_answers_one_job_after_another(table: LocalFile) -> None:
    workers = Workers()
    for _ in range(2):
        assert 2 == workers.ask(DescribeTable(files=[table]), TableSchema).rows
    assert 1 == len(workers._idle)


def test_a_worker_that_died_idle_is_replaced(table: LocalFile) -> None:
    workers = Workers()
    workers.ask(DescribeTable(files=[table]), TableSchema)
    [process] = workers._idle
    process.kill()
    process.wait()
    assert 2 == workers.ask(DescribeTable(files=[table]), TableSchema).rows


@pytest.mark.parametrize("crash", ["import os; os.abort()", "print('no message', flush=True); input()"])
def test_a_worker_that_crashes_or_lies_is_told_with_the_file(
    table: LocalFile, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    workers = Workers()
    monkeypatch.setattr(isolation, "_COMMAND", (sys.executable, "-c", crash))
    with pytest.raises(UnreadableTableError, match=r"the reader of 'orders\.csv' crashed"):
        workers.ask(DescribeTable(files=[table]), TableSchema)
    monkeypatch.undo()
    assert 2 == workers.ask(DescribeTable(files=[table]), TableSchema).rows


def test_a_worker_that_takes_too_long_is_given_up(table: LocalFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_SECONDS", 0.2)
    monkeypatch.setattr(isolation, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
    with pytest.raises(UnreadableTableError, match="took"):
        Workers().ask(DescribeTable(files=[table]), TableSchema)


def test_what_is_said_of_a_damaged_file_names_it_and_no_place_of_this_machine(folder: Folder) -> None:
    damaged = folder.file("raw/orders.parquet", b"PAR1" * 20)
    with pytest.raises(UnreadableTableError, match=r"raw/orders\.parquet") as caught:
        Workers().ask(DescribeTable(files=[damaged]), TableSchema)
    assert "/tmp" not in caught.value.message
    assert damaged.path not in caught.value.message


def test_a_wrong_question_is_no_damaged_file(table: LocalFile) -> None:
    job = CompareRows(left=[table], right=[table], key=["no"], skip=0, limit=1)
    with pytest.raises(InvalidInputError, match="'no'") as caught:
        Workers().ask(job, RowDiff)
    assert not isinstance(caught.value, UnreadableTableError)


def test_workers_end_with_who_started_them(table: LocalFile) -> None:
    workers = Workers()
    workers.ask(DescribeTable(files=[table]), TableSchema)
    [process] = workers._idle
    del workers
    assert process.returncode is not None


def test_importing_core_imports_no_engine() -> None:
    code = "import lineageflow_core.service.embedded, sys; print({'duckdb', 'pyarrow'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "set()\n" == ran.stdout


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM read_text('{folder}/../outside.csv')",
        "COPY (SELECT 1) TO '{outside}'",
        "ATTACH '{outside}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
    ],
)
def test_the_engine_reaches_nothing_but_what_it_is_given(folder: Folder, tmp_path: Path, query: str) -> None:
    scratch = folder.scratch()
    outside = tmp_path / "outside.csv"
    outside.write_bytes(b"a\n1\n")
    given = tmp_path / "given.csv"
    given.write_bytes(b"a\n1\n")
    with open_engine(scratch, [str(given)]) as connection:
        assert [(1,)] == connection.execute(f"SELECT * FROM read_csv('{given}')").fetchall()
        with pytest.raises(Exception, match=r"Permission|disabled|locked|not found|install|access"):
            connection.execute(query.format(outside=outside, folder=scratch)).fetchall()
