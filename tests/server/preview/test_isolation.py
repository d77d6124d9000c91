import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lineageflow_server.preview.isolation import LentFile, PreviewError, Worker, _Lender
from lineageflow_server.preview.messages import LARGEST_READ, Read

from lineageflow_core.errors import IntegrityError


def _parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(500)), "s": ["text"] * 500}), file, row_group_size=200)
    return file.getvalue()


GOOD = _parquet()


def _file(content: bytes, before: Callable[[], object] = lambda: None) -> LentFile:
    def opened() -> BinaryIO:
        before()
        return io.BytesIO(content)

    return LentFile(size=len(content), open=opened)


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker()


def _crash(worker: Worker) -> None:
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()


def test_a_worker_that_crashes_is_told_and_replaced(worker: Worker) -> None:
    with pytest.raises(PreviewError, match="its reader crashed"):
        worker.read_parquet([_file(GOOD, before=lambda: _crash(worker))], limit=1)
    assert 500 == worker.read_parquet([_file(GOOD)], limit=1).row_count


def test_a_worker_that_died_idle_is_replaced(worker: Worker) -> None:
    worker.read_parquet([_file(GOOD)], limit=1)
    _crash(worker)
    assert 500 == worker.read_parquet([_file(GOOD)], limit=1).row_count


def test_what_a_lake_raises_is_raised_as_it_is(worker: Worker) -> None:
    def damaged() -> None:
        raise IntegrityError("damaged")

    with pytest.raises(IntegrityError, match="damaged"):
        worker.read_parquet([_file(GOOD, before=damaged)], limit=1)
    assert 500 == worker.read_parquet([_file(GOOD)], limit=1).row_count


@settings(max_examples=50, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_whatever_bytes_are_wrong_there_is_an_answer(flips: list[tuple[int, int]], worker: Worker) -> None:
    content = bytearray(GOOD)
    for place, byte in flips:
        content[place] = byte
    with suppress(PreviewError):
        assert 5 >= len(worker.read_parquet([_file(bytes(content))], limit=5).rows)


@pytest.mark.parametrize(
    "asked",
    [
        Read(file=1, offset=0, length=1),
        Read(file=-1, offset=0, length=1),
        Read(file=0, offset=0, length=LARGEST_READ + 1),
        Read(file=0, offset=0, length=-1),
        Read(file=0, offset=-1, length=1),
    ],
    ids=["no file", "last file", "too much", "all", "before the start"],
)
def test_a_worker_is_lent_nothing_but_its_files(asked: Read) -> None:
    with pytest.raises(PreviewError, match="asked for what is not there"):
        _Lender([_file(GOOD)]).lend(asked)


def test_a_worker_ends_when_the_server_is_gone() -> None:
    command = [sys.executable, "-P", "-m", "lineageflow_server.preview.worker"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (0, b"", b"") == (ended.returncode, ended.stdout, ended.stderr)
