"""The blocks of the page about Dagster's catalog and lineage run, as one program."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import blocks


def test_the_page_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    program.write_text("\n".join(block.code for block in blocks("docs/dagster/catalog.md")))
    run = subprocess.run(
        [sys.executable, program.name],
        cwd=tmp_path,
        env={**os.environ, "DAGSTER_HOME": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert 'few_orders warned {"orders": 3}' in run.stdout
    assert "name='orders'" in run.stdout
