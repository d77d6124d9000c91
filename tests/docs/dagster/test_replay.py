"""The blocks of the page about old versions, rollback and replay run, one after the other."""

import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import blocks


def test_the_page_runs(tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    program.write_text(
        "\n".join(block.code for block in blocks("docs/dagster/replay.md") if block.language == "python")
    )
    run = subprocess.run(
        [sys.executable, program.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
