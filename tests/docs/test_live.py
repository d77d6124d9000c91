"""The commands and the code of `docs/live.md` run, and its kinds are those there are."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from lineageflow_core.model.live import LiveKind
from tests.core.cli.calling import Cli
from tests.core.cli.story import tell_story
from tests.docs.markdown import ROOT, blocks

PAGE = "docs/live.md"


def test_the_commands_and_the_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell_story(tmp_path / "lake")
    monkeypatch.chdir(tmp_path)
    found = {block.language: block.code for block in blocks(PAGE)}
    seen = []
    for line in found["sh"].splitlines():
        program, *words = shlex.split(line, comments=True)
        assert "lineageflow" == program
        seen.append(len(Cli(told.folder).good(*words).rows))
    assert (True, 1, 0) == (seen[0] > 20, seen[1], seen[2])
    names: dict[str, Any] = {}
    exec(compile(found["python"], PAGE, "exec"), names)
    assert () == names["found"].items


def test_the_kinds_are_those_there_are() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert list(LiveKind) == re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
