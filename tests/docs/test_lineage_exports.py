"""The commands of `docs/lineage-exports.md` run, and its tables are what there is."""

import re
import shlex
from pathlib import Path

import pytest

from lineageflow_core.graph_formats import GraphFormat, render
from lineageflow_core.graph_formats.property_graph import Label, Relation
from lineageflow_core.model.lineage import LineageGraph
from tests.core.cli.calling import Cli
from tests.core.cli.story import tell_story
from tests.docs.markdown import ROOT, blocks

PAGE = "docs/lineage-exports.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_every_command_writes_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell_story(tmp_path / "lake")
    monkeypatch.chdir(tmp_path)
    commands = [block.code for block in blocks(PAGE) if block.language == "sh"]
    formats = []
    for line in "".join(commands).splitlines():
        program, *words = shlex.split(line, comments=True)
        assert "lineageflow" == program
        Cli(told.folder).good(*words)
        formats.append(words[words.index("--format") + 1])
        assert (tmp_path / words[-1]).exists()
    assert list(GraphFormat) == formats[: len(GraphFormat)]


def test_the_content_types_are_those_of_the_formats() -> None:
    nothing = LineageGraph(start=(), nodes=(), edges=(), truncated=False)
    expected = [(each.value, render(nothing, each).media_type) for each in GraphFormat]
    assert expected == re.findall(r"^\| `(\w+)` \| `([\w/+.-]+)` \|", TEXT, re.MULTILINE)


def test_the_words_of_the_property_graph_are_all_there() -> None:
    assert set(Label) == set(re.findall(r"^\| `(\w+)` \| [a-z]", TEXT, re.MULTILINE))
    assert not [word for word in Relation if word not in TEXT]
