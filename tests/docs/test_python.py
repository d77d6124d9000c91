"""The blocks of the page about Python run, one after the other."""

import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import blocks

REGISTER = """
import fsspec
from lineageflow_core.filesystem import LineageFlowFileSystem
fsspec.register_implementation("lf", LineageFlowFileSystem, clobber=True)
"""
"""What the distribution's entry point does where it is installed anew."""


def test_the_page_runs(tmp_path: Path) -> None:
    code = [block.code for block in blocks("docs/python.md") if block.language == "python"]
    program = "\n".join([REGISTER, *code])
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 0 == run.returncode, run.stderr
