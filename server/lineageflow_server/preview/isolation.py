"""The server's side of the preview worker: it lends bytes, and expects the worker to crash at any time.

One worker does one job at a time, so that previews together take no more memory than one. It is started
for the first job and kept, as starting takes longer than most jobs.
"""

import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock, Timer
from typing import BinaryIO

import msgspec

from lineageflow_server.preview.messages import LARGEST_READ, Done, Failed, Job, Read, Reply, receive, send
from lineageflow_server.preview.values import TablePreview

_COMMAND = (sys.executable, "-P", "-m", "lineageflow_server.preview.worker")
_SECONDS = 30.0
"""A job that takes longer is given up."""
_COUNTED_FILES = 64
_COUNTED_BYTES = 256 << 20
"""Rows are counted over all files up to this many and this large: opening a file reads it, to verify it."""

_Process = subprocess.Popen[bytes]


class PreviewError(Exception):
    """A file cannot be shown; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LentFile:
    """A file that the worker may read."""

    size: int
    open: Callable[[], BinaryIO]


class Worker:
    """Shows files as tables in a process of its own. May be shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: _Process | None = None

    def read_parquet(self, files: Sequence[LentFile], *, limit: int) -> TablePreview:
        """Returns the first `limit` rows of the files as one table. Raises PreviewError.

        What opening and reading the files raises is raised as it is.
        """
        count_all = len(files) <= _COUNTED_FILES and sum(file.size for file in files) <= _COUNTED_BYTES
        job = Job(sizes=tuple(file.size for file in files), limit=limit, count_all=count_all)
        with self._lock, ExitStack() as on_failure:
            process = self._running()
            on_failure.callback(_stop, process)
            reply = _converse(process, job, files)
            on_failure.pop_all()
        if isinstance(reply, Failed):
            raise PreviewError(reply.reason)
        return reply.table

    def _running(self) -> _Process:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            weakref.finalize(self, _stop, self._process)
        return self._process


def _converse(process: _Process, job: Job, files: Sequence[LentFile]) -> Done | Failed:
    """Gives the worker a job, lends it what it asks for, and returns what comes of it."""
    late = Timer(_SECONDS, process.kill)
    late.start()
    lender = _Lender(files)
    try:
        reply = _say(process, msgspec.msgpack.encode(job))
        while isinstance(reply, Read):
            reply = _say(process, lender.lend(reply))
        return reply
    finally:
        late.cancel()
        lender.close()


def _say(process: _Process, message: bytes) -> Reply:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        send(process.stdin, message)
        answer = receive(process.stdout)
        if answer is not None:
            reply: Reply = msgspec.msgpack.decode(answer, type=Reply)
            return reply
    except (OSError, ValueError):
        pass
    raise PreviewError("its reader crashed, or took too long")


class _Lender:
    """Reads for the worker; has one file open at a time."""

    def __init__(self, files: Sequence[LentFile]) -> None:
        self._files = files
        self._opened: tuple[int, BinaryIO] | None = None

    def lend(self, asked: Read) -> bytes:
        within = 0 <= asked.file < len(self._files) and 0 <= asked.length <= LARGEST_READ
        if not within or asked.offset < 0:
            raise PreviewError("its reader asked for what is not there")
        if self._opened is None or self._opened[0] != asked.file:
            self.close()
            self._opened = asked.file, self._files[asked.file].open()
        file = self._opened[1]
        file.seek(asked.offset)
        return file.read(asked.length)

    def close(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None


def _stop(process: _Process) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            assert pipe is not None
            pipe.close()
    process.wait()
