"""What the page about import and export shows works."""

import contextlib
import shlex
from pathlib import Path

import pytest

from lineageflow_core.cli.app import run
from tests.docs.markdown import blocks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source" / "b").mkdir(parents=True)
    (tmp_path / "source" / "a.csv").write_bytes(b"1\n")
    (tmp_path / "source" / "b" / "c.csv").write_bytes(b"2\n")
    return tmp_path


def test_the_page_works_from_top_to_bottom(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks("docs/import-export.md"):
        if block.language == "python":
            with contextlib.redirect_stdout(None):
                exec(compile(block.code, "import-export.md", "exec"), {})
        for line in block.code.splitlines() if block.language == "console" else ():
            assert 0 == run(shlex.split(line.removeprefix("$ lineageflow "))), capsys.readouterr().err
    assert b"2\n" == (folder / "out" / "b" / "c.csv").read_bytes()
    assert (folder / "out" / "_SUCCESS").exists()
