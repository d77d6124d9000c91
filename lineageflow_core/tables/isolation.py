"""The side of the worker that asks: it lends files, and expects the worker to crash at any time.

A worker does one job at a time, so that all jobs together take no more memory than so many workers may.
Workers are started when they are needed and kept, as starting takes longer than most jobs.
"""

import os
import subprocess
import sys
import weakref
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Lock, Timer
from typing import TypeVar, cast

import msgspec

from lineageflow_core.errors import InvalidInputError, UnreadableTableError
from lineageflow_core.tables.jobs import Job, Reply, Work, receive, send

A = TypeVar("A")

_COMMAND = (sys.executable, "-P", "-m", "lineageflow_core.tables.worker")
_WORKERS = 2
_SECONDS = 900.0
"""A job that takes longer is given up."""

_Process = subprocess.Popen[bytes]


class Workers:
    """Answers jobs in processes of their own. May be shared by threads."""

    def __init__(self) -> None:
        self._free = BoundedSemaphore(_WORKERS)
        self._lock = Lock()
        self._idle: list[_Process] = []
        self._owner = os.getpid()
        weakref.finalize(self, _stop_all, self._idle)

    def ask(self, job: Job, kind: type[A]) -> A:
        """Returns the answer to a job. Raises UnreadableTableError; InvalidInputError."""
        if find_spec("duckdb") is None or find_spec("pyarrow") is None:
            raise InvalidInputError(
                "reading tables needs DuckDB and Arrow: pip install 'lineageflow-core[tables]'"
            )
        with self._free, TemporaryDirectory(prefix="lineageflow-") as scratch, ExitStack() as on_failure:
            process = self._take()
            on_failure.callback(_stop, process)
            reply = _converse(process, Work(scratch=scratch, job=job), kind)
            on_failure.pop_all()
            with self._lock:
                self._idle.append(process)
        if reply.problem is not None:
            raise (InvalidInputError if reply.is_asked_wrongly else UnreadableTableError)(reply.problem)
        return cast(A, reply.answer)

    def _take(self) -> _Process:
        with self._lock:
            if self._owner != os.getpid():  # after a fork, they are the parent's
                self._owner = os.getpid()
                self._idle.clear()
            while self._idle:
                process = self._idle.pop()
                if process.poll() is None:
                    return process
                _stop(process)
        return subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )


def _converse(process: _Process, work: Work, kind: type[A]) -> Reply[A]:
    """Gives the worker a job and returns what comes of it."""
    assert process.stdin is not None
    assert process.stdout is not None
    late = Timer(_SECONDS, process.kill)
    late.daemon = True
    late.start()
    try:
        send(process.stdin, msgspec.msgpack.encode(work))
        answer = receive(process.stdout)
        if answer is not None:
            return cast(Reply[A], msgspec.msgpack.decode(answer, type=Reply[kind]))  # type: ignore[valid-type]
    except (OSError, ValueError):
        pass
    finally:
        late.cancel()
    names = ", ".join(repr(local.file.name) for local in work.job.all_files[:3])
    raise UnreadableTableError(
        f"the reader of {names} crashed, or took more memory or more than {_SECONDS / 60:.0f} minutes; the "
        "file is damaged, or too large to be looked into here"
    )


def _stop(process: _Process) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            assert pipe is not None
            pipe.close()
    process.wait()


def _stop_all(processes: list[_Process]) -> None:
    while processes:
        _stop(processes.pop())
