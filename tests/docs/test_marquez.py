"""What docs/marquez.md tells people to type and to ask works, and its table has all paths."""

import re
import shlex
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from lineageflow_server.marquez.router import marquez_router

from lineageflow_core.cli.app import run
from lineageflow_core.connect import connect
from lineageflow_core.wire.routes import API_PREFIX
from tests.docs.markdown import ROOT, blocks
from tests.server.marquez.scene import events
from tests.server.serving import TOKEN, api_of, served

BLOCKS = list(blocks("docs/marquez.md"))


def test_the_commands_import_a_whole_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = connect("memory:")
    old.lineage.ingest(events())
    monkeypatch.setenv("MARQUEZ_API_KEY", TOKEN)
    commands = [line for block in BLOCKS if block.language == "" for line in block.code.splitlines()]
    assert 2 == len(commands)
    connect(str(tmp_path / "lake"))
    with served(old) as url:
        for command in commands:
            program, *words = shlex.split(command.replace("http://localhost:5000", url))
            assert ("lineageflow", 0) == (program, run([*words, "--lake", str(tmp_path / "lake")]))
    new = connect(str(tmp_path / "lake"))
    assert old.overview.list_job_cards() == new.overview.list_job_cards()


def test_the_questions_are_answered() -> None:
    catalog = connect("memory:")
    catalog.lineage.ingest(events())
    api = api_of(catalog)
    asked = [line for block in BLOCKS if block.language == "http" for line in block.code.splitlines()]
    assert [200] * len(asked) == [api.get(line.removeprefix("GET ")).status_code for line in asked]


def test_all_paths_are_told() -> None:
    text = (ROOT / "docs" / "marquez.md").read_text(encoding="utf-8")
    table = text.partition("| path |")[2].partition("\n\n")[0]
    told = {path for line in table.splitlines() for path in re.findall(r"`(/[^`]*)`", line)}
    there = {route.path for route in marquez_router(connect("memory:")).routes if isinstance(route, APIRoute)}
    assert {path.removeprefix(API_PREFIX).replace("{run_id}", "{id}") for path in there} == told
