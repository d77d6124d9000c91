"""A page that is a story: its files are written, its commands and its Python run, one after the other."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docs.markdown import Block, blocks

_FILE = re.compile(r"# (?P<name>[\w.]+\.(?:py|yaml))\n")
_FAILS = "# fails"
RUN = "RUN"
"""Stands for the id of the last run."""


@dataclass(kw_only=True)
class Story:
    """Tells a page in a folder."""

    folder: Path
    last_run: Callable[[], str]
    variables: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    """What its Python has defined."""

    def tell(self, page: str) -> None:
        """Goes through all blocks. Raises AssertionError where a command does not end as the page says."""
        self.prepare()
        for block in blocks(page):
            self.block(page, block)

    def prepare(self) -> None:
        """Makes an instance of Dagster."""
        (self.folder / "home").mkdir()
        (self.folder / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    def block(self, page: str, block: Block) -> None:
        """Writes a file, runs commands, or runs Python."""
        if named := _FILE.match(block.code):
            (self.folder / named["name"]).write_text(block.code)
        elif block.language == "python":
            exec(compile(block.code, page, "exec"), self.names)
        elif not block.language:
            for line in block.code.splitlines():
                self.command(line)

    def command(self, line: str) -> str:
        """Runs a command of the page. Returns what it printed."""
        command, _, comment = line.partition("  #")
        program, *words = shlex.split(command)
        if any(RUN in word for word in words):
            words = [re.sub(rf"\b{RUN}\b", self.last_run(), word) for word in words]
        done = subprocess.run(
            [str(Path(sys.executable).with_name(program)), *words],
            cwd=self.folder,
            env={**os.environ, "DAGSTER_HOME": str(self.folder / "home"), **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == f"#{comment}".startswith(_FAILS), (
            f"{line}\n{done.stdout}{done.stderr}"
        )
        return done.stdout
