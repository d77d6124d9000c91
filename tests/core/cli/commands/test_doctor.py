"""`doctor`: the lake, and what installed integrations find of their own."""

from pathlib import Path

import pytest

from lineageflow_core.doctor import Finding, FindingState, examine_integrations
from tests.core.cli.calling import Cli

LINE = "THING_SETTING=1"


def examine() -> list[Finding]:
    """What an integration of these tests finds."""
    return [Finding(about="thing", name="setting", state=FindingState.ADVICE, text="could be", lines=(LINE,))]


def fail() -> list[Finding]:
    """An integration of these tests that cannot look."""
    raise RuntimeError("no such thing")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    package = folder / "site" / "thing-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[lineageflow.doctor]\nthing = {__name__}:{function}\n")
    monkeypatch.syspath_prepend(str(package.parent))


def test_a_lake_that_answers_is_well(empty: Cli) -> None:
    findings = empty.good("doctor", "--json").json
    assert ("lake", "good") == (findings[0]["about"], findings[0]["state"])


def test_a_lake_that_is_none_fails(tmp_path: Path) -> None:
    ran = Cli(tmp_path / "nothing")("doctor")
    assert 1 == ran.code
    assert ["✗", "lake", "connection"] == ran.rows[0][:3]


def test_an_installed_integration_says_the_lines_that_are_missing(
    empty: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "examine")
    assert f"    {LINE}" in empty.good("doctor").out.splitlines()
    (found,) = [each for each in empty.good("doctor", "--json").json if each["about"] == "thing"]
    assert [LINE] == found["lines"]


def test_an_integration_that_cannot_look_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "fail")
    (found,) = [each for each in examine_integrations() if each.about == "thing"]
    assert (FindingState.WRONG, True) == (found.state, "no such thing" in found.text)
