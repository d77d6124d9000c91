"""What people see: the command in a real terminal."""

import re
from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from tests.core.cli.calling import Cli, Ran, run_in_terminal
from tests.core.cli.story import Story

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _lines(ran: Ran) -> list[str]:
    return [line.rstrip() for line in _COLOUR.sub("", ran.out).splitlines()]


def test_results_are_aligned_short_and_coloured(told: Story) -> None:
    ran = run_in_terminal(["log"], folder=told.folder)
    lines = _lines(ran)
    assert ["commit", "when", "author", "run", "refs", "message"] == lines[0].split()
    assert lines[1].startswith(f"{told.catalog.refs.resolve('flights', 'main').id[:8]}  ")
    assert lines[1].index("bad run") == lines[2].index("good run")
    assert "\x1b[36m" in ran.out


def test_colour_can_be_refused(told: Story) -> None:
    ran = run_in_terminal(["status"], folder=told.folder, variables={"NO_COLOR": "1"})
    assert "✕ failed" in ran.out
    assert [] == re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", ran.out)


def test_a_terminal_that_can_nothing_gets_plain_rows(told: Story) -> None:
    ran = run_in_terminal(["repo"], folder=told.folder, variables={"TERM": "dumb"})
    assert ("flights", "main") == tuple(ran.out.split("\t")[:2])


def test_lineage_is_a_tree(told: Story) -> None:
    lines = _lines(run_in_terminal(["lineage", "report.md", "--up", "1"], folder=told.folder))
    assert ["made from", "└─ ✓ flights.report"] == [lines[1], lines[2][:19]]


def test_json_is_laid_out_for_reading(told: Story) -> None:
    lines = _lines(run_in_terminal(["repo", "show", "--json"], folder=told.folder))
    assert ["{", '  "repository": {'] == lines[:2]


def test_content_cannot_steer_the_terminal(empty: Cli, tmp_path: Path) -> None:
    empty.good("put", "-", "evil", "-m", "ev\x1b[2Jil", input=b"a\x1b]0;owned\x07b\r\nc\n")
    assert ["a\\x1b]0;owned\\x07b", "c"] == _lines(run_in_terminal(["cat", "evil"], folder=tmp_path))
    shown = run_in_terminal(["show"], folder=tmp_path).out
    assert (True, False) == ("ev\\x1b[2Jil" in shown, "\x1b[2J" in shown)


def test_binary_content_is_not_shown(empty: Cli, tmp_path: Path) -> None:
    empty.good("put", "-", "model.bin", input=b"\xff\xfe\x00")
    ran = run_in_terminal(["cat", "model.bin"], folder=tmp_path)
    assert 2 == ran.code
    assert "`lineageflow get`" in ran.out


@pytest.mark.parametrize("keys, code", [(b"y\n", 0), (b"\n", 130), (b"\x04", 130), (b"\x03", 130)])
def test_a_rollback_asks_first(cli: Cli, told: Story, tmp_path: Path, keys: bytes, code: int) -> None:
    tip = cli.good("show").facts["commit"]
    ran = run_in_terminal(["rollback", told.bad], folder=tmp_path, keys=keys)
    assert code == ran.code, ran.out
    assert "↺ restore" in ran.out
    assert "Apply this to main as one commit? [y/N]" in ran.out
    assert (code == 0) == (tip != cli.good("show").facts["commit"])


@pytest.mark.usefixtures("empty")
def test_a_transfer_shows_its_progress(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_bytes(b"x" * 2048)
    ran = run_in_terminal(["put", "-r", "data", "raw"], folder=tmp_path)
    assert "uploading" in ran.out
    assert "1/1 files" in ran.out
    quiet = run_in_terminal(["get", "raw", "out", "--quiet"], folder=tmp_path)
    assert ["out  1 file  2.0 KiB"] == _lines(quiet)


def test_a_narrow_terminal_breaks_lines_and_not_columns(told: Story) -> None:
    ran = run_in_terminal(["impact", told.bad], folder=told.folder, variables={"COLUMNS": "40"})
    assert "clean/flights  2013-02    4fbe9ce3" in "\n".join(_lines(ran))


def test_reading_events_again_shows_how_many_were(tmp_path: Path) -> None:
    connect(str(tmp_path / "lake")).lineage.ingest([{"odd": number} for number in range(3)])
    ran = run_in_terminal(["--lake", "lake", "events", "replay"], folder=tmp_path)
    assert 0 == ran.code
    assert re.search(r"reading again.*3/\?.*events", ran.out, re.DOTALL)
