"""The commands of `docs/lineage-retention.md` run, and its reasons are those there are."""

import re
import shlex
from pathlib import Path

from lineageflow_core.model.pruning import KeptBecause
from tests.core.cli.calling import Cli
from tests.core.cli.story import tell_story
from tests.docs.markdown import ROOT, blocks

PAGE = "docs/lineage-retention.md"


def test_the_commands_run(tmp_path: Path) -> None:
    told = tell_story(tmp_path / "lake")
    [commands] = [block.code for block in blocks(PAGE) if block.language == "sh"]
    for line in commands.splitlines():
        program, *words = shlex.split(line)
        rows = Cli(told.folder).good(*words).rows
        assert ("lineageflow", {"go"}) == (program, {row[2] for row in rows})


def test_the_reasons_are_those_there_are() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert list(KeptBecause) == re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
