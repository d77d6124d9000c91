"""What the README tells a newcomer to do works, word for word."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, blocks

README = "README.md"
PYTHON = [block.code for block in blocks(README) if block.language == "python"]
COMMANDS = [
    line for block in blocks(README) if not block.language for line in block.code.splitlines() if line
]


def test_the_dagster_example_is_the_quickstart() -> None:
    quickstart = (ROOT / "examples/quickstart/definitions.py").read_text(encoding="utf-8")
    (shown,) = [code for code in PYTHON if "dagster" in code]
    assert quickstart.split('"""', 2)[2].strip() == shown.removeprefix("# definitions.py\n").strip()


def test_the_dagster_example_publishes(tmp_path: Path) -> None:
    (code,) = [code for code in PYTHON if "dagster" in code]
    (tmp_path / "definitions.py").write_text(code)
    materialize = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "*"]
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    subprocess.run([*materialize, "-f", "definitions.py"], cwd=tmp_path, check=True, env=environment)
    listed = _lineageflow("ls", "lf://shop", folder=tmp_path)
    assert {"orders", "revenue"} <= set(listed.stdout.split())


def test_the_python_example_runs(tmp_path: Path) -> None:
    (code,) = [code for code in PYTHON if "RunSession" in code]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    shown = _lineageflow("cat", "lf://sales/raw/orders/2026-01.csv", folder=tmp_path)
    assert "id,amount\n1,10\n" == shown.stdout


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_make_has_the_targets(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("lineageflow ")])
def test_the_command_has_the_subcommands_and_options(command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    documented = _lineageflow(words[0], "--help").stdout
    for option in (word for word in words if word.startswith("--")):
        assert option in documented


def test_links_lead_to_files() -> None:
    text = (ROOT / README).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def _lineageflow(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lineageflow")), *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
