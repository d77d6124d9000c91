"""What docs/collection.md tells people to type works, in the order it tells it."""

import shlex
from pathlib import Path

from lineageflow_core.cli.app import run
from lineageflow_core.connect import connect
from lineageflow_core.repository import Repository
from tests.docs.markdown import blocks

COMMANDS = [
    line.partition("#")[0].strip()
    for block in blocks("docs/collection.md")
    for line in block.code.splitlines()
]


def test_the_commands_work(tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    Repository(connect(lake), "flights", author="ada").create().put("raw/flights", b"1", message="m")
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert ("lineageflow", 0) == (program, run([*words, "--lake", lake]))
