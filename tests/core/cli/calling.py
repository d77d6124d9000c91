"""Calling the command as people do: in this process, as a process, or in a terminal."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lineageflow_core.cli.app import app

PROGRAM = (sys.executable, "-c", "import sys; from lineageflow_core.cli import main; sys.exit(main())")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a call."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def facts(self) -> dict[str, str]:
        """Cards; sections and repeated names aside."""
        return {row[0]: row[1] for row in self.rows}

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def section(self, name: str) -> list[list[str]]:
        return [row[1:] for row in self.rows if row[0] == name]


class Cli:
    """Calls the command in this process, on one lake."""

    def __init__(self, lake: Path | None) -> None:
        self.lake = lake

    def __call__(self, *words: str, input: bytes | str | None = None) -> Ran:  # noqa: A002
        where = ("--lake", str(self.lake)) if self.lake else ()
        result = CliRunner().invoke(app, [*where, *words], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(code=result.exit_code, out=result.stdout, err=result.stderr)

    def good(self, *words: str, input: bytes | str | None = None) -> Ran:  # noqa: A002
        """A call that must not fail."""
        ran = self(*words, input=input)
        assert (0, ran.out) == (ran.code, ran.out), ran.err
        return ran


def environment(**more: str) -> dict[str, str]:
    """The environment for a process, without what would steer the command."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LINEAGEFLOW_") and name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}
    }
    return {**kept, **more}


def start(
    words: Sequence[str], *, folder: Path, variables: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Starts the command as a process, its three streams being pipes."""
    return subprocess.Popen(
        (*PROGRAM, *words),
        cwd=folder,
        env=environment(**(variables or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_process(
    words: Sequence[str], *, folder: Path, stdin: bytes = b"", variables: dict[str, str] | None = None
) -> Ran:
    with start(words, folder=folder, variables=variables) as process:
        out, err = process.communicate(stdin)
    return Ran(code=process.returncode, out=out.decode(), err=err.decode())


def run_in_terminal(
    words: Sequence[str], *, folder: Path, keys: bytes = b"", variables: dict[str, str] | None = None
) -> Ran:
    """Runs the command in a terminal of 120 columns, and types these keys once it asks."""
    steer = environment(**{"TERM": "xterm-256color", "COLUMNS": "120", **(variables or {})})
    child, screen = pty.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.execve(sys.executable, (*PROGRAM, *words), steer)
        finally:
            os._exit(127)
    shown = b""
    while chunk := _read(screen):
        shown += chunk
        if keys and shown.endswith(b"[y/N] "):
            os.write(screen, keys)
            keys = b""
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return Ran(code=os.waitstatus_to_exitcode(status), out=shown.decode().replace("\r\n", "\n"), err="")


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # Linux says so when the other end is closed
        return b""
