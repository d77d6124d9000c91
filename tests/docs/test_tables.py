"""What `docs/tables.md` shows works, word for word."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import blocks

DOCUMENT = "docs/tables.md"
[PYTHON] = [block.code for block in blocks(DOCUMENT) if block.language == "python"]
[COMMANDS] = [block.code.splitlines() for block in blocks(DOCUMENT) if not block.language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def test_the_example_says_what_changed(folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PYTHON], cwd=folder, check=True, capture_output=True, text=True
    )
    assert [
        "3 ['id bigint', 'city varchar', 'income bigint', 'rate double']",
        "1 1 1 1",
        "ada (2, 20) (2, None)",
    ] == ran.stdout.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_works(folder: Path, command: str) -> None:
    program, *words = shlex.split(command)
    started = [str(Path(sys.executable).with_name(program)), *words]
    ran = subprocess.run(started, check=False, cwd=folder, capture_output=True, text=True)
    assert "" != ran.stdout
    assert int("--exit-code" in words) == ran.returncode
